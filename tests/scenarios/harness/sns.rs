//! SNS as far as `Publish` goes: the query protocol, and the limits the service enforces.
//!
//! <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use super::http::{Request, Response, answer, serve};
use super::script::{Act, Script};

/// The topic the function is told to publish to.
pub(crate) const TOPIC: &str = "arn:aws:sns:ap-northeast-1:123456789010:CloudWatch-Alarms-Ping-Deny";

/// A message as a subscriber would get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) subject: String,
    pub(crate) body: String,
}

impl Mail {
    /// The lines of the body.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        self.body.lines()
    }
}

/// One test's SNS.
pub(crate) struct Sns {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

struct State {
    script: Script,
    attempts: Mutex<Vec<String>>,
    mails: Mutex<Vec<Mail>>,
}

impl Sns {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(State { script: Script::working(), attempts: Mutex::default(), mails: Mutex::default() });
        let address = serve(Arc::clone(&state), State::handle).await;
        Self { address, state }
    }

    pub(crate) fn script(&self) -> &Script {
        &self.state.script
    }

    /// The mails that were accepted.
    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.state.mails.lock().expect("no poisoned lock").clone()
    }

    /// The one mail that was accepted.
    #[track_caller]
    pub(crate) fn mail(&self) -> Mail {
        let mails = self.mails();
        let [mail] = mails.as_slice() else { panic!("{} mails, not one: {mails:#?}", mails.len()) };
        mail.clone()
    }

    /// Every request that came, by its action, answered or not.
    pub(crate) fn attempts(&self) -> Vec<String> {
        self.state.attempts.lock().expect("no poisoned lock").clone()
    }
}

impl State {
    async fn handle(self: Arc<Self>, request: Request) -> Response {
        let form: BTreeMap<String, String> = form_urlencoded::parse(&request.body).into_owned().collect();
        let field = |name: &str| form.get(name).cloned().unwrap_or_default();
        self.attempts.lock().expect("no poisoned lock").push(field("Action"));
        match self.script.next() {
            Act::Work => {}
            Act::Throttle => return error(400, "Throttling", "Rate exceeded"),
            Act::Break => return error(500, "InternalError", "Internal server error"),
            Act::Deny => {
                return error(403, "AuthorizationError", "not authorized to perform: SNS:Publish");
            }
            Act::Hang => std::future::pending().await,
        }
        if field("Action") != "Publish"
            || request.method != "POST"
            || !request.header("authorization").contains("/sns/")
        {
            return error(400, "InvalidAction", "only signed Publish requests are expected here");
        }
        if field("TopicArn") != TOPIC {
            return error(404, "NotFound", "Topic does not exist");
        }
        let mail = Mail { subject: field("Subject"), body: field("Message") };
        if let Some(wrong) = refusal(&mail) {
            return error(400, "InvalidParameter", wrong);
        }
        self.mails.lock().expect("no poisoned lock").push(mail);
        xml(
            200,
            "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
             <MessageId>94f20ce6-13c5-43a0-9a9e-ca52d816e90b</MessageId></PublishResult><ResponseMetadata>\
             <RequestId>f187a3c1-376f-11df-8963-01868b7c937a</RequestId></ResponseMetadata></PublishResponse>"
                .to_owned(),
        )
    }
}

/// What the real service says no to: an empty message, one above 256 KiB, and subjects that are too long or not one line.
fn refusal(mail: &Mail) -> Option<&'static str> {
    if mail.body.is_empty() {
        return Some("Invalid parameter: Empty message");
    }
    if mail.body.len() > 256 * 1024 {
        return Some("Invalid parameter: Message too long");
    }
    let short = (1..100).contains(&mail.subject.chars().count());
    (!short || mail.subject.chars().any(char::is_control)).then_some("Invalid parameter: Subject")
}

fn error(status: u16, code: &str, message: &str) -> Response {
    let kind = if status < 500 { "Sender" } else { "Receiver" };
    xml(
        status,
        format!(
            "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>{kind}</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>9dd01905-5012-5f99-8663-4b3ecd0dfaef</RequestId></ErrorResponse>"
        ),
    )
}

fn xml(status: u16, body: String) -> Response {
    answer(status, &[("content-type", "text/xml")], body)
}
