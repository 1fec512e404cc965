//! How urgent a notification is: one word for filter policies and chat channels.

use serde::Serialize;

use crate::{detection::Rule, incident::Signal, notification::kind::NotificationKind};

/// From so many targets on, senders of ours are taken to try a network and not a host.
pub const SWEEP_TARGETS: u64 = 10;

/// How much a message should disturb people. It goes by whose packets were rejected and by how many targets they had, nothing else: no
/// rule knows how much a host matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The incident is resolved, or it is what the internet does to every public address all day.
    Info,
    /// Somebody on the internet keeps pinging one address.
    Low,
    /// Something of ours, of a network connected to it, or of a source that must get through did not get through.
    Medium,
    /// Requests of ours or of a private network to [`SWEEP_TARGETS`] targets or more, or a scan: a host that searches the network, or one
    /// that has lost it. Or a flood from the internet.
    High,
}

impl Severity {
    /// The severity of a notification of a kind about a rule and a signal with so many targets.
    pub fn of(kind: NotificationKind, rule: Rule, signal: Signal, targets: u64) -> Severity {
        match kind {
            NotificationKind::Resolved => Severity::Info,
            _ if rule == Rule::Scan => Severity::High,
            NotificationKind::Opened | NotificationKind::Reopened | NotificationKind::Update => {
                Severity::of_signal(signal, targets)
            }
        }
    }

    fn of_signal(signal: Signal, targets: u64) -> Severity {
        match signal {
            Signal::OwnRequest | Signal::Private if targets >= SWEEP_TARGETS => Severity::High,
            // However many they are that are answered: they chose us.
            Signal::OwnRequest | Signal::OwnAnswer | Signal::Private | Signal::MustReach | Signal::HealthCheck => {
                Severity::Medium
            }
            Signal::Flood => Severity::High,
            Signal::PersistentPing => Severity::Low,
            Signal::Internet => Severity::Info,
        }
    }

    /// The severity as one stable word.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SWEEP_TARGETS, Severity};
    use crate::{detection::Rule, incident::Signal, notification::kind::NotificationKind};

    #[test]
    fn it_goes_by_whose_packets_they_are_and_by_their_targets() {
        let many = SWEEP_TARGETS;
        for (signal, targets, expect) in [
            (Signal::OwnRequest, 1, Severity::Medium),
            (Signal::OwnRequest, many - 1, Severity::Medium),
            (Signal::OwnRequest, many, Severity::High),
            (Signal::OwnAnswer, many, Severity::Medium),
            (Signal::Private, many - 1, Severity::Medium),
            (Signal::Private, many, Severity::High),
            (Signal::MustReach, many, Severity::Medium),
            (Signal::Flood, 1, Severity::High),
            (Signal::PersistentPing, 1, Severity::Low),
            (Signal::Internet, many, Severity::Info),
        ] {
            let severity = |kind, rule| Severity::of(kind, rule, signal, targets);
            for rule in [Rule::Ping, Rule::Request] {
                assert_eq!(severity(NotificationKind::Update, rule), expect, "{signal:?} to {targets}");
            }
            assert_eq!(severity(NotificationKind::Opened, Rule::Scan), Severity::High, "a scan");
            assert_eq!(severity(NotificationKind::Resolved, Rule::Scan), Severity::Info, "what is over");
        }
    }
}
