//! The Lambda function behind a flow log's subscription filter: reads each batch of VPC flow records, publishes metrics, and
//! sends emails about rejected pings.

mod handler;

use std::{process::ExitCode, sync::Arc};

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;

use crate::handler::Handler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(config) = function_edge::start() else { return ExitCode::FAILURE };
    let unknown: Vec<&str> = config.formats.unknown_fields().collect();
    if !unknown.is_empty() {
        tracing::warn!(fields = unknown.join(" "), "FLOW_LOG_FORMAT names unknown fields; they are not read");
    }
    let handler = Arc::new(Handler::new(config));
    let served = lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let handler = Arc::clone(&handler);
        // Boxed, because the AWS clients' futures are nested deeper than the compiler's recursion limit.
        Box::pin(async move { handler.handle(event.payload.get(), event.context.deadline()).await })
    }));
    match served.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("the runtime ended: {error}");
            ExitCode::FAILURE
        }
    }
}
