//! The adapters on the wire: each in front of a service that answers as AWS documents it.
//!
//! What is asserted is what the service has in the end and what the caller is told, and requests only where AWS prescribes them.

mod cloudwatch;
mod dynamodb;
mod loopback;
mod service;
mod sns;
mod sqs;
mod table;

use alerting::ports::PortError;
use serde_json::json;
use service::{Answer, Trouble};

/// An error of a service that speaks JSON, as DynamoDB and SQS do:
/// <https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html>.
fn json_error(status: u16, namespace: &str, code: &str, message: &str) -> Answer {
    let body = json!({"__type": format!("{namespace}#{code}"), "message": message});
    Answer::new(status, "application/x-amz-json-1.0", body.to_string())
}

/// Asserts that a call failed, and that the error names call and cause.
#[track_caller]
fn assert_fails<T: std::fmt::Debug>(result: Result<T, PortError>, call: &str, cause: &str) {
    let error = result.expect_err("the call fails");
    assert_eq!(error.call, call);
    assert!(error.reason.contains(cause), "{error} does not name {cause}");
}

/// The same trouble, so many times.
fn times(number: usize, trouble: &Trouble) -> Vec<Trouble> {
    vec![trouble.clone(); number]
}
