//! The settings of a stack, by the names of the template's parameters.

use alerting::{
    address::Networks,
    detection::Rules,
    incident::{GroupBy, InternetPings, SignalPolicy, policy::Policy},
    notification::{Language, Site, links::console::AwsConsole},
    time::MINUTE_MILLIS,
    zone::Zone,
};
use flow_log::Formats;

/// What decides about emails.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) own_networks: Networks,
    pub(crate) signals: SignalPolicy,
    pub(crate) group_by: GroupBy,
    pub(crate) language: Language,
    pub(crate) zone: Zone,
    update_intervals_millis: Vec<u64>,
    quiet_millis: u64,
    resolved_emails: bool,
}

impl Default for Settings {
    /// The defaults of the template.
    fn default() -> Self {
        Settings {
            own_networks: Networks::none(),
            signals: SignalPolicy::default(),
            group_by: GroupBy::default(),
            language: Language::English,
            zone: Zone::UTC,
            update_intervals_millis: [5, 15, 60, 240, 1_440].map(|minutes| minutes * MINUTE_MILLIS).to_vec(),
            quiet_millis: 15 * MINUTE_MILLIS,
            resolved_emails: true,
        }
    }
}

/// Applies a value, or returns what is allowed.
type Apply = fn(&mut Settings, &str) -> Result<(), String>;

/// The parameters that decide about emails.
const PARAMETERS: [(&str, Apply); 12] = [
    ("Rules", |settings, value| Rules::parse(value).map(|rules| settings.signals.rules = rules)),
    ("InternetPings", |settings, value| {
        let words =
            [("digest", InternetPings::Digest), ("alert", InternetPings::Alert), ("count", InternetPings::Count)];
        one_of(value, &words).map(|pings| settings.signals.internet_pings = pings)
    }),
    ("FloodPacketsPerMinute", |settings, value| {
        packets(value).map(|packets| settings.signals.flood_packets_per_minute = packets)
    }),
    ("PersistentPings", |settings, value| packets(value).map(|packets| settings.signals.persistent_packets = packets)),
    ("MustReach", |settings, value| networks(value).map(|networks| settings.signals.must_reach = networks)),
    ("OwnNetworks", |settings, value| networks(value).map(|networks| settings.own_networks = networks)),
    ("UpdateIntervalsMinutes", |settings, value| {
        let millis: Option<Vec<u64>> = value.split(',').map(minutes).collect();
        let allowed = || format!("minutes from {MIN_MINUTES} to {MAX_MINUTES}, separated by commas");
        millis.ok_or_else(allowed).map(|millis| settings.update_intervals_millis = millis)
    }),
    ("QuietMinutes", |settings, value| {
        let allowed = || format!("minutes from {MIN_MINUTES} to {MAX_MINUTES}");
        minutes(value).ok_or_else(allowed).map(|millis| settings.quiet_millis = millis)
    }),
    ("ResolvedEmails", |settings, value| {
        one_of(value, &[("yes", true), ("no", false)]).map(|yes| settings.resolved_emails = yes)
    }),
    ("IncidentBy", |settings, value| {
        let words = [
            ("log-group", GroupBy::LogGroup),
            ("interface", GroupBy::Interface),
            ("source", GroupBy::Source),
            ("destination", GroupBy::Target),
        ];
        one_of(value, &words).map(|group_by| settings.group_by = group_by)
    }),
    ("EmailLanguage", |settings, value| {
        let allowed = || Language::codes().join(", ");
        Language::parse(value).ok_or_else(allowed).map(|language| settings.language = language)
    }),
    ("TimeZone", |settings, value| {
        let allowed = || "a name of the IANA time zone database, such as Asia/Tokyo".to_owned();
        Zone::parse(value).ok_or_else(allowed).map(|zone| settings.zone = zone)
    }),
];

/// A tenth of a minute, as in the functions' configuration.
const MIN_MINUTES: f64 = 0.1;
/// A week.
const MAX_MINUTES: f64 = 7.0 * 24.0 * 60.0;

impl Settings {
    /// Reads `NAME=VALUE` pairs. A later one replaces an earlier one.
    ///
    /// # Errors
    /// The first wrong pair: one line with its name, its value and what is allowed.
    pub(crate) fn parse<'a>(pairs: impl IntoIterator<Item = &'a str>) -> Result<Settings, String> {
        let mut settings = Settings::default();
        for pair in pairs {
            let names = || PARAMETERS.map(|(name, _)| name).join(", ");
            let Some((name, value)) = pair.split_once('=') else {
                return Err(format!("{pair:?} is not NAME=VALUE; names are {}", names()));
            };
            let Some((_, apply)) = PARAMETERS.iter().find(|(known, _)| *known == name) else {
                return Err(format!("there is no setting {name:?}; allowed are {}", names()));
            };
            apply(&mut settings, value.trim()).map_err(|allowed| format!("{name}={value:?}: allowed is {allowed}"))?;
        }
        Ok(settings)
    }

    /// When emails are sent.
    ///
    /// # Errors
    /// What is allowed.
    pub(crate) fn policy(&self) -> Result<Policy, String> {
        let mut policy = Policy::new(&self.update_intervals_millis, self.quiet_millis).map_err(str::to_owned)?;
        policy.resolved_emails = self.resolved_emails;
        Ok(policy)
    }

    /// What links and emails need.
    pub(crate) fn site(&self, region: &str, formats: &Formats) -> Site {
        Site {
            account: None,
            region: region.to_owned(),
            console: AwsConsole::new(region),
            metric_namespace: "Ping-Deny-Metrics".to_owned(),
            metric_name: "Ping-Deny".to_owned(),
            language: self.language,
            zone: self.zone.clone(),
            stack: None,
            formats: formats.clone(),
        }
    }
}

