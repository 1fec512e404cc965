//! Why a call has no answer.

use std::{error::Error, fmt};

use alerting::text::one_line;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::{
    orchestrator::{HttpResponse, OrchestratorError},
    result::SdkError,
};
use aws_smithy_types::error::{ErrorMetadata, metadata::ProvideErrorMetadata};
use quick_xml::{Reader, events::Event};
use serde::Deserialize;

use crate::client::causes;

/// Maximum length of a reason, in characters.
const MAX_REASON_CHARS: usize = 400;

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The service answered with an error.
    Refused {
        /// Its code, such as `AccessDenied`.
        code: String,
        /// Its text, on one line.
        message: String,
    },
    /// No answer in time.
    TimedOut,
    /// No connection.
    NoConnection,
    /// Nothing has credentials: the call was not sent.
    NoCredentials,
    /// The call was not sent for another reason, on one line.
    NotSent(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused { code, message } if message.is_empty() => f.write_str(code),
            Failure::Refused { code, message } => write!(f, "{code}: {message}"),
            Failure::TimedOut => f.write_str("no answer in time"),
            Failure::NoConnection => f.write_str("no connection"),
            Failure::NoCredentials => f.write_str("no credentials"),
            Failure::NotSent(reason) => f.write_str(reason),
        }
    }
}

impl Error for Failure {}

impl Failure {
    /// Tells whether the caller may not do this.
    ///
    /// The codes are those of EC2 and of other services.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
    pub fn is_denied(&self) -> bool {
        const DENIED: [&str; 5] =
            ["UnauthorizedOperation", "AuthFailure", "AccessDenied", "AccessDeniedException", "AuthorizationError"];
        matches!(self, Failure::Refused { code, .. } if DENIED.contains(&&**code))
    }

    pub(super) fn of(error: &SdkError<ServiceError, HttpResponse>) -> Failure {
        let line = |text: &str| one_line(text, MAX_REASON_CHARS).into_owned();
        match error {
            SdkError::ServiceError(error) => {
                let (code, message) = (error.err().code(), error.err().message());
                Failure::Refused { code: line(code.unwrap_or("no code")), message: line(message.unwrap_or_default()) }
            }
            SdkError::TimeoutError(_) => Failure::TimedOut,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Failure::TimedOut,
            SdkError::DispatchFailure(failure) if failure.is_io() => Failure::NoConnection,
            _ if has_no_credentials(error) => Failure::NoCredentials,
            _ => Failure::NotSent(line(&causes(error))),
        }
    }
}

/// Tells whether no provider of credentials has any, as opposed to one that failed.
fn has_no_credentials(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if matches!(error.downcast_ref(), Some(CredentialsError::CredentialsNotLoaded(_))) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// An error that a service answered with.
#[derive(Debug)]
pub(super) struct ServiceError(ErrorMetadata);

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for ServiceError {}

impl ProvideErrorMetadata for ServiceError {
    fn meta(&self) -> &ErrorMetadata {
        &self.0
    }
}

/// Returns the body of an answer, or the error that it is. Lambda answers with 200 also where the function failed, and says so in a
/// header (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>).
pub(super) fn body(response: &HttpResponse) -> Result<Vec<u8>, OrchestratorError<ServiceError>> {
    let body = response.body().bytes().unwrap_or_default();
    if let Some(kind) = response.headers().get("x-amz-function-error") {
        let (code, message) = (format!("function error {kind}"), function_error(body));
        return Err(OrchestratorError::operation(ServiceError(
            ErrorMetadata::builder().code(code).message(message).build(),
        )));
    }
    if response.status().is_success() {
        return Ok(body.to_vec());
    }
    let header = response.headers().get("x-amzn-errortype");
    let (code, message) = of_xml(body).or_else(|| of_json(body, header)).unwrap_or_default();
    let code = if code.is_empty() { format!("HTTP {}", response.status()) } else { code };
    Err(OrchestratorError::operation(ServiceError(ErrorMetadata::builder().code(code).message(message).build())))
}

/// Returns the message of a function's error, or all of it.
fn function_error(json: &[u8]) -> String {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct FunctionError {
        error_message: String,
    }
    match serde_json::from_slice(json) {
        Ok(FunctionError { error_message }) => error_message,
        Err(_) => String::from_utf8_lossy(json).into_owned(),
    }
}

/// Reads code and message of an error in XML, wherever they are in the document.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html#api-error-response>
fn of_xml(xml: &[u8]) -> Option<(String, String)> {
    let mut reader = Reader::from_str(str::from_utf8(xml).ok()?);
    let (mut code, mut message) = (None, None);
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                let target = match start.local_name().as_ref() {
                    "Code" => &mut code,
                    "Message" => &mut message,
                    _ => continue,
                };
                let text = reader.read_text(start.name()).ok()?;
                target.get_or_insert_with(|| unescaped(&text));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    code.map(|code| (code, message.unwrap_or_default()))
}

/// Unescapes a text. Returns it unchanged if its escapes are invalid.
fn unescaped(text: &str) -> String {
    quick_xml::escape::unescape(text).map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned)
}

/// Reads code and message of an error in JSON. The code may have a namespace before it and a link behind it.
/// <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization>
fn of_json(json: &[u8], header: Option<&str>) -> Option<(String, String)> {
    #[derive(Default, Deserialize)]
    struct Answered {
        #[serde(rename = "__type")]
        kind: Option<String>,
        code: Option<String>,
        #[serde(alias = "Message")]
        message: Option<String>,
    }
    let error: Answered = serde_json::from_slice(json).unwrap_or_default();
    let code = header.map(str::to_owned).or(error.kind).or(error.code)?;
    let code = code.split(':').next().unwrap_or_default().rsplit('#').next().unwrap_or_default();
    Some((code.to_owned(), error.message.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, header: Option<&str>) -> Option<(String, String)> {
        of_xml(text.as_bytes()).or_else(|| of_json(text.as_bytes(), header))
    }

    #[test]
    fn an_error_has_a_code_and_a_message_in_each_protocol() {
        for (text, header, code, message) in [
            (
                "<?xml version=\"1.0\"?><Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You &amp; me\
                 </Message></Error></Errors><RequestID>1</RequestID></Response>",
                None,
                "UnauthorizedOperation",
                "You & me",
            ),
            (
                "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id a \
                 does not exist</Message></Error></ErrorResponse>",
                None,
                "ValidationError",
                "Stack with id a does not exist",
            ),
            (r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no"}"#, None, "QueueDoesNotExist", "no"),
            (r#"{"Message":"no"}"#, Some("ResourceNotFoundException:http://x/"), "ResourceNotFoundException", "no"),
            ("not JSON", Some("TooManyRequestsException"), "TooManyRequestsException", ""),
        ] {
            assert_eq!(read(text, header), Some((code.to_owned(), message.to_owned())), "{text}");
        }
    }

    #[test]
    fn an_error_of_the_documentation() {
        let error = read(include_str!("../../testdata/error.xml"), None).unwrap();
        let message = "The instance ID 'i-1a2b3c4d' does not exist";
        assert_eq!(error, ("InvalidInstanceID.NotFound".to_owned(), message.to_owned()));
    }

    #[test]
    fn what_is_no_error_of_a_service_has_no_code() {
        for nothing in ["", "{}", "<html><body>502</body>", "<Code>cut o", "\u{feff}", "<Errors/>"] {
            assert_eq!(read(nothing, None), None, "{nothing}");
        }
        assert_eq!(of_xml(&[0xff, 0xfe, b'<']), None);
    }
}
