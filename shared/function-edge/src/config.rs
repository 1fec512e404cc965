//! The functions' configuration. The environment is read only here.

use std::fmt;

use alerting::{
    address::Networks,
    detection::Rules,
    digest::DigestSettings,
    incident::{
        GroupBy, InternetPings, SignalPolicy,
        policy::{MAX_TIMEOUT_SECONDS, Policy},
    },
    notification::{Language, Site, links::console::AwsConsole},
    text::one_line,
    zone::Zone,
};
use flow_log::{DEFAULT_MAX_INFLATED_BYTES, Formats};
use tracing_subscriber::filter::LevelFilter;

use crate::console::Shows;

/// Where emails and metrics go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublishTo {
    /// To Amazon SNS and Amazon CloudWatch.
    Aws {
        /// `ALERT_TOPIC_ARN`: the topic for emails and documents.
        topic_arn: String,
        /// `CHAT_TOPIC_ARN`: the topic for a chat's notifications.
        chat_topic_arn: Option<String>,
    },
    /// To standard output, without any AWS call.
    Console {
        /// `CONSOLE_SHOWS`: what is printed of a notification.
        shows: Shows,
    },
}

/// Where incidents are stored between invocations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentStorage {
    /// `INCIDENT_TABLE`: a DynamoDB table.
    pub table: String,
    /// `TIMER_QUEUE_URL`: the SQS queue that invokes the incident timer.
    pub timer_queue_url: String,
}

/// Settings for enrichment from EC2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrichment {
    /// `OWNER_TAG_KEYS`: keys of the tags that name a resource's owner. Default: `owner` and `team`.
    pub owner_tag_keys: Vec<String>,
}

/// The whole configuration.
#[derive(Debug)]
pub struct Config {
    /// `FLOW_LOG_FORMAT`, default: the 14 default fields.
    pub formats: Formats,
    /// `PUBLISH_TO` (default `aws`) with `ALERT_TOPIC_ARN` and `CHAT_TOPIC_ARN`, or with `CONSOLE_SHOWS`.
    pub publish_to: PublishTo,
    /// `INCIDENT_TABLE` and `TIMER_QUEUE_URL`. Without them, each process keeps its own incidents in memory.
    pub incident_storage: Option<IncidentStorage>,
    /// `ENRICHMENT` (default `on`) with `OWNER_TAG_KEYS`. `None` if it is off or `PUBLISH_TO=console`.
    pub enrichment: Option<Enrichment>,
    /// `AWS_REGION`, `METRIC_NAMESPACE`, `METRIC_NAME`, `EMAIL_LANGUAGE` (default `en`), `TIME_ZONE` (default `UTC`) and `STACK_NAME`
    /// (default: none).
    pub site: Site,
    /// `UPDATE_INTERVALS_MINUTES`, `QUIET_MINUTES`, `RESOLVED_EMAILS` and `FUNCTION_TIMEOUT_SECONDS`.
    pub policy: Policy,
    /// `INCIDENT_BY`: the scope of an incident of the rule `ping`.
    pub group_by: GroupBy,
    /// `OWN_NETWORKS`: address ranges that are ours. Default: none.
    pub own_networks: Networks,
    /// `RULES` (default `ping`), `INTERNET_PINGS` (default `digest`), `FLOOD_PACKETS_PER_MINUTE` (600), `PERSISTENT_PINGS` (30) and `MUST_REACH` (none).
    pub signals: SignalPolicy,
    /// `DIGEST_HOUR` (default 9), `LOG_GROUP`, the queues and the Contributor Insights rules. `None` without `LOG_GROUP`: no digest.
    pub digest: Option<DigestSettings>,
    /// `OPERATIONAL_METRICS`: whether metrics of decisions, emails and delays are also published. Default `no`; the stack sets `yes`.
    pub operational_metrics: bool,
    /// `MAX_INFLATED_BYTES`.
    pub max_inflated_bytes: usize,
    /// `AWS_LAMBDA_LOG_LEVEL`, which Lambda sets from the function's logging configuration.
    pub log_level: LevelFilter,
}

