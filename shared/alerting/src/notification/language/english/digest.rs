//! The digest in English.

use crate::{
    digest::{Cadence, IncidentState, Part, Unknown},
    incident::Signal,
    notification::language::{
        digest::{DigestPhrases, Internet, VerdictWords},
        english::English,
    },
    text::grouped,
};

impl DigestPhrases for English {
    fn subject(&self, rule: &str, cadence: Cadence, date: &str, parts: &[String]) -> String {
        let title = match cadence {
            Cadence::Daily => "Daily digest",
            Cadence::Weekly => "Weekly digest",
        };
        format!("[{rule}] {title} {date}: {}", parts.join(", "))
    }

    fn verdict(&self, verdict: VerdictWords<'_>) -> String {
        match verdict {
            VerdictWords::Nothing => "nothing of yours was blocked".to_owned(),
            VerdictWords::Incidents(1) => "1 incident".to_owned(),
            VerdictWords::Incidents(count) => format!("{} incidents", grouped(count)),
            VerdictWords::Records(records, _) => format!("{records} of yours rejected"),
            VerdictWords::NoRecords => "no flow log records".to_owned(),
            VerdictWords::Unknown => "not known whether anything was blocked".to_owned(),
        }
    }

    fn subject_pings(&self, pings: u64, background: bool) -> String {
        let plural = if pings == 1 { "" } else { "s" };
        match background {
            true => format!("{} background ping{plural}", grouped(pings)),
            false => format!("{} ping{plural} from the internet", grouped(pings)),
        }
    }

