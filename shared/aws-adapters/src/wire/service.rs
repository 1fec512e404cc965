//! A service that answers as AWS documents it, and what goes wrong on the way to it.
//!
//! Mostly it stands in memory behind the SDK's HTTP client. Time is tokio's then, which the tests stop: a time-out of twelve
//! seconds costs nothing and is measured to the millisecond. A stopped clock and a socket do not go together, because the clock
//! runs ahead whenever all tasks wait for the kernel. So the same service also listens on 127.0.0.1, for the tests that show
//! that the real HTTP client reports a lost connection alike.

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

/// What an answer takes to come back.
pub(crate) const LATENCY: Duration = Duration::from_millis(10);

/// A whole request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Method and path.
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// A header's text, or the empty text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A whole answer.
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

/// What goes wrong with one call.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// Nothing does.
    Nothing,
    /// Nothing is done, and this is the answer.
    Refused(Answer),
    /// It is done, and the connection ends before the answer.
    AnswerLost,
    /// It is done, and the connection ends within the answer.
    AnswerCut,
    /// The connection ends before anything is done.
    RequestLost,
    /// It is done, and the answer comes after so long.
    Late(Duration),
    /// It is done, and no answer comes.
    DoneInSilence,
    /// Nothing is done, and no answer comes.
    Silence,
}

/// What becomes of one call.
enum Outcome {
    Answered(Answer, Duration),
    Cut(Answer),
    Lost,
    Never,
}

type Handle = dyn Fn(&Request) -> Answer + Send + Sync;

/// The service: what it does, what goes wrong, and what it was asked.
#[derive(Clone)]
pub(crate) struct Service(Arc<Inner>);

struct Inner {
    handle: Box<Handle>,
    troubles: Mutex<VecDeque<Trouble>>,
    requests: Mutex<Vec<Request>>,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Service")
    }
}

impl Service {
    pub(crate) fn new(handle: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Service {
        let (troubles, requests) = Default::default();
        Service(Arc::new(Inner { handle: Box::new(handle), troubles, requests }))
    }

    /// What goes wrong with the next calls, one after the other. Nothing does with those after them.
    pub(crate) fn expect(&self, troubles: impl IntoIterator<Item = Trouble>) {
        self.0.troubles.lock().unwrap().extend(troubles);
    }

    /// The same goes wrong with every call from now on.
    pub(crate) fn always(&self, trouble: &Trouble) {
        self.expect(vec![trouble.clone(); 100]);
    }

    /// The calls since the last time somebody asked.
    pub(crate) fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.0.requests.lock().unwrap())
    }

    fn meet(&self, request: Request) -> Outcome {
        let trouble = self.0.troubles.lock().unwrap().pop_front().unwrap_or(Trouble::Nothing);
        let work = || (self.0.handle)(&request);
        let outcome = match trouble {
            Trouble::Nothing => Outcome::Answered(work(), LATENCY),
            Trouble::Late(after) => Outcome::Answered(work(), after),
            Trouble::Refused(answer) => Outcome::Answered(answer, LATENCY),
            Trouble::AnswerCut => Outcome::Cut(work()),
            Trouble::AnswerLost => {
                work();
                Outcome::Lost
            }
            Trouble::RequestLost => Outcome::Lost,
            Trouble::DoneInSilence => {
                work();
                Outcome::Never
            }
            Trouble::Silence => Outcome::Never,
        };
        self.0.requests.lock().unwrap().push(request);
        outcome
    }

    /// The clients' configuration, with this service in memory.
    pub(crate) async fn shared(&self) -> Shared {
        Shared::of(loader().http_client(self.clone()).endpoint_url("http://service.test").load().await)
    }

    /// The clients' configuration with this service on a port of 127.0.0.1: the HTTP client of the functions, and shorter pauses.
    pub(crate) async fn listen(&self) -> (Shared, Listening) {
        let listening = Listening::start(self.clone());
        let retries = RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS).with_initial_backoff(LATENCY);
        let config = loader().retry_config(retries).endpoint_url(format!("http://{}", listening.address));
        (Shared::of(config.load().await), listening)
    }
}

/// The limits of the functions, and credentials and a region that come from nowhere else.
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
        let outcome = self.meet(request);
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

/// A service on a port, until this is dropped.
pub(crate) struct Listening {
    address: SocketAddr,
    over: Arc<AtomicBool>,
}

impl Listening {
    fn start(service: Service) -> Listening {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&over);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let (service, stream) = (service.clone(), stream.unwrap());
                // A client that hangs up ends its connection, not the service.
                thread::spawn(move || drop(serve(&service, &stream)));
            }
        });
        Listening { address, over }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for connections.
        drop(TcpStream::connect(self.address));
    }
}

/// Serves one connection: HTTP/1.1 with lengths, one request after the other.
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
        let (answer, cut) = match service.meet(request) {
            Outcome::Answered(answer, after) => {
                thread::sleep(after);
                (answer, false)
            }
            Outcome::Cut(answer) => (answer, true),
            Outcome::Lost => return Ok(()),
            // Until the client hangs up.
            Outcome::Never => return reader.read_line(&mut String::new()).map(drop),
        };
        let mut head = format!("HTTP/1.1 {} -\r\ncontent-length: {}\r\n", answer.status, answer.body.len());
        for (name, value) in &answer.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        writer.write_all(format!("{head}\r\n").as_bytes())?;
        writer.write_all(if cut { &answer.body[..answer.body.len() / 2] } else { &answer.body })?;
        if cut {
            return Ok(());
        }
    }
}

/// How long something takes, by the stopped clock.
pub(crate) async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let begun = Instant::now();
    let result = work.await;
    (result, begun.elapsed())
}
