//! Silences: a person's time-limited rules not to be notified of some findings. What they cover is counted, and no email reports it.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    detection::{Finding, Origin, Rule, ServicePort},
    incident::key::IncidentKey,
    text::shell_word,
    time::{self, EpochMillis, MINUTE_MILLIS, epoch_millis},
};

/// Silences that are stored at most. All of them are read with each batch that has findings of an incident.
pub const MAX_SILENCES: usize = 50;

/// How long a silence lasts at most, in milliseconds: 30 days.
pub const MAX_SILENCE_MILLIS: u64 = 30 * 24 * 60 * MINUTE_MILLIS;

/// A silence covers a finding if all of its conditions hold. One without any, but for the rule and where it was logged, covers nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Unique among the silences of a stack.
    pub id: String,
    /// The rule that matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// Where the packets came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The sender's address is one of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<IpNet>,
    /// The receiver's address is one of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<IpNet>,
    /// The server's port: see [`Finding::service`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<ServicePort>,
    /// The interface, or the resource without one, that logged the records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// The account that the records were logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The region that they were logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The log group that they were logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_group: Option<String>,
    /// When it begins.
    #[serde(with = "epoch_millis")]
    pub from: EpochMillis,
    /// When it ends, at most [`MAX_SILENCE_MILLIS`] later.
    #[serde(with = "epoch_millis")]
    pub until: EpochMillis,
    /// Why, in the words of whoever made it.
    pub reason: String,
    /// Who made it.
    pub by: String,
    /// Fields that this version does not know. They may be conditions: then it covers nothing.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

impl Silence {
    /// When it ends, whatever was written: no silence lasts longer than [`MAX_SILENCE_MILLIS`].
    pub fn ends_at(&self) -> EpochMillis {
        self.until.min(time::after(self.from, MAX_SILENCE_MILLIS))
    }

    /// Tells whether it is in force.
    pub fn is_in_force(&self, now: EpochMillis) -> bool {
        self.from <= now && now < self.ends_at()
    }

    /// Tells whether it covers a finding that belongs to an incident.
    pub fn covers(&self, incident: &IncidentKey, finding: &Finding) -> bool {
        let Silence { origin, source, destination, port, interface, unknown, .. } = self;
        let within = |network: IpNet, address: IpAddr| network.contains(&address.to_canonical());
        let narrows = source.is_some() || destination.is_some() || port.is_some() || interface.is_some();
        (origin.is_some() || narrows)
            && unknown.is_empty()
            && self.is_of(incident)
            && origin.is_none_or(|origin| origin == finding.origin)
            && source.is_none_or(|source| within(source, finding.flow.sender()))
            && destination.is_none_or(|destination| within(destination, finding.flow.receiver()))
            && port.is_none_or(|port| finding.service().is_some_and(|service| service.port == port))
            && interface.as_deref().is_none_or(|interface| finding.flow.logged_by() == Some(interface))
    }

    /// Tells whether it covers all findings of an incident, those without names included.
    pub fn covers_all(&self, incident: &IncidentKey) -> bool {
        let anywhere =
            self.source.is_none() && self.destination.is_none() && self.port.is_none() && self.interface.is_none();
        anywhere && self.unknown.is_empty() && self.origin == Some(incident.signal.origin()) && self.is_of(incident)
    }

    /// Tells whether the conditions about what an incident's key has hold.
    fn is_of(&self, IncidentKey { rule, account, region, log_group, .. }: &IncidentKey) -> bool {
        let is = |wanted: &Option<String>, known: &str| wanted.as_deref().is_none_or(|wanted| wanted == known);
        self.rule.is_none_or(|own| own == *rule)
            && is(&self.account, account)
            && is(&self.region, region)
            && is(&self.log_group, log_group)
    }

    /// Its conditions as the command line takes them: `--source 10.0.0.1 --origin private`. The interface is foreign text.
    pub fn conditions(&self) -> String {
        let network = |network: IpNet| match network.prefix_len() == network.max_prefix_len() {
            true => network.addr().to_string(),
            false => network.to_string(),
        };
        let word = |text: Option<&str>| text.map(|text| shell_word(text).into_owned());
        let conditions = [
            ("--rule", self.rule.map(|rule| rule.word().to_owned())),
            ("--source", self.source.map(network)),
            ("--destination", self.destination.map(network)),
            ("--port", self.port.map(|port| port.to_string())),
            ("--interface", word(self.interface.as_deref())),
            ("--origin", self.origin.map(|origin| origin.full_word().to_owned())),
            ("--log-account", word(self.account.as_deref())),
            ("--log-region", word(self.region.as_deref())),
            ("--log-group", word(self.log_group.as_deref())),
        ];
        let conditions = conditions.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value?)));
        conditions.collect::<Vec<_>>().join(" ")
    }

    /// Tells whether findings that it covers can have this address.
    pub(crate) fn may_cover(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let mut networks = self.source.iter().chain(&self.destination).peekable();
        networks.peek().is_none() || networks.any(|network| network.contains(&address))
    }
}

