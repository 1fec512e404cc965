//! The record that tests a deployment.

use alerting::{
    address::Networks,
    detection::{Detector, LogSource, TEST_LOG_STREAM},
    incident::{GroupBy, IncidentKey, SignalPolicy, key},
    time::{self, EpochMillis, MINUTE_MILLIS},
};
use flow_log::{Field, Formats, LogEvent, LogFormat};

/// Sender and receiver: link-local addresses that RFC 3927 reserves, so nobody has them, and no look-up finds them.
///
/// Both are internal by their numbers. So neither is taken for the internet's, whatever `OwnNetworks` is, and a record between two
/// internal addresses is a signal with any settings, with and without a direction.
const ADDRESSES: [&str; 2] = ["169.254.0.1", "169.254.0.2"];

/// The interface. EC2 gives no interface such an id.
const INTERFACE: &str = "eni-00000000000000000";

/// A record, and where it belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TestRecord {
    /// The record, in the stack's own format.
    pub(crate) line: String,
    /// The time of its log event: that of its first packet, as flow logs have it.
    pub(crate) at: EpochMillis,
    /// The incident that it opens.
    pub(crate) key: IncidentKey,
}

impl TestRecord {
    /// Writes the record of a minute that ended just now, and lets the core say which incident it belongs to.
    ///
    /// # Errors
    /// The record would open no incident. One line.
    pub(crate) fn new(
        logged_in: &LogSource,
        formats: &[LogFormat],
        own_networks: &Networks,
        now: EpochMillis,
    ) -> Result<TestRecord, String> {
        let at = EpochMillis((time::before(now, MINUTE_MILLIS).0 / 1_000) * 1_000);
        let first = formats.first().ok_or("the stack declares no format")?;
        let line = line(first, &logged_in.account, at);
        let formats = Formats::new(formats.to_vec()).map_err(|error| error.to_string())?;
        let mut detector = Detector::new(&formats).with_own_networks(own_networks);
        detector.observe(&LogEvent::new("", i64::try_from(at.0).unwrap_or(i64::MAX), line.as_str()));
        let source = LogSource { log_stream: TEST_LOG_STREAM.to_owned(), ..logged_in.clone() };
        let detection = detector.finish(source);
        let groups = key::group(&detection, GroupBy::LogGroup, &SignalPolicy::default()).groups;
        let key = groups.into_iter().next().map(|group| group.key);
        let key = key.ok_or_else(|| format!("a record of the stack's format opens no incident: {line}"))?;
        Ok(TestRecord { line, at, key })
    }
}

fn line(format: &LogFormat, account: &str, start: EpochMillis) -> String {
    let seconds = |at: EpochMillis| (at.0 / 1_000).to_string();
    let version = format.fields().flatten().map(Field::since_version).max().unwrap_or(2);
    let value = |field: Option<Field>| match field {
        Some(Field::Version) => version.to_string(),
        Some(Field::AccountId) => account.to_owned(),
        Some(Field::InterfaceId) => INTERFACE.to_owned(),
        Some(Field::SrcAddr | Field::PktSrcAddr) => ADDRESSES[0].to_owned(),
        Some(Field::DstAddr | Field::PktDstAddr) => ADDRESSES[1].to_owned(),
        Some(Field::SrcPort | Field::DstPort) => "0".to_owned(),
        Some(Field::Protocol) => "1".to_owned(),
        Some(Field::Packets) => "1".to_owned(),
        Some(Field::Bytes) => "84".to_owned(),
        Some(Field::Start) => seconds(start),
        Some(Field::End) => seconds(time::after(start, MINUTE_MILLIS)),
        Some(Field::Action) => "REJECT".to_owned(),
        Some(Field::LogStatus) => "OK".to_owned(),
        Some(Field::Type) => "IPv4".to_owned(),
        Some(Field::FlowDirection) => "ingress".to_owned(),
        // As AWS writes what does not apply.
        _ => "-".to_owned(),
    };
    format.fields().map(value).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::expected::default_format;

    const NOW: EpochMillis = EpochMillis(1_795_401_534_567);

    fn of(format: &str, own_networks: &str) -> TestRecord {
        let formats: Vec<LogFormat> = format.split('|').map(|one| LogFormat::parse(one).unwrap()).collect();
        let own = Networks::parse(own_networks).unwrap();
        TestRecord::new(&LogSource::logged_in("123456789012", "us-east-1", "Log-Group"), &formats, &own, NOW).unwrap()
    }

    #[test]
    fn a_record_of_the_default_format() {
        let record = of(&default_format(), "");
        let line =
            "2 123456789012 eni-00000000000000000 169.254.0.1 169.254.0.2 0 0 1 1 84 1795401474 1795401534 REJECT OK";
        assert_eq!((record.line.as_str(), record.at), (line, EpochMillis(1_795_401_474_000)));
    }

    #[test]
    fn it_opens_the_same_incident_with_any_format_and_any_own_networks() {
        let every: Vec<String> = Field::ALL.iter().map(|field| format!("${{{}}}", field.name())).collect();
        let (default, every) = (default_format(), every.join(" "));
        let few = "${action} ${protocol} ${srcaddr} ${dstaddr} ${log-status} ${a-new-field}";
        for format in [&default, &every, few, &format!("{few}|{default}")] {
            for own in ["", "0.0.0.0/0", "169.254.0.0/16", "169.254.0.1/32", "169.254.0.2/32", "198.51.100.0/24"] {
                assert_eq!(
                    of(format, own).key.to_string(),
                    "Ping-Deny|123456789012|us-east-1|Log-Group|private|test",
                    "{format} {own}"
                );
            }
        }
    }
}
