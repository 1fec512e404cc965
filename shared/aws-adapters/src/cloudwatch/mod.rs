//! Amazon CloudWatch: publishing metrics, and reading what a digest states.

mod digest;
mod metrics;

pub use digest::{CloudWatchDigest, DIGEST_TIMEOUT, MAX_CALLS_AT_ONCE, MAX_METRICS_PER_CALL, MAX_PAGES};
pub use metrics::{CloudWatchMetrics, MAX_POINTS_PER_CALL, MAX_WAIT_FOR_EMAILS};