fn one_of<T: Copy>(value: &str, words: &[(&str, T)]) -> Result<T, String> {
    let allowed = || words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
    words.iter().find(|(word, _)| *word == value).map(|(_, meaning)| *meaning).ok_or_else(allowed)
}

fn packets(value: &str) -> Result<u64, String> {
    value.parse().map_err(|_| "a whole number of packets, or 0 for never".to_owned())
}

fn networks(value: &str) -> Result<Networks, String> {
    let allowed = || format!("up to {} CIDR blocks or addresses, separated by commas", Networks::MAX);
    Networks::parse(value).ok_or_else(allowed)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between six seconds and a week")]
fn minutes(text: &str) -> Option<u64> {
    let minutes: f64 = text.trim().parse().ok()?;
    let is_allowed = (MIN_MINUTES..=MAX_MINUTES).contains(&minutes);
    is_allowed.then(|| (minutes * MINUTE_MILLIS as f64).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = include_str!("../../../template.yaml");

    /// The default and the allowed values of a template's parameter.
    fn parameter(name: &str) -> (String, Vec<String>) {
        let (_, after) = TEMPLATE.split_once(&format!("\n  {name}:\n")).unwrap_or_else(|| panic!("no {name}"));
        let lines = || after.lines().take_while(|line| line.starts_with("    "));
        let value = |key: &str| lines().find_map(|line| line.trim().strip_prefix(key)).unwrap_or_default();
        let plain = |text: &str| text.trim().trim_matches('"').to_owned();
        let allowed = value("AllowedValues: ").trim_matches(['[', ']']);
        (plain(value("Default: ")), allowed.split(',').map(plain).filter(|text| !text.is_empty()).collect())
    }

    #[test]
    fn each_setting_is_a_parameter_with_the_same_default_and_the_same_values() {
        let mut with_values = 0;
        for (name, apply) in PARAMETERS {
            let (default, allowed) = parameter(name);
            let mut settings = Settings::default();
            apply(&mut settings, &default).unwrap_or_else(|error| panic!("{name}={default}: {error}"));
            assert_eq!(format!("{settings:?}"), format!("{:?}", Settings::default()), "{name}={default}");
            for value in &allowed {
                assert_eq!(apply(&mut settings, value), Ok(()), "{name}={value}");
            }
            if let (Err(error), false) = (apply(&mut settings, "no such value"), allowed.is_empty()) {
                assert_eq!(error, allowed.join(", "), "{name}");
                with_values += 1;
            }
        }
        assert_eq!(with_values, 4, "the template lists the values of so many settings");
    }

    #[test]
    fn the_default_is_the_core_s() {
        assert_eq!(Settings::default().policy(), Ok(Policy::default()));
    }

    #[test]
    fn a_wrong_setting_is_named_with_what_is_allowed() {
        for (pair, error) in [
            (
                "Rules=pong",
                "Rules=\"pong\": allowed is one or more of ping, request, reply, helper, scan; each once, and with :alert, :digest, \
                 :count, :off where something else is to become of it",
            ),
            ("InternetPings=all", "InternetPings=\"all\": allowed is digest, alert, count"),
            ("QuietMinutes=0", "QuietMinutes=\"0\": allowed is minutes from 0.1 to 10080"),
            (
                "FloodPacketsPerMinute=-1",
                "FloodPacketsPerMinute=\"-1\": allowed is a whole number of packets, or 0 for never",
            ),
            ("MustReach=x", "MustReach=\"x\": allowed is up to 50 CIDR blocks or addresses, separated by commas"),
        ] {
            assert_eq!(Settings::parse([pair]).err().as_deref(), Some(error));
        }
        for pair in ["Quiet=1", "QuietMinutes"] {
            assert!(Settings::parse([pair]).is_err_and(|error| error.contains("QuietMinutes, ")), "{pair}");
        }
    }

    #[test]
    fn the_last_value_counts() {
        let settings = Settings::parse(["QuietMinutes=5", "QuietMinutes=30", "ResolvedEmails=no"]).unwrap();
        let policy = settings.policy().unwrap();
        assert_eq!((policy.quiet_millis(), policy.resolved_emails), (30 * MINUTE_MILLIS, false));
    }
}
