//! A test email, through the whole path: log group, subscription, function, table, topic.

mod record;

use std::{
    io::{self, IsTerminal as _, Write as _},
    time::Duration,
};

use alerting::{
    address::Networks,
    detection::{LogSource, TEST_LOG_STREAM},
    incident::{
        policy::Policy,
        short_id,
        state::{IncidentRecord, ItemId, OpenIncident, Versioned},
    },
    notification::Language,
    ports::IncidentStore,
    text::one_line,
    time::{self, EpochMillis, MINUTE_MILLIS, SECOND_MILLIS},
};
use aws_adapters::{
    DynamoIncidents,
    signed::{Failure, Request, Service},
};
use record::TestRecord;
use serde::Serialize;
use serde_json::{Value, json};

use super::expected::{formats, parameter};
use crate::{
    aws::{Session, Stack},
    clock::now,
};

/// How long an email is waited for after it is due. CloudWatch Logs delivers within 3 minutes.
const MAX_WAIT_MILLIS: u64 = 5 * MINUTE_MILLIS;

/// The latest that an update of an open test is waited for.
const MAX_UPDATE_MILLIS: u64 = 10 * MINUTE_MILLIS;

/// Pause between two looks at the incident.
const PAUSE: Duration = Duration::from_secs(2);

/// Between two lines of progress.
const PROGRESS_MILLIS: u64 = 15 * SECOND_MILLIS;

/// What came of a test.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct TestResult {
    /// Whether SNS took the email.
    pub(crate) sent: bool,
    /// The short id of the incident, as in the subject of its emails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) incident: Option<String>,
    /// How long it took.
    pub(crate) seconds: u64,
    /// What happened, or what is missing and where to look.
    pub(crate) what: String,
}

/// Sends a test. Progress and the question go to standard error.
///
/// # Errors
/// The test could not be sent, or was not wanted. One line.
pub(crate) async fn run(session: &Session, stack: &Stack, without_question: bool) -> Result<TestResult, String> {
    let log_group = stack.output("LogGroupName")?;
    let account = session.identity().await?.account;
    let own_networks = Networks::parse(parameter(stack, "OwnNetworks")).ok_or("OwnNetworks cannot be read")?;
    let logged_in = LogSource::logged_in(&account, &session.region, log_group);
    let record = |at| TestRecord::new(&logged_in, &formats(stack)?, &own_networks, at);
    let store = DynamoIncidents::new(session.shared.clone(), stack.output("IncidentTableName")?);
    let key = record(now())?.key;
    let before = current(&store, &ItemId::Incident(key.clone())).await?;
    let until = wait_until(stack, before.as_ref(), now())?;
    if !without_question {
        confirm(log_group, before.is_some())?;
    }
    let started = now();
    put(session, log_group, &record(started)?).await?;
    wait(&store, &ItemId::Incident(key), before.as_ref(), (started, until), stack).await
}

/// Returns until when the email is waited for: a new incident's comes at once, and one that is open has updates.
fn wait_until(stack: &Stack, open: Option<&OpenIncident>, now: EpochMillis) -> Result<EpochMillis, String> {
    let Some(open) = open else { return Ok(time::after(now, MAX_WAIT_MILLIS)) };
    let due = time::after(open.last_email_at, policy(stack).interval_millis(open.emails)).max(now);
    let left = time::millis_between(now, due);
    if left > MAX_UPDATE_MILLIS {
        return Err(format!(
            "the test #{} is still open, and its next email is due in {}; it is resolved after {} minutes without a test: test again then",
            short_id(&open.id),
            span(left),
            parameter(stack, "QuietMinutes"),
        ));
    }
    Ok(time::after(due, MAX_WAIT_MILLIS))
}

/// The stack's intervals; the usual ones where they cannot be read.
fn policy(stack: &Stack) -> Policy {
    let millis = |text: &str| text.trim().parse::<u64>().ok().map(|minutes| minutes * MINUTE_MILLIS);
    let intervals: Option<Vec<u64>> = parameter(stack, "UpdateIntervalsMinutes").split(',').map(millis).collect();
    let quiet = millis(parameter(stack, "QuietMinutes"));
    intervals.zip(quiet).and_then(|(intervals, quiet)| Policy::new(&intervals, quiet).ok()).unwrap_or_default()
}

