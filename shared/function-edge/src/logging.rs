//! The functions' own log: JSON lines with a timestamp and a level.

use tracing_subscriber::filter::LevelFilter;

/// Starts logging to standard error, at level INFO by default.
///
/// Lambda treats a line without an RFC 3339 `timestamp` as level INFO, whatever its `level` says
/// (<https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html>). The runtime's own subscriber writes
/// no timestamp, so it is not used. Standard output is reserved for `PUBLISH_TO=console`.
pub(crate) fn start(level: Option<LevelFilter>) {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .with_max_level(level.unwrap_or(LevelFilter::INFO))
        .with_writer(std::io::stderr)
        .init();
}
