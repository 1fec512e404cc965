//! The Lambda function that runs the timers of open incidents and sends the digest. Delayed SQS messages invoke it; it sends the update
//! or resolved email that is due and schedules the next message. A schedule invokes it when a digest is due. While no incident is open,
//! there are no messages.

mod digest;
mod event;

use std::{process::ExitCode, sync::Arc, time::Duration};

use alerting::{
    engine::{Engine, Outcome},
    ports::{DigestSource, Enricher, IncidentStore, MetricSink, Timers},
    time::{self, EpochMillis},
};
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use function_edge::clock;
use futures_util::future;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Serialize;

use crate::{
    digest::DigestSender,
    event::{DigestDue, Event, Message},
};

/// Time reserved at the end of an invocation for responding to Lambda.
const DEADLINE_MARGIN: Duration = Duration::from_millis(1_000);

/// The response.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Response {
    /// The messages that failed.
    Messages(SqsBatchResponse),
    /// What became of a digest.
    Digest {
        /// Emails sent: none if it was sent before.
        emails: u64,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(config) = function_edge::start() else { return ExitCode::FAILURE };
    let source = function_edge::digest_source();
    let digests = DigestSender { source, settings: config.digest.clone() };
    let shared = Arc::new((function_edge::engine(&config), digests));
    let served = lambda_runtime::run(service_fn(move |event: LambdaEvent<Event>| {
        let shared = Arc::clone(&shared);
        // Boxed, because the AWS clients' futures are nested deeper than the compiler's recursion limit.
        Box::pin(async move {
            let deadline = clock::epoch_millis(event.context.deadline());
            let (engine, digests) = &*shared;
            let request_id = &event.context.request_id;
            match event.payload {
                Event::Messages(messages) => {
                    handle_messages((engine, digests), messages, request_id, deadline).await.map(Response::Messages)
                }
                Event::Digest(due) => {
                    let sent = handle_digest((engine, digests), due, request_id, deadline).await;
                    sent.map(|outcome| Response::Digest { emails: outcome.emails })
                }
            }
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

/// The time until the response has to be ready.
fn time_left(deadline: EpochMillis) -> Duration {
    let left = Duration::from_millis(time::millis_between(clock::now(), deadline));
    left.saturating_sub(DEADLINE_MARGIN)
}

/// Sends the digest that is due.
///
/// # Errors
/// It could not be sent or recorded in time. Lambda invokes the function again, and what fails three times goes to the failure queue.
async fn handle_digest<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher, D: DigestSource>(
    (engine, digests): (&Engine<S, T, M, N>, &DigestSender<D>),
    due: DigestDue,
    request_id: &str,
    deadline: EpochMillis,
) -> Result<Outcome, Error> {
    let sent = tokio::time::timeout(time_left(deadline), digests.send(engine, due, request_id)).await;
    let mut outcome = sent.unwrap_or_else(|_| Err("a service did not answer in time".to_owned()))?;
    report(engine, &mut outcome, deadline).await;
    Ok(outcome)
}

/// Processes the messages.
///
/// # Errors
/// All of them failed: Lambda's Errors metric counts only invocations that fail as a whole, and the alarm watches that metric.
async fn handle_messages<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher, D: DigestSource>(
    function: (&Engine<S, T, M, N>, &DigestSender<D>),
    event: SqsEvent,
    request_id: &str,
    deadline: EpochMillis,
) -> Result<SqsBatchResponse, Error> {
    let messages = event.records.len();
    let response = handle(function, event, request_id, deadline).await;
    if messages > 0 && response.batch_item_failures.len() == messages {
        return Err(Error::from(format!("all {messages} timer messages failed and will be retried; see the log")));
    }
    Ok(response)
}

/// Processes all messages concurrently, so that one whose calls hang does not delay the others until they time out too.
/// Returns the messages that failed, for SQS to deliver again.
async fn handle<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher, D: DigestSource>(
    (engine, digests): (&Engine<S, T, M, N>, &DigestSender<D>),
    event: SqsEvent,
    request_id: &str,
    deadline: EpochMillis,
) -> SqsBatchResponse {
    let run = |message| tokio::time::timeout(time_left(deadline), run((engine, digests), message, request_id));
    let runs = event.records.iter().map(run);
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
    report(engine, &mut all, deadline).await;
    response
}

/// Publishes the metrics about the monitor itself.
async fn report<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher>(
    engine: &Engine<S, T, M, N>,
    outcome: &mut Outcome,
    deadline: EpochMillis,
) {
    let reported = tokio::time::timeout(time_left(deadline), engine.report(outcome, clock::now())).await;
    if reported.is_err() || outcome.unreported.is_some() {
        let reason = outcome.unreported.take().map_or_else(|| "no time left".to_owned(), |error| error.to_string());
        tracing::warn!(reason, "operational metrics could not be published");
    }
}

/// Processes one message: runs the timer of its incident and logs the outcome.
///
/// # Errors
/// The message is not a timer message, or the engine could not finish its work.
async fn run<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher, D: DigestSource>(
    (engine, digests): (&Engine<S, T, M, N>, &DigestSender<D>),
    message: &SqsMessage,
    request_id: &str,
) -> Result<Outcome, String> {
    let body = message.body.as_deref().unwrap_or_default();
    // Unique to this run: SQS can deliver a message twice, and one invocation can receive several messages.
    let run = format!("{request_id} {}", message.message_id.as_deref().unwrap_or_default());
    let timer_message = match serde_json::from_str(body).map_err(|error| format!("not a timer message: {error}"))? {
        Message::Timer(timer_message) => timer_message,
        Message::Digest(due) => return digests.send(engine, due, &run).await,
    };
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
        detection::{LogSource, Rule},
        digest::{Answers, Questions},
        incident::{
            GroupBy, IncidentKey, Signal, SignalPolicy,
            plan::ROUND_MILLIS,
            policy::{MAX_TIMEOUT_SECONDS, Policy},
            state::{ItemId, TimerMessage, Versioned, Write},
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

    impl DigestSource for Stub {
        async fn ask(&self, _: &Questions) -> Answers {
            Answers::default()
        }
    }

    fn message(key: &str) -> SqsMessage {
        let body = TimerMessage {
            key: IncidentKey::new(Rule::Ping, &LogSource::logged_in("1", "eu-west-1", key), Signal::Private),
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
                account: None,
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
        let digests = DigestSender { source: Stub, settings: None };
        let response = handle((&engine, &digests), event, "run", time::after(clock::now(), 1_300)).await;
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