/// A variable with an invalid value: its name, its value, and what is allowed.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    variable: &'static str,
    value: Option<String>,
    allowed: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            // Escaped and shortened, so that the message stays on one line whatever the value is.
            Some(value) => write!(f, "{}={:?}: {}", self.variable, one_line(value, 200), self.allowed),
            None => write!(f, "{} is not set: {}", self.variable, self.allowed),
        }
    }
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// The first variable with an invalid value.
    pub fn from_env() -> Result<Config, ConfigError> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
        Config::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads variables through `lookup`. An empty variable counts as not set, because the template passes an empty parameter on
    /// as an empty variable.
    fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
        let vars = Variables(|name: &str| lookup(name).filter(|value| !value.trim().is_empty()));
        let formats = vars.parsed("FLOW_LOG_FORMAT", Formats::default(), |text| {
            Formats::parse(text).map_err(|error| error.to_string())
        })?;
        let site = vars.site(&formats)?;
        let publish_to = vars.publish_to()?;
        let enrichment = vars.enrichment()?.filter(|_| matches!(publish_to, PublishTo::Aws { .. }));
        Ok(Config {
            formats,
            publish_to,
            incident_storage: vars.incident_storage()?,
            enrichment,
            site,
            policy: vars.policy()?,
            group_by: vars.parsed("INCIDENT_BY", GroupBy::LogGroup, |text| match text {
                "log-group" => Ok(GroupBy::LogGroup),
                "interface" => Ok(GroupBy::Interface),
                "source" => Ok(GroupBy::Source),
                "destination" => Ok(GroupBy::Target),
                _ => Err("log-group, interface, source or destination".to_owned()),
            })?,
            own_networks: vars.networks("OWN_NETWORKS")?,
            signals: vars.signals()?,
            digest: vars.digest()?,
            operational_metrics: vars.yes_or_no("OPERATIONAL_METRICS", false)?,
            max_inflated_bytes: vars.parsed("MAX_INFLATED_BYTES", DEFAULT_MAX_INFLATED_BYTES, |text| {
                text.trim()
                    .parse()
                    .ok()
                    .filter(|bytes| (MIN_INFLATED_BYTES..=MAX_INFLATED_BYTES).contains(bytes))
                    .ok_or_else(|| format!("a whole number from {MIN_INFLATED_BYTES} to {MAX_INFLATED_BYTES}"))
            })?,
            log_level: vars.parsed("AWS_LAMBDA_LOG_LEVEL", LevelFilter::INFO, |text| {
                let text = if text.eq_ignore_ascii_case("fatal") { "error" } else { text };
                text.parse().map_err(|_| "TRACE, DEBUG, INFO, WARN, ERROR or FATAL".to_owned())
            })?,
        })
    }
}

/// Bytes of a stack's name (<https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html>).
const MAX_STACK_NAME_BYTES: usize = 128;

/// Returns whether a text is made as the name of a stack is.
fn is_stack_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Lower bound of `MAX_INFLATED_BYTES`.
const MIN_INFLATED_BYTES: usize = 1024;
/// Upper bound of `MAX_INFLATED_BYTES`: fits into a function with 1 GiB of memory.
const MAX_INFLATED_BYTES: usize = 512 * 1024 * 1024;

