//! `vpc-flow-alerts replay`: sends what failed to the functions again.

mod failed;
mod queue;

use std::{process::ExitCode, time::Duration};

use aws_adapters::signed::{Caller, Failure, Limits, Request, Service};

use self::{
    failed::{Failed, timer_body},
    queue::{Message, Queue},
};
use alerting::text::one_line;

use crate::{
    aws::{Session, Stack, StackArgs, block_on, failed as call_failed},
    output,
};

/// Time limit of an invocation: longer than the function's own, and than Lambda's largest for asynchronous retries of it.
const INVOKE_TIMEOUT: Duration = Duration::from_secs(330);
/// From so many messages on, progress is shown.
const LARGE_QUEUE: u64 = 50;
/// Messages from one line of progress to the next.
const PROGRESS_EVERY: u64 = 50;
/// Maximum length of a response that is shown, in characters.
const MAX_RESPONSE_CHARS: usize = 400;
/// Version of Lambda's API.
const LAMBDA_VERSION: &str = "2015-03-31";

const EXAMPLES: &str = "\
Examples:
  vpc-flow-alerts replay --show
  vpc-flow-alerts replay --stack ping-deny
  vpc-flow-alerts replay --queue-url https://sqs.us-east-1.amazonaws.com/123456789012/failures --function ping-deny-flow-alerts

Exit codes:
  0  nothing is left in the failure queue
  1  a batch is left in the failure queue, a call failed, or the replay was interrupted";

/// Sends failed batches to the function again, and failed timer messages to their queue.
///
/// Receives the records of failed invocations one by one, prints what each is and why it failed, and invokes the function with the batch.
/// A record is deleted only after the function has processed it. The others become visible again at the end, also after Ctrl-C. The
/// function counts a batch once however often it is sent, so that a replay can be interrupted and repeated. Timer messages that are
/// not current any more have no effect.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    stack: StackArgs,
    /// The URL of the failure queue, instead of a stack
    #[arg(long, value_name = "URL", requires = "function", conflicts_with = "stack")]
    queue_url: Option<String>,
    /// The function, instead of a stack
    #[arg(long, value_name = "NAME", requires = "queue_url", conflicts_with = "stack")]
    function: Option<String>,
    /// Show what is in the queues, and change nothing
    #[arg(long)]
    show: bool,
    /// Delete records without their batch, which was too large; its records are in the log group
    #[arg(long)]
    drop: bool,
}

/// Where things are.
struct Place {
    function: String,
    failures: String,
    /// The queue of the timers, and that of those that failed.
    timers: Option<(String, String)>,
    log_group: Option<String>,
}

/// What has become of the failed batches.
#[derive(Default)]
struct Outcome {
    done: u64,
    left: u64,
    timers: u64,
}

