//! Headlines, and how things stand, in English.

use crate::{
    incident::{Reason, Signal, SignalPolicy},
    notification::{
        kind::NotificationKind,
        language::{
            english::{English, capital},
            phrases::Headlines,
            terms::{Parties, RejectionKind, SilenceWords, Traffic},
        },
        severity::Severity,
    },
    text::grouped,
};

impl Headlines for English {
    fn headline(&self, story: RejectionKind, parties: Parties<'_>, amount: &str, more: bool) -> String {
        let Parties { own, other, .. } = parties;
        let amount = with_more(amount, more);
        let were = if amount.starts_with("1 ") { "was" } else { "were" };
        let opening = capital(&amount);
        match story {
            RejectionKind::AnswersStopped => format!("{own} could not answer {amount} from {other}"),
            RejectionKind::AnswersNotReceived => format!("{own} could not get the answers of {other} to {amount}"),
            RejectionKind::Outbound => format!("{own} could not send {amount} to {other}"),
            RejectionKind::Inbound => format!("{opening} from {other} to {own} {were} rejected"),
            RejectionKind::Between => format!("{opening} between {own} and {other} {were} rejected"),
            RejectionKind::Rejected => format!("{opening} from {own} to {other} {were} rejected"),
        }
    }

    fn brief(&self, story: RejectionKind, parties: Parties<'_>, amount: &str, more: bool) -> String {
        let Parties { own, other, .. } = parties;
        let rejected = with_more(amount, more).replacen("ping", "rejected ping", 1);
        match story {
            RejectionKind::Inbound => format!("{rejected} from {other} to {own}"),
            RejectionKind::Between => format!("{rejected} between {own} and {other}"),
            RejectionKind::Rejected => format!("{rejected} from {own} to {other}"),
            _ => self.headline(story, parties, amount, more),
        }
    }

    fn terse(&self, story: RejectionKind, parties: Parties<'_>, amount: &str, more: bool) -> String {
        // What may be cut off is the end of the last name.
        self.brief(story, parties, amount, more)
    }

    fn test_of(&self, headline: &str) -> String {
        format!("TEST: {headline}")
    }

    fn uncounted_pings(&self, records: &str) -> String {
        format!("pings ({records})")
    }

    fn subject(
        &self,
        rule: &str,
        kind: NotificationKind,
        silenced: bool,
        lasted: Option<&str>,
        headline: &str,
    ) -> String {
        let lasted = lasted.map(|lasted| format!(" after {lasted}")).unwrap_or_default();
        match kind {
            NotificationKind::Opened => format!("[{rule}] {headline}"),
            NotificationKind::Reopened => format!("[{rule}] REOPENED: {headline}"),
            NotificationKind::Update => format!("[{rule}] UPDATE: {headline}"),
            NotificationKind::Resolved => format!("[{rule}] {}{lasted}: {headline}", ended(silenced)),
        }
    }

    fn opened_since(&self, since: &str) -> String {
        format!("OPENED {since}.")
    }

    fn update_since(&self, since: &str) -> String {
        format!("UPDATE, open since {since}.")
    }

    fn reopened_since(&self, since: &str, resolved: &str) -> String {
        format!("REOPENED, resolved at {resolved}, first opened {since}.")
    }

    fn resolved_over(&self, range: &str, lasted: &str, silenced: bool) -> String {
        format!("{} after {lasted}: {range}.", ended(silenced))
    }

    fn silenced(&self, silence: &SilenceWords<'_>) -> String {
        let SilenceWords { id, conditions, until, by, reason, since, ended } = silence;
        let covers = match ended {
            None => format!("has covered findings since {since}"),
            Some(ended) => format!("covered findings from {since} until it ended at {ended}"),
        };
        format!(
            "The silence {id} ({conditions}, until {until}, by {by}: {reason}) {covers}. This email does not count them."
        )
    }

    fn more_silences(&self, more: u64) -> String {
        format!("{} more silences cover findings. This email does not count them.", grouped(more))
    }

    fn severity(&self, severity: Severity) -> String {
        format!("Severity {}.", severity.word())
    }