/// Asks whether to send it.
fn confirm(log_group: &str, is_open: bool) -> Result<(), String> {
    if !io::stdin().is_terminal() {
        return Err("nobody can be asked whether to send a test: pass --yes".to_owned());
    }
    let email = if is_open {
        "An earlier test is still open: this one is reported by an update, once that is due"
    } else {
        "All subscribers get an email that is marked TEST, and one when it is resolved"
    };
    eprint!(
        "This writes one rejected ping, made up, into the log stream {TEST_LOG_STREAM} of {log_group}. {email}. The metrics count it \
         as any other record, so the alarm on rejected pings may go off. Send it? [y/N] "
    );
    let mut answer = String::new();
    let read = io::stderr().flush().and_then(|()| io::stdin().read_line(&mut answer));
    read.map_err(|error| format!("standard input: {error}"))?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err("no test was sent".to_owned()),
    }
}

/// Writes the record, as a flow log would.
///
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>
async fn put(session: &Session, log_group: &str, record: &TestRecord) -> Result<(), String> {
    let caller = session.caller(Service::CLOUDWATCH_LOGS);
    let stream = json!({ "logGroupName": log_group, "logStreamName": TEST_LOG_STREAM });
    let create = Request::json("1.1", "Logs_20140328.CreateLogStream", &stream);
    match caller.call(create).await {
        Ok(_) => {}
        Err(Failure::Refused { code, .. }) if code == "ResourceAlreadyExistsException" => {}
        Err(failure) => return Err(format!("logs:CreateLogStream: {failure}")),
    }
    let events = json!([{ "timestamp": record.at.0, "message": record.line }]);
    let input = json!({ "logGroupName": log_group, "logStreamName": TEST_LOG_STREAM, "logEvents": events });
    let put = Request::json("1.1", "Logs_20140328.PutLogEvents", &input);
    let answer = caller.call(put).await.map_err(|failure| format!("logs:PutLogEvents: {failure}"))?;
    let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
    match &answer["rejectedLogEventsInfo"] {
        Value::Null => Ok(()),
        rejected => Err(format!("logs:PutLogEvents took no record: {rejected}; is the clock of this machine right?")),
    }
}

/// Returns the open test incident.
async fn current(store: &DynamoIncidents, id: &ItemId) -> Result<Option<OpenIncident>, String> {
    let found = store.get(std::slice::from_ref(id)).await.map_err(|error| format!("dynamodb:BatchGetItem: {error}"))?;
    let Some(Versioned { doc, .. }) = found.into_iter().next().flatten() else { return Ok(None) };
    let record = IncidentRecord::try_from(doc)
        .map_err(|_| "the record of the test incident cannot be read: it is of another version".to_owned())?;
    Ok(record.current)
}

