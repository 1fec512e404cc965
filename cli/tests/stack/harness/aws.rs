//! An HTTP server on a free port of 127.0.0.1 that answers each call by a function.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use serde_json::Value;

/// A received call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The name that it is signed for, such as `sqs`.
    pub(crate) service: String,
    /// The region that it is signed for.
    pub(crate) region: String,
    /// `Action` of a form, the end of `x-amz-target`, or method and path: `GET /2015-03-31/functions/x`.
    pub(crate) operation: String,
    /// The fields of a form.
    pub(crate) form: BTreeMap<String, String>,
    /// The body as JSON; null where it is none.
    pub(crate) json: Value,
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: String,
    body: String,
}

impl Answer {
    pub(crate) fn xml(body: impl Into<String>) -> Answer {
        Answer { status: 200, headers: "content-type: text/xml\r\n".to_owned(), body: body.into() }
    }

    pub(crate) fn json(body: &Value) -> Answer {
        Answer { status: 200, headers: "content-type: application/json\r\n".to_owned(), body: body.to_string() }
    }

    /// An error of a JSON protocol.
    pub(crate) fn json_error(status: u16, code: &str, message: &str) -> Answer {
        let body = serde_json::json!({ "__type": code, "message": message });
        Answer { status, ..Answer::json(&body) }
    }

    /// An error of the query protocol.
    pub(crate) fn xml_error(status: u16, code: &str, message: &str) -> Answer {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        );
        Answer { status, ..Answer::xml(body) }
    }

    /// The same with another status.
    pub(crate) fn status(self, status: u16) -> Answer {
        Answer { status, ..self }
    }

    /// The same with a header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Answer {
        self.headers += &format!("{name}: {value}\r\n");
        self
    }
}

type Answers = dyn Fn(&Call) -> Answer + Send + Sync;

/// The server. It stops when it is dropped.
pub(crate) struct Aws {
    address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
    stops: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Aws {
    /// Starts a server.
    pub(crate) fn new(answers: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Aws {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (calls, stops): (Arc<Mutex<Vec<Call>>>, Arc<AtomicBool>) = Default::default();
        let answers: Arc<Answers> = Arc::new(answers);
        let (kept, is_stopping) = (Arc::clone(&calls), Arc::clone(&stops));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if is_stopping.load(Ordering::SeqCst) {
                    return;
                }
                let (answers, kept) = (Arc::clone(&answers), Arc::clone(&kept));
                thread::spawn(move || serve(stream.unwrap(), &*answers, &kept));
            }
        });
        Aws { address, calls, stops, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The calls so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// The operations called so far, with their service: `sqs ReceiveMessage`.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.calls().iter().map(|call| format!("{} {}", call.service, call.operation)).collect()
    }
}

impl Drop for Aws {
    fn drop(&mut self) {
        self.stops.store(true, Ordering::SeqCst);
        // Wakes the listener.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Answers one request, and closes the connection.
fn serve(mut stream: TcpStream, answers: &Answers, calls: &Mutex<Vec<Call>>) {
    let Some(call) = read(&stream) else { return };
    calls.lock().unwrap().push(call.clone());
    let Answer { status, headers, body } = answers(&call);
    let length = body.len();
    let head = format!("HTTP/1.1 {status} x\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n");
    // A client that has given up is no failure of the server.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}

fn read(stream: &TcpStream) -> Option<Call> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            text => lines.push(text.to_owned()),
        }
    }
    let first = lines.remove(0);
    let headers: BTreeMap<String, String> = lines
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(call(&first, &headers, &String::from_utf8(body).unwrap()))
}

fn call(first: &str, headers: &BTreeMap<String, String>, body: &str) -> Call {
    let is_form = headers.get("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let form: BTreeMap<String, String> = match is_form {
        true => form_urlencoded::parse(body.as_bytes()).into_owned().collect(),
        false => BTreeMap::new(),
    };
    let target = headers.get("x-amz-target").and_then(|target| target.rsplit('.').next()).map(str::to_owned);
    let mut words = first.split(' ');
    let path = format!("{} {}", words.next().unwrap(), words.next().unwrap());
    // Credential=AKIA.../20261123/us-east-1/sqs/aws4_request, ...
    let authorization = headers.get("authorization").map(String::as_str).unwrap_or_default();
    let scope: Vec<&str> = authorization.split('/').collect();
    Call {
        service: scope.get(3).copied().unwrap_or_default().to_owned(),
        region: scope.get(2).copied().unwrap_or_default().to_owned(),
        operation: form.get("Action").cloned().or(target).unwrap_or(path),
        form,
        json: serde_json::from_str(body).unwrap_or_default(),
    }
}
