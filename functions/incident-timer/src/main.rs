//! The Lambda function that comes back to open incidents: fed by a queue of delayed messages, it sends what is due, an update or
//! an all-clear, and arms the next message. While no incident is open there is no message, and it does not run.

use std::{process::ExitCode, sync::Arc, time::Duration};

use alerting::{
    engine::{Engine, Outcome},
    ports::Wake,
    time::{self, EpochMillis},
};
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use function_edge::{
    clock,
    ports::{Alerts, Metrics, Store, Timer},
};
use lambda_runtime::{Error, LambdaEvent, service_fn};

/// Kept from the invocation's time for answering Lambda.
const DEADLINE_MARGIN: Duration = Duration::from_millis(1_000);

type Incidents = Engine<Store, Timer, Alerts, Metrics>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(config) = function_edge::start() else { return ExitCode::FAILURE };
    let engine = Arc::new(function_edge::engine(&config));
    let served = lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| {
        let engine = Arc::clone(&engine);
        // Boxed, because the clients' futures are nested deeper than the compiler looks.
        Box::pin(async move {
            let deadline = clock::epoch_millis(event.context.deadline());
            Ok::<_, Error>(handle(&engine, event.payload, deadline).await)
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

/// Does what each message asks for; names those that have to come again.
async fn handle(engine: &Incidents, event: SqsEvent, deadline: EpochMillis) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    let mut all = Outcome::default();
    for message in event.records {
        let id = message.message_id.clone().unwrap_or_default();
        let left = Duration::from_millis(time::millis_between(clock::now(), deadline));
        let woken = tokio::time::timeout(left.saturating_sub(DEADLINE_MARGIN), wake(engine, &message)).await;
        let result = woken.unwrap_or_else(|_| Err("a service did not answer in time".to_owned()));
        match result {
            Ok(outcome) => all.add(outcome),
            Err(reason) => {
                tracing::error!(message = id, reason, "a timer message has to come again");
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                response.batch_item_failures.push(failure);
            }
        }
    }
    // One call for all messages, and no reason to have any of them again: what they asked for is done.
    let left = Duration::from_millis(time::millis_between(clock::now(), deadline)).saturating_sub(DEADLINE_MARGIN);
    let reported = tokio::time::timeout(left, engine.report(&mut all, clock::now())).await;
    if reported.is_err() || all.unreported.is_some() {
        let reason = all.unreported.map_or_else(|| "no time left".to_owned(), |error| error.to_string());
        tracing::warn!(reason, "metrics of what was decided and sent are not published");
    }
    response
}

async fn wake(engine: &Incidents, message: &SqsMessage) -> Result<Outcome, String> {
    let body = message.body.as_deref().unwrap_or_default();
    let wake: Wake = serde_json::from_str(body).map_err(|error| format!("not a timer message: {error}"))?;
    let outcome = engine.wake(&wake, clock::now()).await.map_err(|error| error.to_string())?;
    let reasons: Vec<&str> = outcome.reasons.iter().map(|reason| reason.word()).collect();
    tracing::info!(
        key = wake.key.0,
        incident = wake.incident,
        timer = wake.timer,
        mails = outcome.mails,
        reasons = reasons.join(" "),
        "woken"
    );
    Ok(outcome)
}
