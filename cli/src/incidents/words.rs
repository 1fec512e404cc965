//! Words for incidents, in plain English.

use alerting::{
    detection::Rule,
    incident::{IncidentKey, KeyPart, Signal},
    text::one_line,
    time::EpochMillis,
    zone::Zone,
};

/// Maximum length of a foreign name, in characters.
const MAX_NAME_CHARS: usize = 64;

/// A signal in words, of a rule.
fn signal(rule: Rule, signal: Signal) -> &'static str {
    match signal {
        Signal::OwnRequest if rule == Rule::Scan => "a host of yours is taken for a scan",
        Signal::Private if rule == Rule::Scan => "a host of a private network is taken for a scan",
        Signal::Private if rule == Rule::Helper => "health checks are stopped",
        Signal::Private if rule != Rule::Ping => "requests from private networks are stopped",
        Signal::OwnRequest => "your requests are stopped",
        Signal::OwnAnswer => "your answers are stopped",
        Signal::Private => "pings from private networks are stopped",
        Signal::MustReach => "a source that must get through is stopped",
        Signal::HealthCheck => "health checks of Route 53 are stopped",
        Signal::Flood => "a flood from the internet",
        Signal::PersistentPing => "a persistent ping from the internet",
        Signal::Internet => "pings from the internet",
    }
}

/// What an incident is about, with the one interface, source or target where it is narrower than a log group.
pub(super) fn what(key: &IncidentKey) -> String {
    let part = match &key.part {
        KeyPart::All => return signal(key.rule, key.signal).to_owned(),
        KeyPart::Test => return "a test of the whole path".to_owned(),
        KeyPart::Interface(id) => format!("interface {}", one_line(id, MAX_NAME_CHARS)),
        KeyPart::Source(address) => format!("source {address}"),
        KeyPart::Target(address) => format!("target {address}"),
        KeyPart::Service(service) => format!("service {service}"),
        KeyPart::OtherInterfaces => "other interfaces".to_owned(),
        KeyPart::OtherSources => "other sources".to_owned(),
        KeyPart::OtherTargets => "other targets".to_owned(),
        KeyPart::OtherServices => "other services".to_owned(),
    };
    format!("{} ({part})", signal(key.rule, key.signal))
}

/// A point in time with its day and its zone.
pub(super) fn point(zone: &Zone, at: EpochMillis) -> String {
    format!("{} {}", zone.day_and_minute(at), zone.minute(at).1)
}
