//! A fake service that responds as AWS documents it, with faults on the way to it.
//!
//! Usually it is in memory, behind the SDK's HTTP client. Time is then tokio's, which the tests pause: a timeout of twelve
//! seconds passes at once and is measured to the millisecond. A paused clock does not work with sockets, because it advances
//! whenever all tasks wait for the kernel. So the service can also listen on 127.0.0.1, for the tests that show that the real
//! HTTP client reports a lost connection in the same way.

use std::{
    collections::VecDeque,
    fmt,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use aws_config::{BehaviorVersion, ConfigLoader, Region, retry::RetryConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use tokio::time::Instant;

use crate::client::{MAX_ATTEMPTS, Shared, limited};

/// Time until a response arrives.
pub(crate) const LATENCY: Duration = Duration::from_millis(10);

/// A received request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// HTTP method and path.
    pub(crate) line: String,
    /// Name, in lower case, and value of each header.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Returns a header's value, or an empty string.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Returns the body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A response.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        Answer { status, headers: vec![("content-type", content_type.to_owned())], body: body.into() }
    }

    #[must_use]
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Answer {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// A fault of one call.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// No fault.
    None,
    /// The call is not processed, and this is the response.
    Refused(Answer),
    /// The call is processed, and the connection closes before the response.
    AnswerLost,
    /// The call is processed, and the connection closes within the response.
    AnswerCut,
    /// The connection closes before the call is processed.
    RequestLost,
    /// The call is processed, and the response arrives after this time.
    Late(Duration),
    /// The call is processed, and no response arrives.
    DoneWithoutAnswer,
    /// The call is not processed, and no response arrives.
    NoAnswer,
}

/// What the client receives from one call.
enum Outcome {
    Answered(Answer, Duration),
    Cut(Answer),
    Lost,
    Never,
}

type Handle = dyn Fn(&Request) -> Answer + Send + Sync;

/// The service: how it processes calls, the faults of the next ones, and the requests it received.
#[derive(Clone)]
pub(crate) struct Service(Arc<Inner>);

struct Inner {
    handle: Box<Handle>,
    faults: Mutex<VecDeque<Fault>>,
    requests: Mutex<Vec<Request>>,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Service")
    }
}

impl Service {
    pub(crate) fn new(handle: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Service {
        let (faults, requests) = Default::default();
        Service(Arc::new(Inner { handle: Box::new(handle), faults, requests }))
    }

    /// Sets the faults of the next calls, in order. Calls after them have none.
    pub(crate) fn expect(&self, faults: impl IntoIterator<Item = Fault>) {
        self.0.faults.lock().unwrap().extend(faults);
    }

    /// Sets the same fault for every following call.
    pub(crate) fn always(&self, fault: &Fault) {
        self.expect(vec![fault.clone(); 100]);
    }

    /// Takes the requests received since the last time they were taken.
    pub(crate) fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.0.requests.lock().unwrap())
    }

    /// Receives a request, and applies the next fault.
    fn receive(&self, request: Request) -> Outcome {
        let fault = self.0.faults.lock().unwrap().pop_front().unwrap_or(Fault::None);
        let work = || (self.0.handle)(&request);
        let outcome = match fault {
            Fault::None => Outcome::Answered(work(), LATENCY),
            Fault::Late(after) => Outcome::Answered(work(), after),
            Fault::Refused(answer) => Outcome::Answered(answer, LATENCY),
            Fault::AnswerCut => Outcome::Cut(work()),
            Fault::AnswerLost => {
                work();
                Outcome::Lost
            }
            Fault::RequestLost => Outcome::Lost,
            Fault::DoneWithoutAnswer => {
                work();
                Outcome::Never
            }
            Fault::NoAnswer => Outcome::Never,
        };
        self.0.requests.lock().unwrap().push(request);
        outcome
    }

    /// Returns the clients' configuration with this service in memory.
    pub(crate) async fn shared(&self) -> Shared {
        Shared::of(loader().http_client(self.clone()).endpoint_url("http://service.test").load().await)
    }

    /// Returns the clients' configuration with this service on a port of 127.0.0.1: the functions' HTTP client, shorter pauses.
    pub(crate) async fn listen(&self) -> (Shared, Listening) {
        let listening = Listening::start(self.clone());
        let retries = RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS).with_initial_backoff(LATENCY);
        let config = loader().retry_config(retries).endpoint_url(format!("http://{}", listening.address));
        (Shared::of(config.load().await), listening)
    }
}

/// Returns the functions' limits with fixed credentials and a fixed region, so that nothing comes from the environment.
fn loader() -> ConfigLoader {
    let credentials = Credentials::new(
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        Some("the-session-token".to_owned()),
        None,
        "test",
    );
    limited(aws_config::defaults(BehaviorVersion::latest()))
        .region(Region::new("ap-northeast-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
}

impl HttpClient for Service {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Service {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let path = request.uri().trim_start_matches("http://").split_once('/').map_or("", |(_, path)| path);
        let request = Request {
            line: format!("{} /{path}", request.method()),
            headers: request.headers().iter().map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(),
            body: request.body().bytes().unwrap().to_vec(),
        };
        let outcome = self.receive(request);
        HttpConnectorFuture::new(async move {
            match outcome {
                Outcome::Answered(answer, after) => {
                    tokio::time::sleep(after).await;
                    let status = StatusCode::try_from(answer.status).unwrap();
                    let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
                    for (name, value) in answer.headers {
                        response.headers_mut().append(name, value);
                    }
                    Ok(response)
                }
                Outcome::Cut(_) | Outcome::Lost => {
                    tokio::time::sleep(LATENCY).await;
                    Err(ConnectorError::io("the connection was closed".into()))
                }
                Outcome::Never => std::future::pending().await,
            }
        })
    }
}

/// A service on a port, which stops when this is dropped.
pub(crate) struct Listening {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
}

impl Listening {
    fn start(service: Service) -> Listening {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let (service, stream) = (service.clone(), stream.unwrap());
                // An error ends only this connection.
                thread::spawn(move || drop(serve(&service, &stream)));
            }
        });
        Listening { address, stop }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // A connection ends the thread's wait in `incoming`.
        drop(TcpStream::connect(self.address));
    }
}

/// Serves one connection: HTTP/1.1 with Content-Length, one request after another.
fn serve(service: &Service, stream: &TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut headers = Vec::new();
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let Some((name, value)) = header.trim_end().split_once(':') else { break };
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
        let mut request = Request { line, headers, body: Vec::new() };
        request.body = vec![0; request.header("content-length").parse().unwrap()];
        reader.read_exact(&mut request.body)?;
        let (answer, cut) = match service.receive(request) {
            Outcome::Answered(answer, after) => {
                thread::sleep(after);
                (answer, false)
            }
            Outcome::Cut(answer) => (answer, true),
            Outcome::Lost => return Ok(()),
            // Waits until the client closes the connection.
            Outcome::Never => return reader.read_line(&mut String::new()).map(drop),
        };
        let mut headers = format!("HTTP/1.1 {} -\r\ncontent-length: {}\r\n", answer.status, answer.body.len());
        for (name, value) in &answer.headers {
            headers.push_str(&format!("{name}: {value}\r\n"));
        }
        writer.write_all(format!("{headers}\r\n").as_bytes())?;
        writer.write_all(if cut { &answer.body[..answer.body.len() / 2] } else { &answer.body })?;
        if cut {
            return Ok(());
        }
    }
}

/// Returns the result and its duration by tokio's clock.
pub(crate) async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let result = work.await;
    (result, start.elapsed())
}
