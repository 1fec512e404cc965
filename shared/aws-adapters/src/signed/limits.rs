//! The limits of a call.

use std::time::Duration;

use crate::client::{ATTEMPT_TIMEOUT, MAX_ATTEMPTS, OPERATION_TIMEOUT};

/// How long a call may take, and how often it is tried.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of one attempt.
    pub attempt_timeout: Duration,
    /// Of a call with all its attempts.
    pub operation_timeout: Duration,
    /// Attempts of one call.
    pub max_attempts: u32,
}

impl Default for Limits {
    /// The limits of all clients here.
    fn default() -> Self {
        Limits { attempt_timeout: ATTEMPT_TIMEOUT, operation_timeout: OPERATION_TIMEOUT, max_attempts: MAX_ATTEMPTS }
    }
}