/// The silences of a stack, as they are stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SilenceList(pub Vec<Silence>);

impl SilenceList {
    /// Those in force, at most [`MAX_SILENCES`].
    pub fn in_force(&self, now: EpochMillis) -> Vec<&Silence> {
        self.0.iter().filter(|silence| silence.is_in_force(now)).take(MAX_SILENCES).collect()
    }
}

/// A silence that has covered findings of an open incident: they are not in its counters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silenced {
    /// The silence.
    pub silence: Silence,
    /// When it covered one for the first time.
    #[serde(with = "epoch_millis")]
    pub since: EpochMillis,
    /// When it was no longer in force; none while it is.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "epoch_millis::option")]
    pub ended: Option<EpochMillis>,
}

#[cfg(test)]
mod tests {
    use flow_log::{Formats, LogEvent, Protocol};
    use serde_json::json;

    use super::*;
    use crate::{
        detection::{Detector, Flow, LogSource, Server, ServerBasis, Side},
        incident::Signal,
        time::MINUTE_MILLIS,
    };

    const FROM: EpochMillis = EpochMillis(1_795_401_134_000);

    /// A silence from [`FROM`] for an hour, with these conditions.
    fn silence(conditions: Value) -> Silence {
        let until = time::after(FROM, 60 * MINUTE_MILLIS).0;
        let mut fields = json!({ "id": "s1", "from": FROM.0, "until": until, "reason": "load test", "by": "alice" });
        fields.as_object_mut().unwrap().extend(conditions.as_object().unwrap().clone());
        serde_json::from_value(fields).unwrap()
    }

    /// An incident of a rule about requests of ours, logged in account 1, eu-west-1, Log-Group.
    fn incident(rule: Rule) -> IncidentKey {
        IncidentKey::new(rule, &LogSource::logged_in("1", "eu-west-1", "Log-Group"), Signal::OwnRequest)
    }

    /// A request of 10.0.0.1 to 8.8.8.8 that eni-1 logged.
    fn finding() -> Finding {
        let formats = Formats::default();
        let mut detector = Detector::new(&formats);
        detector.observe(&LogEvent::new("1", 0, "2 1 eni-1 10.0.0.1 8.8.8.8 0 0 1 4 336 60 119 REJECT OK"));
        detector.finish(LogSource::default()).findings().remove(0).clone()
    }

    #[test]
    fn all_conditions_must_hold() {
        for (conditions, covers) in [
            (json!({ "source": "10.0.0.1/32" }), true),
            (json!({ "source": "10.0.0.0/24" }), true),
            (json!({ "source": "10.0.1.0/24" }), false),
            (json!({ "source": "8.8.8.8/32" }), false),
            (json!({ "destination": "8.8.8.8/32" }), true),
            (json!({ "destination": "10.0.0.1/32" }), false),
            (json!({ "destination": "::/0" }), false),
            (json!({ "interface": "eni-1" }), true),
            (json!({ "interface": "eni-12" }), false),
            (json!({ "origin": "own-request" }), true),
            (json!({ "origin": "own-answer" }), false),
            (json!({ "source": "10.0.0.1/32", "origin": "private" }), false),
            (json!({ "source": "10.0.0.1/32", "interface": "eni-2" }), false),
            (json!({ "source": "10.0.0.1/32", "destination": "8.8.4.4/32" }), false),
            (json!({ "source": "10.0.0.1/32", "rule": "ping", "interface": "eni-1" }), true),
            (json!({ "rule": "ping" }), false),
            (json!({ "source": "10.0.0.1/32", "account": "1", "region": "eu-west-1", "log_group": "Log-Group" }), true),
            (json!({ "source": "10.0.0.1/32", "account": "2" }), false),
            (json!({ "source": "10.0.0.1/32", "region": "eu-west-2" }), false),
            (json!({ "source": "10.0.0.1/32", "log_group": "Log-Group-2" }), false),
            (json!({ "account": "1", "region": "eu-west-1", "log_group": "Log-Group" }), false),
            (json!({}), false),
            (json!({ "source": "10.0.0.1/32", "port_of_a_later_version": 22 }), false),
        ] {
            assert_eq!(silence(conditions.clone()).covers(&incident(Rule::Ping), &finding()), covers, "{conditions}");
        }
    }