/// Waits until the record of the incident says that an email was sent.
async fn wait(
    store: &DynamoIncidents,
    id: &ItemId,
    before: Option<&OpenIncident>,
    (started, until): (EpochMillis, EpochMillis),
    stack: &Stack,
) -> Result<TestResult, String> {
    let mut told = started;
    loop {
        let open = current(store, id).await?;
        let at = now();
        let passed = time::millis_between(started, at);
        let result = |sent: bool, what: String| TestResult {
            sent,
            incident: open.as_ref().map(|open| short_id(&open.id)),
            seconds: passed / SECOND_MILLIS,
            what,
        };
        if is_sent(before, open.as_ref()) {
            return Ok(result(true, sent(stack, passed)));
        }
        if at > until {
            return Ok(result(false, missing(stack, open.as_ref())));
        }
        if time::millis_between(told, at) >= PROGRESS_MILLIS {
            told = at;
            let state = if open.is_some() {
                "the record was counted, the email is not sent yet"
            } else {
                "the record is on its way"
            };
            eprintln!("{} after the record was written: {state}", span(passed));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Tells whether an email was sent since: of another incident its first one, otherwise one more.
fn is_sent(before: Option<&OpenIncident>, open: Option<&OpenIncident>) -> bool {
    let Some(open) = open else { return false };
    let earlier = before.filter(|before| before.id == open.id).map_or(0, |before| before.emails);
    open.emails > earlier
}

fn sent(stack: &Stack, passed: u64) -> String {
    let resolved = match parameter(stack, "ResolvedEmails") {
        "no" => "No resolved email follows (ResolvedEmails=no).".to_owned(),
        _ => format!("A resolved email follows after {} minutes.", parameter(stack, "QuietMinutes")),
    };
    format!("the email was handed to SNS {} after the record was written. {resolved}", span(passed))
}

/// What is missing, and where to look.
fn missing(stack: &Stack, open: Option<&OpenIncident>) -> String {
    let log = format!("aws logs tail /aws/lambda/{}-flow-alerts --since 10m", one_line(&stack.name, 128));
    match open {
        None => format!(
            "the record was written, and the function has not counted it. Look at subscription, invoke-permission and function above, \
             at the pattern of the subscription filter, and at the function's log: {log}"
        ),
        Some(_) => format!(
            "the function has counted the record, and no email was sent. Look at emails, key and the failure queues above, and at the \
             function's log: {log}"
        ),
    }
}

fn span(millis: u64) -> String {
    Language::English.phrases().span(millis)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const NOW: EpochMillis = EpochMillis(1_795_401_534_000);

    fn open(id: &str, emails: u32, last_email_minutes_ago: u64) -> OpenIncident {
        let at = time::before(NOW, last_email_minutes_ago * MINUTE_MILLIS);
        OpenIncident {
            id: id.to_owned(),
            opened_at: at,
            emails,
            last_email_at: at,
            lease: None,
            timer: 0,
            timer_at: at,
            named: BTreeSet::new(),
            silenced: Vec::new(),
            earlier: None,
        }
    }

    #[test]
    fn an_email_was_sent_if_the_record_counts_one_more() {
        let (none, one, two, other) = (open("a", 0, 0), open("a", 1, 0), open("a", 2, 0), open("b", 1, 0));
        for (before, now, expect) in [
            (None, None, false),
            (None, Some(&none), false),
            (None, Some(&one), true),
            (Some(&one), None, false),
            (Some(&one), Some(&one), false),
            (Some(&one), Some(&two), true),
            (Some(&two), Some(&other), true),
            (Some(&none), Some(&one), true),
        ] {
            assert_eq!(is_sent(before, now), expect, "{before:?} {now:?}");
        }
    }

    #[test]
    fn an_update_is_waited_for_if_it_is_due_soon() {
        let stack = Stack {
            parameters: [("UpdateIntervalsMinutes", "5,30"), ("QuietMinutes", "15")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            ..Stack::default()
        };
        let minutes = |open: Option<&OpenIncident>| {
            wait_until(&stack, open, NOW).map(|until| time::millis_between(NOW, until) / MINUTE_MILLIS)
        };
        assert_eq!(minutes(None), Ok(5));
        assert_eq!(minutes(Some(&open("a", 1, 2))), Ok(3 + 5));
        assert_eq!(minutes(Some(&open("a", 1, 60))), Ok(5), "it is overdue");
        assert_eq!(minutes(Some(&open("a", 2, 20))), Ok(10 + 5));
        let refused = minutes(Some(&open("a", 2, 19))).unwrap_err();
        assert!(refused.contains("due in 11 min") && refused.contains("after 15 minutes"), "{refused}");
    }

    #[test]
    fn what_is_missing_depends_on_how_far_the_record_got() {
        let stack = Stack { name: "s".to_owned(), ..Stack::default() };
        assert!(missing(&stack, None).contains("the function has not counted it"));
        let counted = missing(&stack, Some(&open("a", 0, 0)));
        assert!(counted.contains("no email was sent") && counted.contains("/aws/lambda/s-flow-alerts"), "{counted}");
    }
}