/// Runs the command.
///
/// # Errors
/// One line with what to do.
pub(crate) fn run(args: &Args) -> Result<ExitCode, String> {
    block_on(async {
        let session = Session::new(&args.stack.aws).await?;
        let place = args.place(&session).await?;
        let mut failures = Queue::new(&session, &place.failures);
        let mut failed_timers = place.timers.as_ref().map(|(_, failed)| Queue::new(&session, failed));
        let mut outcome = Outcome::default();
        let all = async {
            batches(args, &session, &place, &mut failures, &mut outcome).await?;
            match (&place.timers, &mut failed_timers) {
                (Some((timers, _)), Some(failed)) => {
                    resend(args.show, &Queue::new(&session, timers), failed, &mut outcome).await
                }
                _ => Ok(()),
            }
        };
        let ended = tokio::select! {
            ended = all => ended,
            _ = tokio::signal::ctrl_c() => Err("interrupted: what was not done is in the queue, run the command again".to_owned()),
        };
        let mut released = failures.release().await;
        if let Some(failed) = &mut failed_timers {
            released = released.and(failed.release().await);
        }
        let Outcome { done, left, timers } = outcome;
        if timers > 0 {
            let what = if args.show { "are in their failure queue" } else { "were sent again" };
            output::print(&format!("{timers} timer messages {what}\n"))?;
        }
        output::print(&format!("{done} done, {left} left in the queue\n"))?;
        ended?;
        released
            .map_err(|error| format!("what is left becomes visible in the queue only after 15 minutes: {error}"))?;
        Ok(if left > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    })
}

impl Args {
    /// Finds queues and function. Account and region are on standard error then.
    async fn place(&self, session: &Session) -> Result<Place, String> {
        if let (Some(queue_url), Some(function)) = (&self.queue_url, &self.function) {
            session.announce(&format!("function {function}")).await;
            return Ok(Place {
                function: function.clone(),
                failures: queue_url.clone(),
                timers: None,
                log_group: None,
            });
        }
        session.announce(&format!("stack {}", self.stack.stack)).await;
        let stack = Stack::describe(session, &self.stack.stack).await?;
        let timers = (stack.output("TimerQueueUrl")?.to_owned(), stack.output("TimerFailureQueueUrl")?.to_owned());
        Ok(Place {
            function: stack.output("FunctionName")?.to_owned(),
            failures: stack.output("FailureQueueUrl")?.to_owned(),
            timers: Some(timers),
            log_group: Some(stack.output("LogGroupName")?.to_owned()),
        })
    }
}

/// Replays the failure queue.
async fn batches(
    args: &Args,
    session: &Session,
    place: &Place,
    failures: &mut Queue,
    outcome: &mut Outcome,
) -> Result<(), String> {
    // No retries: a slow call means that the function is still running.
    let limits = Limits { attempt_timeout: INVOKE_TIMEOUT, operation_timeout: INVOKE_TIMEOUT, max_attempts: 1 };
    let function = session.caller(Service::LAMBDA).with_limits(limits);
    let waiting = failures.waiting().await.filter(|waiting| *waiting >= LARGE_QUEUE);
    while let Some(message) = failures.next().await? {
        // It is in the queue until it is deleted, also if something fails in between.
        outcome.left += 1;
        if batch(args, place, &function, &message, outcome).await? {
            failures.delete(&message).await?;
            outcome.left -= 1;
        }
        let Outcome { done, left, .. } = *outcome;
        if let Some(waiting) = waiting.filter(|_| (done + left).is_multiple_of(PROGRESS_EVERY)) {
            eprintln!("vpc-flow-alerts: {} of about {waiting}: {done} done, {left} left", done + left);
        }
    }
    Ok(())
}

/// Shows a record, and sends its batch to the function. Returns whether to delete it.
async fn batch(
    args: &Args,
    place: &Place,
    function: &Caller,
    message: &Message,
    outcome: &mut Outcome,
) -> Result<bool, String> {
    let failed = Failed::read(&message.body);
    output::print(&failed.summary())?;
    let Some(event) = failed.event() else {
        let drops = args.drop && !args.show;
        let search = failed.search(place.log_group.as_deref().unwrap_or("THE-LOG-GROUP"));
        let next = if drops { "Dropped." } else { "To drop it: vpc-flow-alerts replay --drop" };
        output::print(&format!(
            "  This record does not have its batch, which was too large. Its records are in the log group:\n    {search}\n  \
             They were not reported or counted. {next}\n"
        ))?;
        return Ok(drops);
    };
    if args.show {
        return Ok(false);
    }
    let request = Request::post(&[LAMBDA_VERSION, "functions", &place.function, "invocations"], event.to_owned());
    match function.call(request).await {
        Ok(response) => {
            let response = String::from_utf8_lossy(&response);
            output::print(&format!("  done: {}\n", one_line(&response, MAX_RESPONSE_CHARS)))?;
            outcome.done += 1;
            Ok(true)
        }
        // None of the others would get through either.
        Err(error @ (Failure::NoCredentials | Failure::NotSent(_) | Failure::NoConnection)) => {
            Err(call_failed("lambda:InvokeFunction", &error))
        }
        Err(error) => {
            output::print(&format!("  failed again, left in the queue: {}\n", why(&error)))?;
            Ok(false)
        }
    }
}

/// Why an invocation failed: the function's own error, or the call's.
fn why(error: &Failure) -> String {
    match error {
        Failure::Refused { code, message } if code.starts_with("function error") => message.clone(),
        _ => call_failed("lambda:InvokeFunction", error),
    }
}

/// Sends failed timer messages to their queue again.
async fn resend(only_show: bool, timers: &Queue, failed: &mut Queue, outcome: &mut Outcome) -> Result<(), String> {
    while let Some(message) = failed.next().await? {
        outcome.timers += 1;
        if !only_show {
            // Sent before it is deleted. A duplicate has no effect.
            timers.send(timer_body(&message.body)).await?;
            failed.delete(&message).await?;
        }
    }
    Ok(())
}