    #[test]
    fn a_port_is_the_server_s() {
        // 10.0.1.10:41022 asks 10.0.2.20:5432, or is answered by it.
        let ask = |server: Option<Side>| {
            let (srcport, dstport) = match server {
                Some(Side::Target) => (None, Some(5432)),
                Some(Side::Source) => (Some(5432), None),
                None => (Some(41022), Some(5432)),
            };
            let flow = Flow { protocol: Protocol::TCP, srcport, dstport, ..finding().flow };
            let server = server.map(|side| Server { side, basis: ServerBasis::TcpFlags });
            Finding { rule: Rule::Request, flow, server, ..finding() }
        };
        let covers =
            |conditions: Value, finding: &Finding| silence(conditions).covers(&incident(finding.rule), finding);
        for server in [Some(Side::Target), Some(Side::Source), None] {
            let finding = ask(server);
            assert!(covers(json!({ "port": "5432/tcp" }), &finding), "{server:?}");
            assert!(covers(json!({ "port": "5432/tcp", "rule": "request" }), &finding), "{server:?}");
            assert!(!covers(json!({ "port": "5432/udp" }), &finding), "{server:?}");
            assert!(!covers(json!({ "port": "41022/tcp" }), &finding), "the client's: {server:?}");
            assert!(!covers(json!({ "port": "5432/tcp", "rule": "reply" }), &finding), "{server:?}");
        }
        assert!(!covers(json!({ "port": "5432/tcp" }), &finding()), "ICMP has no ports");
    }

    #[test]
    fn conditions_read_as_the_command_takes_them() {
        let all = json!({ "source": "10.0.0.1/32", "destination": "2001:db8::/32", "port": "5432/tcp", "interface": "eni-1",
                          "origin": "own-answer", "rule": "request", "account": "222222222222", "region": "eu-west-2",
                          "log_group": "/vpc/a b" });
        assert_eq!(
            silence(all).conditions(),
            "--rule request --source 10.0.0.1 --destination 2001:db8::/32 --port 5432/tcp --interface eni-1 --origin own-answer \
             --log-account 222222222222 --log-region eu-west-2 --log-group '/vpc/a b'"
        );
        let foreign = silence(json!({ "interface": "eni-1; rm -rf $HOME" }));
        assert_eq!(foreign.conditions(), "--interface 'eni-1; rm -rf $HOME'");
    }

    #[test]
    fn records_without_names_are_covered_by_their_origin_alone() {
        for (conditions, covers) in [
            (json!({ "origin": "own-request" }), true),
            (json!({ "origin": "own-request", "rule": "ping" }), true),
            (json!({ "origin": "private" }), false),
            (json!({ "origin": "own-request", "source": "0.0.0.0/0" }), false),
            (json!({ "origin": "own-request", "port": "53/udp" }), false),
            (json!({ "origin": "own-request", "account": "1" }), true),
            (json!({ "origin": "own-request", "account": "2" }), false),
            (json!({ "origin": "own-request", "later": 1 }), false),
            (json!({ "rule": "ping" }), false),
        ] {
            let covered = silence(conditions.clone()).covers_all(&incident(Rule::Ping));
            assert_eq!(covered, covers, "{conditions}");
        }
    }

    #[test]
    fn it_is_in_force_from_its_first_millisecond_to_the_last_before_its_end_and_never_longer_than_thirty_days() {
        let hour = silence(json!({}));
        for (at, in_force) in [(FROM.0 - 1, false), (FROM.0, true), (hour.until.0 - 1, true), (hour.until.0, false)] {
            assert_eq!(hour.is_in_force(EpochMillis(at)), in_force, "{at}");
        }
        let year = silence(json!({ "until": FROM.0 + 12 * MAX_SILENCE_MILLIS }));
        assert_eq!(year.ends_at(), time::after(FROM, MAX_SILENCE_MILLIS));
        assert!(!year.is_in_force(time::after(FROM, MAX_SILENCE_MILLIS)));
        let list = SilenceList(vec![hour.clone(); MAX_SILENCES + 1]);
        assert_eq!((list.in_force(FROM).len(), list.in_force(hour.until).len()), (MAX_SILENCES, 0));
    }
}