    fn incident_because(&self, signal: Signal, policy: &SignalPolicy, undecided: bool) -> String {
        let so_many = |packets: u64, what: &str| match packets {
            0 => String::new(),
            packets => format!(", {} packets or more {what}", grouped(packets)),
        };
        let because = match (signal, self.0) {
            (Signal::OwnRequest, _) => "a request of your own, or the answer to it, was stopped".to_owned(),
            (Signal::OwnAnswer, Traffic::Pings) => "your own answer to a ping that was let in was stopped".to_owned(),
            (Signal::OwnAnswer, Traffic::Connections) => {
                "your own answer to a request that was let in was stopped".to_owned()
            }
            (Signal::Private, traffic) => {
                let what = if traffic == Traffic::Pings { "a ping" } else { "a request" };
                match undecided {
                    true => format!(
                        "{what} was stopped that came from a private network, or of which nobody can tell where it came from"
                    ),
                    false => format!("{what} from a private network was stopped"),
                }
            }
            (Signal::MustReach, _) => "a source was stopped that must get through (parameter MustReach)".to_owned(),
            (Signal::HealthCheck, _) => "a health check of Route 53 was stopped".to_owned(),
            (Signal::Flood, _) => {
                format!(
                    "it is a flood from the internet{}",
                    so_many(policy.flood_packets_per_minute, "to one target within a minute")
                )
            }
            (Signal::PersistentPing, traffic) => {
                let what = if traffic == Traffic::Pings { "ping" } else { "sender" };
                format!(
                    "it is a persistent {what} from the internet{}",
                    so_many(policy.persistent_packets, "from one source to one target within one batch of records")
                )
            }
            (Signal::Internet, Traffic::Pings) => {
                "any ping from the internet is one here (parameter InternetPings)".to_owned()
            }
            (Signal::Internet, Traffic::Connections) => "anything from the internet is one here".to_owned(),
        };
        format!("It is an incident because {because}.")
    }

    fn previous(&self, ended: &str, amounts: &str, lasted: &str) -> String {
        format!("The previous incident ended at {ended}: {amounts} in {lasted}.")
    }

    fn because(&self, reason: Reason, kind: NotificationKind) -> Option<String> {
        match (reason, kind) {
            (Reason::UpdateDue | Reason::NewAddress, NotificationKind::Reopened) => {
                Some(format!("Such {} were rejected again within an hour after it was resolved.", such(self.0)))
            }
            (Reason::NewAddress, _) => Some(
                "Sent early, because an address is affected that no email about this incident has named.".to_owned(),
            ),
            (Reason::New | Reason::UpdateDue | Reason::Open | Reason::Quiet, _)
            | (Reason::LeaseExpired, NotificationKind::Resolved) => None,
            // The rest decide that nothing is sent, or that an earlier attempt is finished.
            (
                Reason::LeaseExpired
                | Reason::Reopened
                | Reason::Silenced
                | Reason::Capped
                | Reason::Resumed
                | Reason::Repeated
                | Reason::NotDue
                | Reason::SendInProgress
                | Reason::Stale,
                _,
            ) => Some("This email is late, because the run that should have sent it stopped.".to_owned()),
        }
    }

    fn sent_after(&self, span: &str, first: bool) -> String {
        format!("Sent {span} after the {} packet.", if first { "first" } else { "last" })
    }

    fn next_email(&self, next: &str, sooner: bool, quiet: &str, resolved: bool) -> String {
        let sooner = if sooner { ", sooner if another address is affected" } else { "" };
        let end = if resolved { "resolved, with an email," } else { "resolved, without an email," };
        format!("Next email at {next} if it continues{sooner}; {end} after {quiet} without such {}.", such(self.0))
    }

    fn covers_since(&self, number: u32, at: &str) -> String {
        format!("This is email {number} of this incident. It covers what came since the email at {at}.")
    }

    fn covers_incident(&self, number: u32, resolved_before: Option<&str>) -> String {
        match resolved_before {
            None => format!("This is email {number} of this incident. It covers the whole incident."),
            Some(at) => format!(
                "This is email {number} of this incident. It covers what came since it was reopened, after it had been \
                 resolved at {at}; only the total covers the whole incident."
            ),
        }
    }

    fn since_last_email(&self, amounts: Option<&str>) -> String {
        match amounts {
            Some(amounts) => format!("Since the last email: {amounts}."),
            None => format!("No such {} since the last email.", such(self.0)),
        }
    }
}

/// What the packets are called.
fn such(traffic: Traffic) -> &'static str {
    match traffic {
        Traffic::Pings => "pings",
        Traffic::Connections => "packets",
    }
}

/// How an incident ended.
fn ended(silenced: bool) -> &'static str {
    if silenced { "SILENCED" } else { "RESOLVED" }
}

fn with_more(amount: &str, more: bool) -> String {
    if more { amount.replacen("ping", "more ping", 1) } else { amount.to_owned() }
}
