//! A loopback HTTP server for the services the function talks to.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderMap;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// A whole request.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    /// A header's text, or the empty text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A whole answer.
pub(crate) type Response = hyper::Response<Full<Bytes>>;

/// Builds an answer.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response {
    let builder = headers
        .iter()
        .fold(hyper::Response::builder().status(status), |builder, (name, value)| builder.header(*name, *value));
    builder.body(Full::new(body.into())).expect("the harness writes legal headers")
}

/// Serves a free port of 127.0.0.1 until the test's runtime ends.
pub(crate) async fn serve<S, F, Fut>(state: Arc<S>, handle: F) -> SocketAddr
where
    S: Send + Sync + 'static,
    F: Fn(Arc<S>, Request) -> Fut + Copy + Send + 'static,
    Fut: Future<Output = Response> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on loopback");
    let address = listener.local_addr().expect("a bound socket has an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let state = Arc::clone(&state);
            tokio::spawn(async move {
                let service = service_fn(move |request| respond(Arc::clone(&state), handle, request));
                // A client that hangs up, for instance because it was killed, is not the server's failure.
                let _ =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    address
}

async fn respond<S, F, Fut>(state: Arc<S>, handle: F, request: hyper::Request<Incoming>) -> Result<Response, Infallible>
where
    F: Fn(Arc<S>, Request) -> Fut,
    Fut: Future<Output = Response>,
{
    let (head, body) = request.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return Ok(answer(400, &[], error.to_string())),
    };
    let request =
        Request { method: head.method.to_string(), path: head.uri.path().to_owned(), headers: head.headers, body };
    Ok(handle(state, request).await)
}
