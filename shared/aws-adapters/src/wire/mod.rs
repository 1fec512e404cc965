//! Tests of the adapters against fake services that respond as AWS documents it.
//!
//! The tests assert what the service stores and what the adapter returns, and requests only where AWS prescribes them.

mod cloudwatch;
mod digest;
mod dynamodb;
mod loopback;
mod service;
mod sns;
mod sqs;
mod table;

use alerting::ports::PortError;
use serde_json::json;
use service::{Answer, Fault};

/// Returns an error response in JSON, as DynamoDB and SQS send it:
/// <https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html>.
fn json_error(status: u16, namespace: &str, code: &str, message: &str) -> Answer {
    let body = json!({"__type": format!("{namespace}#{code}"), "message": message});
    Answer::new(status, "application/x-amz-json-1.0", body.to_string())
}

/// Asserts that a call failed, and that the error names the call and the cause.
#[track_caller]
fn assert_fails<T: std::fmt::Debug>(result: Result<T, PortError>, call: &str, cause: &str) {
    let error = result.expect_err("the call fails");
    assert_eq!(error.call, call);
    assert!(error.reason.contains(cause), "{error} does not name {cause}");
}

/// Returns the same fault this many times.
fn times(number: usize, fault: &Fault) -> Vec<Fault> {
    vec![fault.clone(); number]
}
