//! The Lambda function behind a flow log's subscription filter: reads each batch of VPC flow records, publishes what it
//! counted as metrics and mails what was rejected.

mod config;
mod console;
mod handler;
mod logging;

use std::{process::ExitCode, sync::Arc};

use alerting::{
    memory::MemoryIncidents,
    ports::{AlertSink, MetricSink},
};
use aws_adapters::{CloudWatchMetrics, SnsAlerts, client::Shared};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;

use crate::{
    config::{Config, PublishTo},
    console::Console,
    handler::Handler,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let config = match Config::from_env() {
        Ok(config) => config,
        Err(error) => {
            logging::start(None);
            tracing::error!("wrong configuration: {error}");
            return ExitCode::FAILURE;
        }
    };
    logging::start(Some(config.log_level));
    let unknown: Vec<&str> = config.formats.unknown_fields().collect();
    if !unknown.is_empty() {
        tracing::warn!(
            fields = unknown.join(" "),
            "FLOW_LOG_FORMAT names fields that are not known yet; they are not read"
        );
    }
    let served = match &config.publish_to {
        PublishTo::Console => serve(config, Console, Console).await,
        PublishTo::Aws { topic_arn } => {
            let shared = Shared::default();
            let alerts = SnsAlerts::new(shared.clone(), topic_arn);
            let metrics = CloudWatchMetrics::new(shared, &config.site.metric_namespace);
            serve(config, alerts, metrics).await
        }
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("the runtime ended: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Answers invocations until the environment is shut down.
async fn serve<A, M>(config: Config, alerts: A, metrics: M) -> Result<(), lambda_runtime::Error>
where
    A: AlertSink + Send + Sync + 'static,
    M: MetricSink + Send + Sync + 'static,
{
    let handler = Arc::new(Handler::new(config, alerts, metrics, MemoryIncidents::default()));
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let handler = Arc::clone(&handler);
        // Boxed, because the clients' futures are nested deeper than the compiler looks.
        Box::pin(async move { handler.handle(event.payload.get(), event.context.deadline()).await })
    }))
    .await
}
