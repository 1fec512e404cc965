//! The Lambda function that runs the timers of open incidents. Delayed SQS messages invoke it; it sends the update or resolved
//! email that is due and schedules the next message. While no incident is open, there are no messages and it does not run.

use std::{process::ExitCode, sync::Arc, time::Duration};

use alerting::{
    engine::{Engine, Outcome},
    incident::state::TimerMessage,
    ports::{Enricher, IncidentStore, MetricSink, Timers},
    time::{self, EpochMillis},
};
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use function_edge::clock;
use futures_util::future;
use lambda_runtime::{Error, LambdaEvent, service_fn};

/// Time reserved at the end of an invocation for responding to Lambda.
const DEADLINE_MARGIN: Duration = Duration::from_millis(1_000);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(config) = function_edge::start() else { return ExitCode::FAILURE };
    let engine = Arc::new(function_edge::engine(&config));
    let served = lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| {
        let engine = Arc::clone(&engine);
        // Boxed, because the AWS clients' futures are nested deeper than the compiler's recursion limit.
        Box::pin(async move {
            let deadline = clock::epoch_millis(event.context.deadline());
            let messages = event.payload.records.len();
            let response = handle(&engine, event.payload, &event.context.request_id, deadline).await;
            if messages > 0 && response.batch_item_failures.len() == messages {
                // Lambda's Errors metric counts only invocations that fail as a whole, and the alarm watches that metric.
                return Err(Error::from(format!(
                    "all {messages} timer messages failed and will be retried; see the log"
                )));
            }
            Ok(response)
        })
    }));
    match served.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("the runtime ended: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Processes all messages concurrently, so that one whose calls hang does not delay the others until they time out too.
/// Returns the messages that failed, for SQS to deliver again.
async fn handle<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher>(
    engine: &Engine<S, T, M, N>,
    event: SqsEvent,
    request_id: &str,
    deadline: EpochMillis,
) -> SqsBatchResponse {
    let time_left = || {
        let left = Duration::from_millis(time::millis_between(clock::now(), deadline));
        left.saturating_sub(DEADLINE_MARGIN)
    };
    let runs = event.records.iter().map(|message| tokio::time::timeout(time_left(), run(engine, message, request_id)));
    let results = future::join_all(runs).await;
    let mut response = SqsBatchResponse::default();
    let mut all = Outcome::default();
    for (message, result) in event.records.iter().zip(results) {
        match result.unwrap_or_else(|_| Err("a service did not answer in time".to_owned())) {
            Ok(outcome) => all.add(outcome),
            Err(reason) => {
                let id = message.message_id.clone().unwrap_or_default();
                tracing::error!(message = id, reason, "a timer message failed and will be retried");
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                response.batch_item_failures.push(failure);
            }
        }
    }
    // One call for all messages. If it fails, no message is retried, because their work is done.
    let reported = tokio::time::timeout(time_left(), engine.report(&mut all, clock::now())).await;
    if reported.is_err() || all.unreported.is_some() {
        let reason = all.unreported.map_or_else(|| "no time left".to_owned(), |error| error.to_string());
        tracing::warn!(reason, "operational metrics could not be published");
    }
    response
}

/// Processes one message: runs the timer of its incident and logs the outcome.
///
/// # Errors
/// The message is not a timer message, or the engine could not finish its work.
async fn run<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher>(
    engine: &Engine<S, T, M, N>,
    message: &SqsMessage,
    request_id: &str,
) -> Result<Outcome, String> {
    let body = message.body.as_deref().unwrap_or_default();
    let timer_message: TimerMessage =
        serde_json::from_str(body).map_err(|error| format!("not a timer message: {error}"))?;
    // Unique to this run: SQS can deliver a message twice, and one invocation can receive several messages.
    let run = format!("{request_id} {}", message.message_id.as_deref().unwrap_or_default());
    let outcome = engine.timer(&timer_message, &run, clock::now()).await.map_err(|error| error.to_string())?;
    if !outcome.set_aside.is_empty() {
        tracing::error!(copies = outcome.set_aside.join(" "), "stored documents could not be read and were set aside");
    }
    let reasons: Vec<&str> = outcome.reasons.iter().map(|reason| reason.word()).collect();
    tracing::info!(
        key = %timer_message.key,
        incident = timer_message.incident,
        timer = timer_message.timer,
        emails = outcome.emails,
        reasons = reasons.join(" "),
        "timer message processed"
    );
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use alerting::{
        detection::Rule,
        incident::{
            GroupBy, IncidentKey, Signal, SignalPolicy,
            plan::ROUND_MILLIS,
            policy::{MAX_TIMEOUT_SECONDS, Policy},
            state::{ItemId, Versioned, Write},
        },
        memory::NoNetwork,
        metrics::Point,
        notification::{Language, Site, links::console::AwsConsole},
        ports::{Commit, Notifiers, PortError},
        time::SECOND_MILLIS,
        zone::Zone,
    };

    use super::*;

    /// Ports without any incident. Reading the incident named `hangs` never returns.
    #[derive(Debug)]
    struct Stub;

    impl IncidentStore for Stub {
        async fn get(&self, ids: &[ItemId]) -> Result<Vec<Option<Versioned>>, PortError> {
            if ids.iter().any(|id| id.text().contains("hangs")) {
                future::pending::<()>().await;
            }
            Ok(vec![None; ids.len()])
        }

        async fn commit(&self, _: &[Write]) -> Result<Commit, PortError> {
            Ok(Commit::Written)
        }
    }

    impl Timers for Stub {
        async fn schedule(&self, _: &TimerMessage, _: u64) -> Result<(), PortError> {
            Ok(())
        }
    }

    impl MetricSink for Stub {
        async fn publish(&self, _: &[Point]) -> Result<(), PortError> {
            Ok(())
        }

        fn log(&self, _: &[Point]) {}
    }

    fn message(key: &str) -> SqsMessage {
        let body = TimerMessage {
            key: IncidentKey::new(Rule::PingDeny, "1", key, Signal::Private),
            incident: "1".to_owned(),
            timer: 0,
        };
        let mut message = SqsMessage::default();
        message.message_id = Some(key.to_owned());
        message.body = Some(serde_json::to_string(&body).expect("a timer message is JSON"));
        message
    }

    #[tokio::test]
    async fn a_message_that_hangs_does_not_stop_the_others() {
        let engine = Engine {
            store: Stub,
            timers: Stub,
            notifiers: Notifiers::default(),
            metrics: Stub,
            network: NoNetwork,
            policy: Policy::default(),
            group_by: GroupBy::LogGroup,
            signals: SignalPolicy::default(),
            site: Site {
                region: "eu-west-1".to_owned(),
                console: AwsConsole::new("eu-west-1"),
                metric_namespace: "n".to_owned(),
                metric_name: "m".to_owned(),
                language: Language::English,
                zone: Zone::UTC,
                stack: None,
                formats: flow_log::Formats::default(),
            },
            operational_metrics: false,
        };
        let mut event = SqsEvent::default();
        let mut broken = message("broken");
        broken.body = Some("{}".to_owned());
        event.records = vec![message("a"), message("hangs"), message("b"), broken];
        let response = handle(&engine, event, "run", time::after(clock::now(), 1_300)).await;
        let failed: Vec<&str> = response.batch_item_failures.iter().map(|one| one.item_identifier.as_str()).collect();
        assert_eq!(failed, ["hangs", "broken"]);
    }

    #[test]
    fn the_template_passes_one_message_to_each_invocation() {
        // The release profile aborts on a panic. With one message per invocation, no other message is lost with it.
        let template = include_str!("../../../template.yaml");
        let (_, timer) = template.split_once("\n  IncidentTimer:\n").expect("the template has the function");
        let size = timer.lines().find_map(|line| line.trim().strip_prefix("BatchSize: "));
        assert_eq!(size, Some("1"));
    }

    #[test]
    fn a_failing_message_reaches_the_failure_queue_before_the_next_round() {
        let template = include_str!("../../../template.yaml");
        let (_, queue) = template.split_once("\n  TimerQueue:\n").expect("the queue is there");
        let ten_times =
            "VisibilityTimeout: !Sub [\"${Seconds}0\", { Seconds: !FindInMap [Functions, Limits, TimeoutSeconds] }]";
        assert!(queue.contains(ten_times), "ten times the time-out");
        let (_, receives) = queue.split_once("maxReceiveCount: ").expect("it gives up");
        let receives: u64 =
            receives.chars().take_while(char::is_ascii_digit).collect::<String>().parse().expect("a number");
        assert!(receives * 10 * u64::from(MAX_TIMEOUT_SECONDS) * SECOND_MILLIS < ROUND_MILLIS);
    }
}
