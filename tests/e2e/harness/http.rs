//! A loopback HTTP server for the services that the function calls.

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

/// A received request.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    /// Returns a header's value, or an empty string.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A response.
pub(crate) type Response = hyper::Response<Full<Bytes>>;

/// Builds a response.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response {
    let builder = headers
        .iter()
        .fold(hyper::Response::builder().status(status), |builder, (name, value)| builder.header(*name, *value));
    builder.body(Full::new(body.into())).expect("the harness writes valid headers")
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
                // A client that closes the connection, for example because it was killed, is not an error of the server.
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
    let (parts, body) = request.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return Ok(answer(400, &[], error.to_string())),
    };
    let request =
        Request { method: parts.method.to_string(), path: parts.uri.path().to_owned(), headers: parts.headers, body };
    Ok(handle(state, request).await)
}
