//! One call to EC2, and why there is no answer in the words of emails.

use alerting::{enrichment::MissingReason, text::one_line};

use super::query::Query;
use crate::{
    client::Shared,
    signed::{Caller, Failure, Service},
};

/// Maximum length of a reason that is not an EC2 error code, in characters.
const MAX_REASON_CHARS: usize = 80;

/// A sender of queries to EC2.
#[derive(Debug)]
pub(super) struct Sender(Caller);

impl Sender {
    pub(super) fn new(shared: Shared) -> Sender {
        Sender(Caller::new(shared, Service::EC2))
    }

    /// Sends one query, or requests its next page. Returns the body of the response.
    ///
    /// # Errors
    /// The reason why there is no response.
    pub(super) async fn send(&self, query: &Query, next_token: Option<&str>) -> Result<Vec<u8>, MissingReason> {
        self.0.call(query.request(next_token)).await.map_err(|failure| missing(query, &failure))
    }
}

fn missing(query: &Query, failure: &Failure) -> MissingReason {
    let failed = |reason: &str| MissingReason::Failed(one_line(reason, MAX_REASON_CHARS).into());
    match failure {
        Failure::Refused { .. } if failure.is_denied() => {
            MissingReason::Denied(format!("ec2:{}", query.action.name()).into())
        }
        Failure::Refused { code, .. } => failed(code),
        Failure::TimedOut => MissingReason::TooSlow,
        Failure::NoConnection => failed("no connection"),
        Failure::NoCredentials => failed("no credentials"),
        Failure::NotSent(reason) => failed(reason),
    }
}