    fn subject_gaps(&self) -> &'static str {
        "records may be missing"
    }

    fn opening(&self, verdict: VerdictWords<'_>, from: &str, to: &str) -> String {
        let over = format!("from {from} to {to}");
        match verdict {
            VerdictWords::Nothing => format!("Nothing of yours was blocked {over}."),
            VerdictWords::Incidents(1) => format!("1 incident {over}."),
            VerdictWords::Incidents(count) => format!("{} incidents {over}.", grouped(count)),
            VerdictWords::Records(records, false) => {
                format!("Rejected pings of yours and of private networks {over}: {records}.")
            }
            VerdictWords::Records(records, true) => {
                format!("Rejected traffic of yours and of private networks {over}: {records}.")
            }
            VerdictWords::NoRecords => {
                format!("No flow log record arrived {over}, so nothing is known about that time.")
            }
            VerdictWords::Unknown => format!("It is not known whether anything of yours was blocked {over}."),
        }
    }

    fn check_flow_log(&self, log_group: &str) -> String {
        format!("Check that the flow log exists and can write to the log group {log_group}.")
    }

    fn reported_before(&self, connections: bool) -> &'static str {
        if connections {
            return "No email about an incident was sent in that time: they belong to an incident that was reported before, to a silence, \
                    to a rule that is only counted, or are single packets.";
        }
        "No email about an incident was sent in that time: they belong to an incident that was reported before, or to a silence."
    }

    fn incident(&self, first: &str, signal: Option<Signal>, subject: &str, state: IncidentState, last: &str) -> String {
        let signal = signal.map(|signal| format!(" ({})", self.signal(signal))).unwrap_or_default();
        let state = match state {
            IncidentState::Resolved => String::new(),
            IncidentState::Open => format!(". Open at its latest email, {last}."),
            IncidentState::NotReported => ". No email says when it is resolved (ResolvedEmails=no).".to_owned(),
        };
        format!("{first}{signal}: {subject}{state}")
    }

    fn signal(&self, signal: Signal) -> &'static str {
        match signal {
            Signal::OwnRequest => "request of yours",
            Signal::OwnAnswer => "answer of yours",
            Signal::Private => "private network",
            Signal::MustReach => "must reach",
            Signal::HealthCheck => "health check",
            Signal::Flood => "flood",
            Signal::PersistentPing => "persistent ping",
            Signal::Internet => "internet",
        }
    }

    fn incidents_incomplete(&self) -> &'static str {
        "There may be more: at most 100 emails can be listed."
    }

    fn own_records(&self, records: &str, connections: bool) -> String {
        let what = if connections { "traffic" } else { "pings" };
        format!("Rejected {what} of yours and of private networks: {records}.")
    }

    fn background(&self, of: Internet, amounts: &str, usual: Option<&str>, cadence: Cadence, periods: u64) -> String {
        let periods = match (cadence, periods) {
            (Cadence::Daily, 1) => "The day before".to_owned(),
            (Cadence::Weekly, 1) => "The week before".to_owned(),
            (Cadence::Daily, days) => format!("Median of the {days} days before"),
            (Cadence::Weekly, weeks) => format!("Median of the {weeks} weeks before"),
        };
        let usual = usual.map(|usual| format!(" {periods}: {usual}.")).unwrap_or_default();
        let what = match of {
            Internet::Pings => "Pings",
            Internet::Connections => "Rejected TCP and UDP",
        };
        format!("{what} from the internet: {amounts}.{usual}")
    }

    fn digested(&self, rule: &str, records: &str) -> String {
        format!("Of yours and of private networks by the rule {rule}, which sends no emails: {records}.")
    }

    fn late(&self, records: &str) -> String {
        format!("Late packets of connections that were over, which are no problem: {records}.")
    }

    fn ranked(&self, address: &str, packets: &str) -> String {
        format!("{address} ({packets})")
    }

    fn sources(&self, ranked: &str) -> String {
        format!("Top sources: {ranked}.")
    }

    fn targets(&self, ranked: &str) -> String {
        format!("Top targets: {ranked}.")
    }

    fn new_sources(&self, addresses: Option<&str>) -> String {
        match addresses {
            Some(addresses) => format!("New among them (in the top 100 of none of the 7 days before): {addresses}."),
            None => "None of these sources is new.".to_owned(),
        }
    }

    fn silences(&self) -> &'static str {
        "Silences:"
    }

    fn silence(&self, what: &str, until: &str, by: &str, reason: &str, held_back: Option<&str>) -> String {
        let held_back = held_back.map(|records| format!(" Held back in this time: {records}.")).unwrap_or_default();
        format!("{what}, until {until}, by {by}: {reason}.{held_back}")
    }

    fn coverage(&self, interfaces: Option<&str>, newest: Option<&str>, none: &[&str]) -> String {
        let seen = match (interfaces, newest) {
            (Some(interfaces), Some(newest)) => {
                Some(format!("{interfaces} sent records, the newest within the minute of {newest}"))
            }
            (Some(interfaces), None) => Some(format!("{interfaces} sent records")),
            (None, Some(newest)) => Some(format!("the newest record came within the minute of {newest}")),
            (None, None) => None,
        };
        let none = match none {
            [] => None,
            [only] => Some(format!("no {only}")),
            [first @ .., last] => Some(format!("no {} or {last}", first.join(", "))),
        };
        let clauses: Vec<String> = seen.into_iter().chain(none).collect();
        if clauses.is_empty() { String::new() } else { format!("Coverage: {}.", clauses.join("; ")) }
    }

    fn stale(&self, age: Option<&str>) -> String {
        match age {
            Some(age) => format!("No record has come for {age}."),
            None => "No record has come for more than a day.".to_owned(),
        }
    }

    fn gone(&self, interfaces: &str, names: &str) -> String {
        format!("No records from {interfaces} that sent some in the 7 days before: {names}.")
    }

    fn skipped(&self, records: &str) -> String {
        format!("AWS skipped data (SKIPDATA): {records}. Rejected pings may be missing.")
    }

    fn unparsed(&self, lines: u64) -> String {
        format!("Lines that could not be read: {}. The function's log has the reasons.", grouped(lines))
    }

    fn failed_batches(&self, batches: u64) -> String {
        format!("Batches in the failure queue: {}. They are in no email until they are replayed.", grouped(batches))
    }

    fn failed_timers(&self, messages: u64) -> String {
        format!(
            "Messages in the failure queue of timers: {}. Their emails are not sent until they are replayed.",
            grouped(messages)
        )
    }

    fn not_known(&self, parts: &str) -> String {
        format!("Not known: {parts}.")
    }

    fn for_reason(&self, parts: &[&str], reason: &str) -> String {
        format!("{} ({reason})", parts.join(", "))
    }

    fn part(&self, part: Part) -> &'static str {
        match part {
            Part::OwnRecords => "your own rejected records",
            Part::Incidents => "the list of incidents",
            Part::Background => "pings from the internet",
            Part::Median => "what is usual",
            Part::Sources => "top sources",
            Part::NewSources => "which sources are new",
            Part::Targets => "top targets",
            Part::Connections => "TCP and UDP from the internet",
            Part::Late => "late packets",
            Part::HeldBack => "what silences held back",
            Part::LogEvents => "how many records came",
            Part::Newest => "when the newest record came",
            Part::Interfaces => "which interfaces sent records",
            Part::GoneInterfaces => "which interfaces stopped sending",
            Part::Skipped => "SKIPDATA records",
            Part::Unparsed => "unreadable lines",
            Part::FailedBatches => "failed batches",
            Part::FailedTimers => "failed timer messages",
        }
    }

    fn unknown(&self, unknown: &Unknown) -> String {
        match unknown {
            Unknown::SwitchedOff(setting) => format!("switched off: {setting}"),
            Unknown::CustomFormat => "needs the default flow log format".to_owned(),
            Unknown::TooSlow => "CloudWatch did not answer in time".to_owned(),
            Unknown::Failed(reason) => reason.clone(),
            Unknown::TooMany => "more than 100".to_owned(),
            Unknown::NothingBefore => "no records before".to_owned(),
            Unknown::NoValues => "no values, although records came".to_owned(),
            Unknown::NotAsked => "not asked".to_owned(),
        }
    }
}
