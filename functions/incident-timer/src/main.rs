//! The Lambda function that comes back to open incidents: fed by a queue of delayed messages, it sends what is due, an update or
//! a resolved email, and arms the next message. While no incident is open there is no message, and it does not run.

use std::{process::ExitCode, sync::Arc, time::Duration};

use alerting::{
    detection::Rule,
    engine::{Engine, Outcome},
    incident::state::TimerMessage,
    ports::{Enricher, IncidentStore, MetricSink, Timers},
    time::{self, EpochMillis},
};
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use function_edge::clock;
use futures_util::future;
use lambda_runtime::{Error, LambdaEvent, service_fn};

/// Kept from the invocation's time for answering Lambda.
const DEADLINE_MARGIN: Duration = Duration::from_millis(1_000);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(config) = function_edge::start() else { return ExitCode::FAILURE };
    let engine = Arc::new(function_edge::engine(&config));
    let served = lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| {
        let engine = Arc::clone(&engine);
        // Boxed, because the clients' futures are nested deeper than the compiler looks.
        Box::pin(async move {
            let deadline = clock::epoch_millis(event.context.deadline());
            let messages = event.payload.records.len();
            let response = handle(&engine, event.payload, &event.context.request_id, deadline).await;
            if messages > 0 && response.batch_item_failures.len() == messages {
                // Lambda counts an error only of a whole invocation, and the alarm looks at those.
                return Err(Error::from(format!("all {messages} timer messages have to come again; the log says why")));
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

/// Does what each message asks for, all at once, so that one whose services hang does not keep the others waiting until their
/// time is over, too. Names those that have to come again.
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
    let woken =
        event.records.iter().map(|message| tokio::time::timeout(time_left(), wake(engine, message, request_id)));
    let woken = future::join_all(woken).await;
    let mut response = SqsBatchResponse::default();
    let mut all = Outcome::default();
    for (message, result) in event.records.iter().zip(woken) {
        match result.unwrap_or_else(|_| Err("a service did not answer in time".to_owned())) {
            Ok(outcome) => all.add(outcome),
            Err(reason) => {
                let id = message.message_id.clone().unwrap_or_default();
                tracing::error!(message = id, reason, "a timer message has to come again");
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                response.batch_item_failures.push(failure);
            }
        }
    }
    // One call for all messages, and no reason to have any of them again: what they asked for is done.
    let reported = tokio::time::timeout(time_left(), engine.report(&mut all, clock::now())).await;
    if reported.is_err() || all.unreported.is_some() {
        let reason = all.unreported.map_or_else(|| "no time left".to_owned(), |error| error.to_string());
        tracing::warn!(reason, "metrics of what was decided and sent are not published");
    }
    response
}

async fn wake<S: IncidentStore, T: Timers, M: MetricSink, N: Enricher>(
    engine: &Engine<S, T, M, N>,
    message: &SqsMessage,
    request_id: &str,
) -> Result<Outcome, String> {
    let body = message.body.as_deref().unwrap_or_default();
    let wake: TimerMessage = serde_json::from_str(body).map_err(|error| format!("not a timer message: {error}"))?;
    // Unique for this handling: the same message can be delivered twice, and one invocation can be given several.
    let run = format!("{request_id} {}", message.message_id.as_deref().unwrap_or_default());
    let outcome = engine.timer(&wake, &run, clock::now()).await.map_err(|error| error.to_string())?;
    if !outcome.set_aside.is_empty() {
        tracing::error!(copies = outcome.set_aside.join(" "), "stored documents could not be read and were set aside");
    }
    let reasons: Vec<&str> = outcome.reasons.iter().map(|reason| reason.word()).collect();
    tracing::info!(
        key = %wake.key,
        incident = wake.incident,
        timer = wake.timer,
        emails = outcome.emails,
        reasons = reasons.join(" "),
        "woken"
    );
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use alerting::{
        incident::{
            GroupBy, IncidentKey,
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

    /// Knows of no incident, and never answers when it is asked for the one named `hangs`.
    #[derive(Debug)]
    struct World;

    impl IncidentStore for World {
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

    impl Timers for World {
        async fn schedule(&self, _: &TimerMessage, _: u64) -> Result<(), PortError> {
            Ok(())
        }
    }

    impl MetricSink for World {
        async fn publish(&self, _: &[Point]) -> Result<(), PortError> {
            Ok(())
        }
    }

    fn message(key: &str) -> SqsMessage {
        let wake = TimerMessage { key: IncidentKey::new(Rule::PingDeny, "1", key), incident: "1".to_owned(), timer: 0 };
        let mut message = SqsMessage::default();
        message.message_id = Some(key.to_owned());
        message.body = Some(serde_json::to_string(&wake).expect("a message is text"));
        message
    }

    #[tokio::test]
    async fn one_message_that_hangs_does_not_keep_the_others_from_being_done() {
        let engine = Engine {
            store: World,
            timers: World,
            notifiers: Notifiers::default(),
            metrics: World,
            network: NoNetwork,
            policy: Policy::default(),
            group_by: GroupBy::LogGroup,
            site: Site {
                region: "eu-west-1".to_owned(),
                console: AwsConsole::new("eu-west-1"),
                metric_namespace: "n".to_owned(),
                metric_name: "m".to_owned(),
                language: Language::English,
                zone: Zone::UTC,
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
    fn the_queue_hands_over_one_message_at_a_time() {
        // A panic ends the process, as the release profile says: it must not take nine other messages with it.
        let template = include_str!("../../../template.yaml");
        let (_, timer) = template.split_once("\n  IncidentTimer:\n").expect("the function is there");
        let size = timer.lines().find_map(|line| line.trim().strip_prefix("BatchSize: "));
        assert_eq!(size, Some("1"));
    }

    #[test]
    fn what_cannot_be_sent_is_in_the_failure_queue_before_a_new_round_begins() {
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