/// The variables, looked up by name.
pub(crate) struct Variables<F>(F);

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    fn publish_to(&self) -> Result<PublishTo, ConfigError> {
        Ok(match self.get("PUBLISH_TO").as_deref() {
            None | Some("aws") => {
                PublishTo::Aws { topic_arn: self.topic_arn()?, chat_topic_arn: self.chat_topic_arn()? }
            }
            Some("console") => PublishTo::Console {
                shows: self.parsed("CONSOLE_SHOWS", Shows::Email, |text| match text {
                    "email" => Ok(Shows::Email),
                    "all" => Ok(Shows::All),
                    _ => Err("email, or all: also what machines and a chat get".to_owned()),
                })?,
            },
            Some(other) => return Err(self.wrong("PUBLISH_TO", other, "allowed are aws and console")),
        })
    }

    fn site(&self, formats: &Formats) -> Result<Site, ConfigError> {
        let region = self.parsed("AWS_REGION", "us-east-1".to_owned(), |text| {
            let plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            if plain { Ok(text.to_owned()) } else { Err("a region's code, such as eu-west-1".to_owned()) }
        })?;
        let metric_namespace = self.parsed("METRIC_NAMESPACE", "Ping-Deny-Metrics".to_owned(), |text| {
            metric_text(text)
                .filter(|text| !text.starts_with("AWS/"))
                .ok_or_else(|| "1 to 255 printable ASCII characters, not starting with AWS/ or a colon".to_owned())
        })?;
        let metric_name = self.parsed("METRIC_NAME", "Ping-Deny".to_owned(), |text| {
            // Leaves room for the longest suffix.
            metric_text(text)
                .filter(|text| text.len() <= 255 - "-Email-Delay".len())
                .ok_or_else(|| "1 to 244 printable ASCII characters, not starting with a colon".to_owned())
        })?;
        Ok(Site {
            // arn:aws:sns:region:account:name
            account: self.get("ALERT_TOPIC_ARN").and_then(|arn| arn.split(':').nth(4).map(str::to_owned)),
            console: AwsConsole::new(&region),
            region,
            metric_namespace,
            metric_name,
            language: self.parsed("EMAIL_LANGUAGE", Language::English, |text| {
                Language::parse(text).ok_or_else(|| format!("allowed are {}", Language::codes().join(", ")))
            })?,
            zone: self.parsed("TIME_ZONE", Zone::UTC, |text| {
                Zone::parse(text).ok_or_else(|| "a name of the IANA time zone database, such as Asia/Tokyo".to_owned())
            })?,
            // A command in an email has the name: only what CloudFormation allows may stand there.
            stack: self.parsed("STACK_NAME", None, |text| {
                let allowed = || "a CloudFormation stack's name: letters, digits and hyphens, at most 128".to_owned();
                if text.len() <= MAX_STACK_NAME_BYTES && is_stack_name(text) {
                    Ok(Some(text.to_owned()))
                } else {
                    Err(allowed())
                }
            })?,
            formats: formats.clone(),
        })
    }

    pub(crate) fn get(&self, variable: &str) -> Option<String> {
        (self.0)(variable)
    }

    fn wrong(&self, variable: &'static str, value: &str, allowed: &str) -> ConfigError {
        ConfigError { variable, value: Some(value.to_owned()), allowed: allowed.to_owned() }
    }

    pub(crate) fn parsed<T>(
        &self,
        variable: &'static str,
        default: T,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        match self.get(variable) {
            None => Ok(default),
            Some(value) => parse(&value).map_err(|allowed| self.wrong(variable, &value, &allowed)),
        }
    }

    fn topic_arn(&self) -> Result<String, ConfigError> {
        const VARIABLE: &str = "ALERT_TOPIC_ARN";
        const ALLOWED: &str =
            "an SNS topic's ARN is needed, arn:aws:sns:region:account:name, unless PUBLISH_TO=console";
        let arn = self.get(VARIABLE).ok_or_else(|| ConfigError {
            variable: VARIABLE,
            value: None,
            allowed: ALLOWED.to_owned(),
        })?;
        if is_topic_arn(&arn) { Ok(arn) } else { Err(self.wrong(VARIABLE, &arn, ALLOWED)) }
    }

    fn chat_topic_arn(&self) -> Result<Option<String>, ConfigError> {
        self.parsed("CHAT_TOPIC_ARN", None, |arn| {
            let allowed = "an SNS topic's ARN, arn:aws:sns:region:account:name, or nothing for no chat";
            if is_topic_arn(arn) { Ok(Some(arn.to_owned())) } else { Err(allowed.to_owned()) }
        })
    }

    fn incident_storage(&self) -> Result<Option<IncidentStorage>, ConfigError> {
        const TABLE: &str = "INCIDENT_TABLE";
        const QUEUE: &str = "TIMER_QUEUE_URL";
        let missing = |variable, other| ConfigError {
            variable,
            value: None,
            allowed: format!("it is needed when {other} is set; with neither, incidents are kept in memory"),
        };
        match (self.get(TABLE), self.get(QUEUE)) {
            (None, None) => Ok(None),
            (Some(_), None) => Err(missing(QUEUE, TABLE)),
            (None, Some(_)) => Err(missing(TABLE, QUEUE)),
            (Some(_), Some(url)) if !url.starts_with("http") => Err(self.wrong(QUEUE, &url, "the URL of an SQS queue")),
            (Some(table), Some(timer_queue_url)) => Ok(Some(IncidentStorage { table, timer_queue_url })),
        }
    }

    fn enrichment(&self) -> Result<Option<Enrichment>, ConfigError> {
        let on = self.parsed("ENRICHMENT", true, |text| match text {
            "on" => Ok(true),
            "off" => Ok(false),
            _ => Err("on or off".to_owned()),
        })?;
        let default = || ["owner", "team"].map(str::to_owned).into();
        let owner_tag_keys = self.parsed("OWNER_TAG_KEYS", default(), |text| {
            let keys: Vec<String> = text.split(',').map(|key| key.trim().to_owned()).collect();
            let allowed = || {
                format!(
                    "up to {MAX_OWNER_TAG_KEYS} tag keys of 1 to 128 characters without * ? and \\, separated by commas"
                )
            };
            let good = keys.len() <= MAX_OWNER_TAG_KEYS && keys.iter().all(|key| tag_key(key));
            if good { Ok(keys) } else { Err(allowed()) }
        })?;
        Ok(on.then_some(Enrichment { owner_tag_keys }))
    }

    pub(crate) fn networks(&self, variable: &'static str) -> Result<Networks, ConfigError> {
        self.parsed(variable, Networks::none(), |text| {
            Networks::parse(text).ok_or_else(|| {
                format!(
                    "up to {} CIDR blocks or addresses, separated by commas, such as 198.51.100.0/24",
                    Networks::MAX
                )
            })
        })
    }

    fn signals(&self) -> Result<SignalPolicy, ConfigError> {
        let default = SignalPolicy::default();
        let packets =
            |text: &str| text.trim().parse().map_err(|_| "a whole number of packets, or 0 for never".to_owned());
        Ok(SignalPolicy {
            rules: self.parsed("RULES", default.rules, Rules::parse)?,
            internet_pings: self.parsed("INTERNET_PINGS", default.internet_pings, |text| match text {
                "digest" => Ok(InternetPings::Digest),
                "alert" => Ok(InternetPings::Alert),
                "count" => Ok(InternetPings::Count),
                _ => Err("digest, alert or count".to_owned()),
            })?,
            flood_packets_per_minute: self.parsed(
                "FLOOD_PACKETS_PER_MINUTE",
                default.flood_packets_per_minute,
                packets,
            )?,
            persistent_packets: self.parsed("PERSISTENT_PINGS", default.persistent_packets, packets)?,
            must_reach: self.networks("MUST_REACH")?,
        })
    }

    fn yes_or_no(&self, variable: &'static str, default: bool) -> Result<bool, ConfigError> {
        self.parsed(variable, default, |text| match text {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err("yes or no".to_owned()),
        })
    }

    fn policy(&self) -> Result<Policy, ConfigError> {
        const INTERVALS: &str = "UPDATE_INTERVALS_MINUTES";
        const QUIET: &str = "QUIET_MINUTES";
        let intervals = self.parsed(INTERVALS, vec![5.0, 15.0, 60.0, 240.0, 1440.0], |text| {
            text.split(',').map(minutes).collect::<Option<Vec<f64>>>().ok_or_else(|| {
                format!("minutes from {MIN_MINUTES} to {MAX_MINUTES}, separated by commas, such as 5,15,60,240,1440")
            })
        })?;
        let quiet = self.parsed(QUIET, 15.0, |text| {
            minutes(text).ok_or_else(|| format!("minutes from {MIN_MINUTES} to {MAX_MINUTES}"))
        })?;
        let timeout = self.parsed("FUNCTION_TIMEOUT_SECONDS", 30, |text| {
            let seconds = text.trim().parse::<u32>().ok().filter(|seconds| (2..=MAX_TIMEOUT_SECONDS).contains(seconds));
            seconds.ok_or_else(|| format!("a whole number of seconds from 2 to {MAX_TIMEOUT_SECONDS}"))
        })?;
        let resolved_emails = self.yes_or_no("RESOLVED_EMAILS", true)?;
        let millis: Vec<u64> = intervals.into_iter().map(as_millis).collect();
        let mut policy = Policy::new(&millis, as_millis(quiet))
            .map_err(|allowed| self.wrong(INTERVALS, &format!("{millis:?} ms"), allowed))?;
        policy.resolved_emails = resolved_emails;
        Ok(policy.with_timeout_seconds(timeout))
    }
}

