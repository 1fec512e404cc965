//! A fake SNS with `Publish`: the query protocol, and the limits that the service enforces.
//!
//! <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use super::http::{Request, Response, answer, serve};
use super::script::{Act, Script};

/// The topic for emails and documents.
pub(crate) const TOPIC: &str = "arn:aws:sns:ap-northeast-1:123456789010:CloudWatch-Alarms-Ping-Deny";

/// The topic for chat messages, if it is configured.
pub(crate) const CHAT_TOPIC: &str = "arn:aws:sns:ap-northeast-1:123456789010:CloudWatch-Alarms-Ping-Deny-Chat";

/// Maximum size of a message with its attributes, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// A published message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    topic: String,
    pub(crate) subject: String,
    /// The text for each protocol. `default` is for protocols without their own text.
    pub(crate) texts: BTreeMap<String, String>,
    /// Type and value of each attribute.
    pub(crate) attributes: BTreeMap<String, (String, String)>,
    pub(crate) bytes: usize,
}

impl Message {
    /// Returns the text for a protocol.
    pub(crate) fn text(&self, protocol: &str) -> &str {
        self.texts.get(protocol).unwrap_or(&self.texts["default"])
    }
}

/// A message as an email subscriber receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Email {
    pub(crate) subject: String,
    pub(crate) body: String,
}

impl Email {
    /// Returns the lines of the body.
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
    chat: Script,
    attempts: Mutex<Vec<String>>,
    messages: Mutex<Vec<Message>>,
}

impl Sns {
    pub(crate) async fn start() -> Self {
        let (script, chat) = (Script::working(), Script::working());
        let state = Arc::new(State { script, chat, attempts: Mutex::default(), messages: Mutex::default() });
        let address = serve(Arc::clone(&state), State::handle).await;
        Self { address, state }
    }

    pub(crate) fn script(&self) -> &Script {
        &self.state.script
    }

    /// Returns the planned responses for the chat topic.
    pub(crate) fn chat_script(&self) -> &Script {
        &self.state.chat
    }

    fn accepted(&self, topic: &str) -> Vec<Message> {
        let messages = self.state.messages.lock().expect("no poisoned lock");
        messages.iter().filter(|message| message.topic == topic).cloned().collect()
    }

    /// Returns the accepted messages.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.accepted(TOPIC)
    }

    /// Returns the accepted chat messages.
    pub(crate) fn chats(&self) -> Vec<Message> {
        self.accepted(CHAT_TOPIC)
    }

    /// Returns the accepted emails.
    pub(crate) fn emails(&self) -> Vec<Email> {
        let email = |message: Message| Email { body: message.text("email").to_owned(), subject: message.subject };
        self.messages().into_iter().map(email).collect()
    }

    /// Returns the only accepted email.
    #[track_caller]
    pub(crate) fn email(&self) -> Email {
        let emails = self.emails();
        let [email] = emails.as_slice() else { panic!("{} emails, not one: {emails:#?}", emails.len()) };
        email.clone()
    }

    /// Returns the action of every received request, accepted or not.
    pub(crate) fn attempts(&self) -> Vec<String> {
        self.state.attempts.lock().expect("no poisoned lock").clone()
    }
}

impl State {
    async fn handle(self: Arc<Self>, request: Request) -> Response {
        let form: BTreeMap<String, String> = form_urlencoded::parse(&request.body).into_owned().collect();
        let field = |name: &str| form.get(name).cloned().unwrap_or_default();
        self.attempts.lock().expect("no poisoned lock").push(field("Action"));
        let script = if field("TopicArn") == CHAT_TOPIC { &self.chat } else { &self.script };
        match script.next() {
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
        if ![TOPIC, CHAT_TOPIC].contains(&field("TopicArn").as_str()) {
            return error(404, "NotFound", "Topic does not exist");
        }
        match read(&form) {
            Ok(message) => self.messages.lock().expect("no poisoned lock").push(message),
            Err(wrong) => return error(400, "InvalidParameter", &format!("Invalid parameter: {wrong}")),
        }
        xml(
            200,
            "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
             <MessageId>94f20ce6-13c5-43a0-9a9e-ca52d816e90b</MessageId></PublishResult><ResponseMetadata>\
             <RequestId>f187a3c1-376f-11df-8963-01868b7c937a</RequestId></ResponseMetadata></PublishResponse>"
                .to_owned(),
        )
    }
}

/// Reads the message from a request and rejects what the real service rejects: an empty message, one above 256 KiB with its
/// attributes, a subject that is too long or not one line, and with `MessageStructure=json` a message without `default`.
fn read(form: &BTreeMap<String, String>) -> Result<Message, String> {
    let field = |name: &str| form.get(name).cloned().unwrap_or_default();
    let (subject, message) = (field("Subject"), field("Message"));
    if message.is_empty() {
        return Err("Empty message".to_owned());
    }
    let short = subject.chars().count() < 100;
    if !short || subject.chars().any(char::is_control) || (subject.is_empty() && form.contains_key("Subject")) {
        return Err("Subject".to_owned());
    }
    let texts = match field("MessageStructure").as_str() {
        "" => BTreeMap::from([("default".to_owned(), message.clone())]),
        "json" => serde_json::from_str(&message).map_err(|error| format!("Message Structure - {error}"))?,
        _ => return Err("MessageStructure".to_owned()),
    };
    if !texts.contains_key("default") {
        return Err("Message Structure - No default entry in JSON message body".to_owned());
    }
    let mut attributes = BTreeMap::new();
    let mut bytes = message.len();
    for number in 1.. {
        let entry = |name: &str| form.get(&format!("MessageAttributes.entry.{number}.{name}")).cloned();
        let Some(name) = entry("Name") else { break };
        let (kind, value) = (entry("Value.DataType"), entry("Value.StringValue"));
        let (kind, value) = (kind.unwrap_or_default(), value.unwrap_or_default());
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        let array = serde_json::from_str::<Vec<String>>(&value).is_ok();
        let fits = match kind.as_str() {
            "String" => !value.is_empty(),
            "String.Array" => array,
            _ => false,
        };
        if name.is_empty() || !plain || !fits {
            return Err(format!("message attribute {name:?}: {kind:?} {value:?}"));
        }
        bytes += name.len() + kind.len() + value.len();
        attributes.insert(name, (kind, value));
    }
    if bytes > MAX_BYTES {
        return Err("Message too long".to_owned());
    }
    Ok(Message { topic: field("TopicArn"), subject, texts, attributes, bytes })
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
