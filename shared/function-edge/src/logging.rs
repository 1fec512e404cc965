//! The function's own log: JSON lines with a time stamp and a level.

use tracing_subscriber::filter::LevelFilter;

/// Starts logging to standard error, at INFO where no level is given.
///
/// Lambda takes a line that has no RFC 3339 `timestamp` for one of level INFO, whatever its `level` says
/// (<https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html>), and the runtime's own
/// subscriber writes none: hence this one. Standard output is left to `PUBLISH_TO=console`.
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