fn is_topic_arn(arn: &str) -> bool {
    let parts: Vec<&str> = arn.split(':').collect();
    matches!(parts[..], ["arn", _, "sns", _, _, _]) && parts.iter().all(|part| !part.is_empty())
}

/// Parses minutes within the allowed range. Fractions are allowed, for trials.
fn minutes(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|minutes| (MIN_MINUTES..=MAX_MINUTES).contains(minutes))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between a second and a week")]
fn as_millis(minutes: f64) -> u64 {
    (minutes * 60_000.0).round() as u64
}

/// Six seconds.
const MIN_MINUTES: f64 = 0.1;
/// A week.
const MAX_MINUTES: f64 = 7.0 * 24.0 * 60.0;

/// Each key is requested in up to five spellings, and an EC2 filter takes 200 values.
const MAX_OWNER_TAG_KEYS: usize = 10;

/// Returns whether a text is a valid tag key (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html>) without
/// characters that are wildcards in a filter.
fn tag_key(text: &str) -> bool {
    (1..=128).contains(&text.chars().count()) && !text.contains(|c: char| c.is_control() || "*?\\".contains(c))
}

/// Returns the text if CloudWatch accepts it as a namespace or a metric name.
fn metric_text(text: &str) -> Option<String> {
    let printable = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    (printable && text.len() <= 255 && !text.starts_with(':')).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use alerting::{
        detection::{Rule, Treatment},
        digest::Unknown,
    };

    use super::*;

    const TOPIC: (&str, &str) = ("ALERT_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:CloudWatch-Alarms-Ping-Deny");

    fn read(vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_lookup(|name| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    fn error_message(vars: &[(&str, &str)]) -> String {
        let message = read(vars).unwrap_err().to_string();
        assert!(!message.contains(['\n', '\r']), "more than one line: {message:?}");
        message
    }

    #[test]
    fn only_the_topic_is_required() {
        let config = read(&[TOPIC]).unwrap();
        let topic_arn = TOPIC.1.to_owned();
        assert_eq!(config.publish_to, PublishTo::Aws { topic_arn, chat_topic_arn: None });
        assert_eq!(config.site.account.as_deref(), Some("123456789012"));
        assert_eq!(config.site.metric_namespace, "Ping-Deny-Metrics");
        assert_eq!(config.site.metric_name, "Ping-Deny");
        assert_eq!((config.site.language, &config.site.zone), (Language::English, &Zone::UTC));
        assert_eq!(config.max_inflated_bytes, 64 * 1024 * 1024);
        assert_eq!(config.policy, Policy::default());
        assert_eq!((config.signals.rules, config.group_by), (Rules::default(), GroupBy::LogGroup));
        assert_eq!((config.own_networks, config.signals), (Networks::none(), SignalPolicy::default()));
        assert_eq!(config.enrichment, Some(Enrichment { owner_tag_keys: vec!["owner".to_owned(), "team".to_owned()] }));
    }

    #[test]
    fn the_template_offers_each_language() {
        let template = include_str!("../../../template.yaml");
        let (_, parameter) = template.split_once("\n  EmailLanguage:\n").unwrap();
        let offered = parameter.lines().find_map(|line| line.trim().strip_prefix("AllowedValues: ")).unwrap();
        assert_eq!(offered, format!("[{}]", Language::codes().join(", ")));
    }

    #[test]
    fn the_template_sets_the_default_time_out_and_no_longer_one_than_leases_are_made_for() {
        let template = include_str!("../../../template.yaml");
        let (_, after) = template.split_once("Limits: { TimeoutSeconds: \"").unwrap();
        let (seconds, _) = after.split_once('"').unwrap();
        assert!(seconds.parse::<u32>().unwrap() <= MAX_TIMEOUT_SECONDS);
        assert_eq!(read(&[TOPIC, ("FUNCTION_TIMEOUT_SECONDS", seconds)]).unwrap().policy, Policy::default());
    }

    #[test]
    fn enrichment_can_be_switched_off_and_is_off_with_the_console() {
        assert_eq!(read(&[TOPIC, ("ENRICHMENT", "off")]).unwrap().enrichment, None);
        assert_eq!(read(&[("PUBLISH_TO", "console"), ("ENRICHMENT", "on")]).unwrap().enrichment, None);
        let keys = read(&[TOPIC, ("OWNER_TAG_KEYS", "Besitzer, cost center,チーム")]).unwrap().enrichment.unwrap();
        assert_eq!(keys.owner_tag_keys, ["Besitzer", "cost center", "チーム"]);
    }

    #[test]
    fn the_chat_topic_and_the_full_console_output_are_opt_in() {
        let chat = "arn:aws:sns:eu-west-1:123456789012:chat";
        let config = read(&[TOPIC, ("CHAT_TOPIC_ARN", chat)]).unwrap();
        let (topic_arn, chat_topic_arn) = (TOPIC.1.to_owned(), Some(chat.to_owned()));
        assert_eq!(config.publish_to, PublishTo::Aws { topic_arn, chat_topic_arn });
        let config = read(&[("PUBLISH_TO", "console"), ("CONSOLE_SHOWS", "all")]).unwrap();
        assert_eq!(config.publish_to, PublishTo::Console { shows: Shows::All });
    }

    #[test]
    fn language_and_time_zone_can_be_set() {
        let config = read(&[TOPIC, ("EMAIL_LANGUAGE", "ja"), ("TIME_ZONE", "Asia/Tokyo")]).unwrap();
        assert_eq!(config.site.language, Language::Japanese);
        assert_eq!(Some(config.site.zone), Zone::parse("Asia/Tokyo"));
    }

    #[test]
    fn rules_are_chosen_with_what_becomes_of_them() {
        let config = read(&[TOPIC, ("RULES", "ping:digest,request,scan:count")]).unwrap();
        let expect =
            [(Rule::Ping, Treatment::Digest), (Rule::Request, Treatment::Alert), (Rule::Scan, Treatment::Count)];
        let expect = expect.into_iter().fold(Rules::none(), |rules, (rule, treatment)| rules.with(rule, treatment));
        assert_eq!(config.signals.rules, expect);
    }

    #[test]
    fn what_of_the_internet_is_an_incident_can_be_set() {
        let config = read(&[
            TOPIC,
            ("INTERNET_PINGS", "alert"),
            ("FLOOD_PACKETS_PER_MINUTE", "0"),
            ("PERSISTENT_PINGS", "100"),
            ("MUST_REACH", "203.0.113.0/24"),
            ("OWN_NETWORKS", "198.51.100.0/24, 2001:db8::/32"),
        ]);
        let config = config.unwrap();
        assert_eq!(
            config.signals,
            SignalPolicy {
                rules: Rules::default(),
                internet_pings: InternetPings::Alert,
                flood_packets_per_minute: 0,
                persistent_packets: 100,
                must_reach: Networks::parse("203.0.113.0/24").unwrap(),
            }
        );
        assert_eq!(Some(config.own_networks), Networks::parse("198.51.100.0/24,2001:db8::/32"));
    }

    #[test]
    fn a_digest_needs_the_log_group_and_knows_why_a_rule_is_missing() {
        assert_eq!(read(&[TOPIC]).unwrap().digest.map(|digest| digest.log_group), None);
        let digest = |vars: &[(&str, &str)]| {
            let vars: Vec<(&str, &str)> = [&[TOPIC, ("LOG_GROUP", "Log-Group")], vars].concat();
            read(&vars).unwrap().digest.unwrap()
        };
        let off = digest(&[("DIGEST_HOUR", "0"), ("OWN_NETWORKS", "198.51.100.0/24")]);
        assert_eq!((off.hour, off.log_group.as_str()), (0, "Log-Group"));
        assert_eq!(Some(off.own_networks), Networks::parse("198.51.100.0/24"));
        assert_eq!(off.rules.emails, Err(Unknown::SwitchedOff("ContributorInsights=off")));
        let pings = digest(&[("CONTRIBUTOR_INSIGHTS", "pings"), ("EMAILS_RULE", "emails"), ("SOURCES_RULE", "")]);
        assert_eq!(pings.hour, 9);
        assert_eq!(pings.rules.emails, Ok("emails".to_owned()));
        assert_eq!(pings.rules.interfaces, Err(Unknown::SwitchedOff("ContributorInsights=pings")));
        assert_eq!(pings.rules.sources, Err(Unknown::CustomFormat));
        assert_eq!(digest(&[("CONTRIBUTOR_INSIGHTS", "on")]).rules.interfaces, Err(Unknown::CustomFormat));
    }

    #[test]
    fn an_empty_variable_means_the_default() {
        let config = read(&[("PUBLISH_TO", "console"), ("FLOW_LOG_FORMAT", ""), ("QUIET_MINUTES", " ")]).unwrap();
        assert_eq!(config.publish_to, PublishTo::Console { shows: Shows::Email });
        assert_eq!(config.policy, Policy::default());
    }

    #[test]
    fn an_error_names_the_variable_its_value_and_what_is_allowed() {
        let console = ("PUBLISH_TO", "console");
        for (vars, expect) in [
            (vec![("PUBLISH_TO", "email"), TOPIC], "PUBLISH_TO=\"email\": allowed are aws and console"),
            (vec![], "ALERT_TOPIC_ARN is not set: an SNS topic's ARN is needed"),
            (vec![("ALERT_TOPIC_ARN", "arn:aws:sqs:eu-west-1:1:queue")], "ALERT_TOPIC_ARN=\"arn:aws:sqs:"),
            (vec![TOPIC, ("CHAT_TOPIC_ARN", "#alerts")], "CHAT_TOPIC_ARN=\"#alerts\": an SNS topic's ARN"),
            (vec![console, ("CONSOLE_SHOWS", "html")], "CONSOLE_SHOWS=\"html\": email, or all"),
            (vec![console, ("AWS_REGION", "eu west\n1")], "AWS_REGION=\"eu west"),
            (vec![console, ("METRIC_NAMESPACE", "AWS/EC2")], "METRIC_NAMESPACE=\"AWS/EC2\": 1 to 255"),
            (vec![console, ("METRIC_NAME", "ピン")], "METRIC_NAME=\"ピン\": 1 to 244"),
            (vec![console, ("EMAIL_LANGUAGE", "fr")], "EMAIL_LANGUAGE=\"fr\": allowed are en, ja"),
            (vec![console, ("TIME_ZONE", "Tokyo")], "TIME_ZONE=\"Tokyo\": a name of the IANA time zone database"),
            (vec![console, ("TIME_ZONE", "Asia/Tokyo\n")], "TIME_ZONE=\"Asia/Tokyo"),
            (vec![console, ("OPERATIONAL_METRICS", "maybe")], "OPERATIONAL_METRICS=\"maybe\": yes or no"),
            (vec![console, ("RULES", "ping,late")], "RULES=\"ping,late\": one or more of ping, request, reply, "),
            (vec![console, ("RULES", "request:loud")], "RULES=\"request:loud\": one or more of"),
            (vec![console, ("INTERNET_PINGS", "off")], "INTERNET_PINGS=\"off\": digest, alert or count"),
            (vec![console, ("FLOOD_PACKETS_PER_MINUTE", "-1")], "FLOOD_PACKETS_PER_MINUTE=\"-1\": a whole number"),
            (vec![console, ("PERSISTENT_PINGS", "off")], "PERSISTENT_PINGS=\"off\": a whole number of packets, or 0"),
            (vec![console, ("MUST_REACH", "10.0.0.0/8,x")], "MUST_REACH=\"10.0.0.0/8,x\": up to 50 CIDR blocks"),
            (vec![console, ("OWN_NETWORKS", "10.0.0.0/33")], "OWN_NETWORKS=\"10.0.0.0/33\": up to 50 CIDR blocks"),
            (vec![console, ("UPDATE_INTERVALS_MINUTES", "5,,60")], "UPDATE_INTERVALS_MINUTES=\"5,,60\": minutes from"),
            (vec![console, ("UPDATE_INTERVALS_MINUTES", "0")], "UPDATE_INTERVALS_MINUTES=\"0\": minutes from"),
            (vec![console, ("STACK_NAME", "a b")], "STACK_NAME=\"a b\": a CloudFormation stack's name"),
            (vec![console, ("STACK_NAME", "1st")], "STACK_NAME=\"1st\": a CloudFormation stack's name"),
            (vec![console, ("QUIET_MINUTES", "-1")], "QUIET_MINUTES=\"-1\": minutes from"),
            (vec![console, ("FUNCTION_TIMEOUT_SECONDS", "46")], "FUNCTION_TIMEOUT_SECONDS=\"46\": a whole number of"),
            (vec![console, ("DIGEST_HOUR", "24")], "DIGEST_HOUR=\"24\": an hour of the day, 0 to 23"),
            (vec![console, ("DIGEST_HOUR", "9:30")], "DIGEST_HOUR=\"9:30\": an hour"),
            (vec![console, ("CONTRIBUTOR_INSIGHTS", "yes")], "CONTRIBUTOR_INSIGHTS=\"yes\": on, pings or off"),
            (vec![console, ("MAX_INFLATED_BYTES", "64 MiB")], "MAX_INFLATED_BYTES=\"64 MiB\": a whole number"),
            (vec![console, ("AWS_LAMBDA_LOG_LEVEL", "loud")], "AWS_LAMBDA_LOG_LEVEL=\"loud\": TRACE"),
            (vec![console, ("ENRICHMENT", "yes")], "ENRICHMENT=\"yes\": on or off"),
            (vec![console, ("OWNER_TAG_KEYS", "owner,")], "OWNER_TAG_KEYS=\"owner,\": up to 10 tag keys of 1 to 128"),
            (vec![console, ("OWNER_TAG_KEYS", "own*")], "OWNER_TAG_KEYS=\"own*\": up to 10 tag keys"),
            (vec![console, ("OWNER_TAG_KEYS", "1,2,3,4,5,6,7,8,9,10,11")], "OWNER_TAG_KEYS=\"1,2,3,"),
            (vec![console, ("FLOW_LOG_FORMAT", "version action")], "FLOW_LOG_FORMAT=\"version action\": "),
        ] {
            let message = error_message(&vars);
            assert!(message.starts_with(expect), "{message}");
        }
    }

    #[test]
    fn a_format_without_a_required_field_is_rejected_and_the_error_names_the_field() {
        for missing in ["action", "protocol", "srcaddr", "dstaddr", "log-status"] {
            let format: Vec<String> = ["action", "protocol", "srcaddr", "dstaddr", "log-status"]
                .iter()
                .filter(|field| **field != missing)
                .map(|field| format!("${{{field}}}"))
                .collect();
            let message = error_message(&[("PUBLISH_TO", "console"), ("FLOW_LOG_FORMAT", &format.join(" "))]);
            let allowed = message.rsplit("\": ").next().unwrap();
            assert!(allowed.contains(missing), "{message}");
        }
    }
}
