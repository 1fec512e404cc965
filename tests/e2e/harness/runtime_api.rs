//! The Lambda Runtime API on loopback: provides invocations and collects the function's responses.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex as SyncMutex};
use std::time::Duration;

use sample_events::Counts;
use serde_json::Value;
use tokio::sync::{Mutex, mpsc, oneshot, watch};

use super::clock::epoch_ms;
use super::http::{Request, Response, answer, serve};

const ARN: &str = "arn:aws:lambda:ap-northeast-1:123456789010:function:flow-alerts";

/// The result of one invocation.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// The body posted to `/response`.
    Response(Value),
    /// The error posted to `/error`.
    Error {
        /// `errorType`
        kind: String,
        /// `errorMessage`
        message: String,
    },
}

impl Outcome {
    /// Returns the response's counts.
    #[track_caller]
    pub(crate) fn counts(&self) -> Counts {
        match self {
            Self::Response(value) => serde_json::from_value(value.clone())
                .unwrap_or_else(|error| panic!("not the nine counts: {error}: {value}")),
            Self::Error { kind, message } => panic!("the invocation failed: {kind}: {message}"),
        }
    }

    /// Returns the error's message. Asserts that it is one line of readable length.
    #[track_caller]
    pub(crate) fn error(&self) -> &str {
        match self {
            Self::Response(value) => {
                panic!("the invocation should have failed, but responded {value}")
            }
            Self::Error { message, .. } => {
                assert!(!message.chars().any(char::is_control), "more than one line: {message:?}");
                assert!((1..=600).contains(&message.len()), "not a readable line: {message:?}");
                message
            }
        }
    }
}

struct Invocation {
    id: String,
    event: String,
    deadline_ms: u64,
}

/// One function's runtime API.
pub(crate) struct RuntimeApi {
    pub(crate) address: SocketAddr,
    invocations: mpsc::UnboundedSender<Invocation>,
    state: Arc<State>,
    count: AtomicU64,
}

struct State {
    queue: Mutex<mpsc::UnboundedReceiver<Invocation>>,
    waiting: SyncMutex<HashMap<String, oneshot::Sender<Outcome>>>,
    init_error: SyncMutex<Option<String>>,
    polls: watch::Sender<u64>,
}

impl RuntimeApi {
    pub(crate) async fn start() -> Self {
        let (invocations, queue) = mpsc::unbounded_channel();
        let state = Arc::new(State {
            queue: Mutex::new(queue),
            waiting: SyncMutex::default(),
            init_error: SyncMutex::default(),
            polls: watch::Sender::new(0),
        });
        let address = serve(Arc::clone(&state), State::handle).await;
        Self { address, invocations, state, count: AtomicU64::new(0) }
    }

    /// Queues an event. The receiver gets the outcome, or an error if the function exits without one.
    pub(crate) fn invoke(&self, event: &str, deadline: Duration) -> oneshot::Receiver<Outcome> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let id = format!("8476a536-e9f4-11e8-9739-{number:012}");
        let (sender, receiver) = oneshot::channel();
        self.state.waiting.lock().expect("no poisoned lock").insert(id.clone(), sender);
        let deadline_ms = epoch_ms() + u64::try_from(deadline.as_millis()).expect("the deadline fits into 64 bits");
        let invocation = Invocation { id, event: event.to_owned(), deadline_ms };
        self.invocations.send(invocation).expect("the queue lives as long as the API");
        receiver
    }

    /// Waits until the function has requested its `n`th invocation, that is, has finished all earlier ones.
    pub(crate) async fn polled(&self, n: u64) {
        let mut polls = self.state.polls.subscribe();
        polls.wait_for(|&polls| polls >= n).await.expect("the API lives as long as the test");
    }

    /// Returns the number of events queued so far.
    pub(crate) fn sent(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Returns the body posted to `/runtime/init/error`.
    pub(crate) fn init_error(&self) -> Option<String> {
        self.state.init_error.lock().expect("no poisoned lock").clone()
    }
}

impl State {
    async fn handle(self: Arc<Self>, request: Request) -> Response {
        let path = request.path.strip_prefix("/2018-06-01/runtime/").unwrap_or_default();
        match (request.method.as_str(), path.split('/').collect::<Vec<_>>().as_slice()) {
            ("GET", ["invocation", "next"]) => self.next().await,
            ("POST", ["invocation", id, "response"]) => {
                let value = serde_json::from_slice(&request.body)
                    .unwrap_or_else(|error| Value::String(format!("not JSON: {error}: {:?}", request.body)));
                self.finish(id, Outcome::Response(value))
            }
            ("POST", ["invocation", id, "error"]) => {
                let error: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
                self.finish(id, Outcome::Error { kind: text("errorType"), message: text("errorMessage") })
            }
            ("POST", ["init", "error"]) => {
                *self.init_error.lock().expect("no poisoned lock") =
                    Some(String::from_utf8_lossy(&request.body).into_owned());
                answer(202, &[], "")
            }
            _ => answer(404, &[], format!("no {} {} here", request.method, request.path)),
        }
    }

    async fn next(&self) -> Response {
        self.polls.send_modify(|polls| *polls += 1);
        let Some(invocation) = self.queue.lock().await.recv().await else {
            return answer(500, &[], "the test is over");
        };
        let deadline = invocation.deadline_ms.to_string();
        let headers = [
            ("lambda-runtime-aws-request-id", invocation.id.as_str()),
            ("lambda-runtime-deadline-ms", deadline.as_str()),
            ("lambda-runtime-invoked-function-arn", ARN),
            ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0"),
            ("content-type", "application/json"),
        ];
        answer(200, &headers, invocation.event)
    }

    fn finish(&self, id: &str, outcome: Outcome) -> Response {
        match self.waiting.lock().expect("no poisoned lock").remove(id) {
            // The test may have timed out and dropped the receiver.
            Some(waiting) => drop(waiting.send(outcome)),
            None => return answer(400, &[], "no such invocation"),
        }
        answer(202, &[("content-type", "application/json")], r#"{"status":"OK"}"#)
    }
}
