//! How urgent a notification is: one word for filter policies and chat channels.

use std::net::IpAddr;

use serde::Serialize;

use crate::{
    address::Scope,
    notification::{kind::NotificationKind, notification::Notification, ranking::Ranking},
};

/// From so many targets on, an internal sender is taken to try a network and not a host.
pub const SWEEP_TARGETS: u64 = 10;

/// How much a message should disturb people. It goes by who sent the packets and to how many, nothing else: no rule knows how
/// much a host matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The incident is resolved.
    Info,
    /// All senders known by name are outside: what the internet does to every public address all day.
    Low,
    /// A sender is internal: something of ours, or of a network connected to it, did not get through. Also where no sender is
    /// known.
    Medium,
    /// All senders known by name are internal, and they tried [`SWEEP_TARGETS`] targets or more: a host that searches the
    /// network, or one that has lost it.
    High,
}

impl Severity {
    /// The severity of a notification.
    pub fn of(notification: &Notification<'_>) -> Severity {
        match notification.kind {
            NotificationKind::Resolved => Severity::Info,
            NotificationKind::Opened | NotificationKind::Update => {
                Severity::of_sides(&notification.content.sources, &notification.content.targets)
            }
        }
    }

    fn of_sides(sources: &Ranking<IpAddr>, targets: &Ranking<IpAddr>) -> Severity {
        let known = sources.ranked.len();
        let inside = sources.ranked.iter().filter(|one| Scope::of(one.value).is_internal()).count();
        match inside {
            0 if known > 0 => Severity::Low,
            _ if known > 0 && inside == known && targets.distinct >= SWEEP_TARGETS => Severity::High,
            _ => Severity::Medium,
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
    use std::net::IpAddr;

    use super::{SWEEP_TARGETS, Severity};
    use crate::{incident::Ranked, notification::ranking::Ranking};

    fn side(addresses: &[&str], distinct: u64) -> Ranking<IpAddr> {
        let ranked = |address: &&str| Ranked { value: address.parse().unwrap(), weight: 1, home: None };
        Ranking { ranked: addresses.iter().map(ranked).collect(), distinct, exact: true, unknown: false }
    }

    #[test]
    fn it_goes_by_who_sent_and_to_how_many() {
        let many = SWEEP_TARGETS;
        for (sources, targets, expect) in [
            (&["203.0.113.12"][..], 1, Severity::Low),
            (&["203.0.113.12", "2406:da14::1"], many, Severity::Low),
            (&["10.0.0.1"], 1, Severity::Medium),
            (&["10.0.0.1"], many - 1, Severity::Medium),
            (&["10.0.0.1"], many, Severity::High),
            (&["10.0.0.1", "fd00::1", "100.64.0.1"], many, Severity::High),
            (&["10.0.0.1", "203.0.113.12"], many, Severity::Medium),
            (&[], many, Severity::Medium),
        ] {
            let found = Severity::of_sides(&side(sources, sources.len() as u64), &side(&[], targets));
            assert_eq!(found, expect, "{sources:?} to {targets}");
        }
    }
}
