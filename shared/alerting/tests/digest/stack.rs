//! A stack with five weeks of data, and its digest.

use alerting::{
    address::Networks,
    detection::{Rule as DetectionRule, Rules as DetectionRules},
    digest::{Cadence, Digest, DigestInput, DigestSettings, Measure, Period, Rule, Rules, Unknown},
    incident::{InternetPings, Silence},
    notification::{Language, RenderedDigest, Site, links::console::AwsConsole},
    time::{EpochMillis, after, before},
    zone::Zone,
};
use flow_log::Formats;

use crate::cloudwatch::CloudWatch;

pub(crate) const MINUTE: u64 = 60_000;
pub(crate) const HOUR: u64 = 60 * MINUTE;
pub(crate) const DAY: u64 = 24 * HOUR;

/// 2026-11-30 09:00:02 in Tokyo, a Monday.
pub(crate) const NOW: EpochMillis = EpochMillis(1_795_996_802_000);

/// The end of the period: half an hour before the digest.
pub(crate) const END: EpochMillis = EpochMillis(1_795_995_000_000);

/// A point in time so many milliseconds before the end of the period.
pub(crate) fn ago(millis: u64) -> EpochMillis {
    before(END, millis)
}

/// A stack and what CloudWatch knows of it.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    pub(crate) cloudwatch: CloudWatch,
    pub(crate) cadence: Cadence,
    pub(crate) in_force: DetectionRules,
    pub(crate) internet_pings: InternetPings,
    pub(crate) operational_metrics: bool,
    pub(crate) resolved_emails: bool,
    pub(crate) silences: Vec<Silence>,
    pub(crate) rules: Rules,
    pub(crate) language: Language,
}

impl Stack {
    /// A stack whose flow log writes records all the time, and in which nothing happens.
    pub(crate) fn quiet() -> Stack {
        let mut cloudwatch = CloudWatch::default();
        for hour in 0..36 * 24 {
            cloudwatch.count(Measure::LogEvents, ago(hour * HOUR + MINUTE), 600);
            for interface in ["eni-1", "eni-2", "eni-3"] {
                cloudwatch.event(Rule::Interfaces, ago(hour * HOUR + MINUTE), &[interface], 60);
            }
        }
        cloudwatch.count(Measure::Arrivals, before(NOW, 3 * MINUTE), 9);
        cloudwatch.count(Measure::Arrivals, before(NOW, 2 * MINUTE), 10);
        let named = |name: &str| Ok(name.to_owned());
        Stack {
            cloudwatch,
            cadence: Cadence::Daily,
            in_force: DetectionRules::default(),
            internet_pings: InternetPings::Digest,
            operational_metrics: true,
            resolved_emails: true,
            silences: Vec::new(),
            rules: Rules {
                sources: named("stack-rejected-icmp"),
                sources_v6: named("stack-rejected-icmpv6"),
                targets: named("stack-rejected-targets"),
                interfaces: named("stack-interfaces"),
                emails: named("stack-emails"),
            },
            language: Language::English,
        }
    }

    /// The same with pings from the internet: on each day before fewer than on the day before that, 10 records and packets less.
    pub(crate) fn with_background() -> Stack {
        let mut stack = Stack::quiet();
        for day in 0..36 {
            let at = ago(day * DAY + 5 * HOUR);
            let pings = 900 - 10 * day;
            stack.cloudwatch.count(Measure::InternetRecords, at, pings);
            stack.cloudwatch.count(Measure::InternetPackets, at, 4 * pings);
            for (source, packets) in [("45.0.0.1", 400), ("45.0.0.2", 300), ("10.0.0.9", 5_000), ("192.0.2.7", 4_000)] {
                stack.cloudwatch.event(Rule::Sources, at, &[source, "eni-1"], packets);
            }
            stack.cloudwatch.event(Rule::SourcesV6, at, &["2400:cb00::1", "eni-2"], 20);
            for (target, packets) in [("10.0.1.5", 2_000), ("10.0.1.6", 1_600), ("203.0.113.12", 70)] {
                stack.cloudwatch.event(Rule::Targets, at, &[target], packets);
            }
        }
        stack.cloudwatch.event(Rule::Sources, ago(2 * HOUR), &["45.9.9.9", "eni-1"], 350);
        stack
    }

    /// Logs an email about an incident.
    pub(crate) fn email(&mut self, at: EpochMillis, incident: &str, signal: &str, kind: &str, subject: &str) {
        self.cloudwatch.event(Rule::Emails, at, &[incident, signal, kind, subject], 1);
    }

    pub(crate) fn site(&self) -> Site {
        Site {
            account: None,
            region: "ap-northeast-1".to_owned(),
            console: AwsConsole::new("ap-northeast-1"),
            metric_namespace: "Ping-Deny-Metrics".to_owned(),
            metric_name: "Ping-Deny".to_owned(),
            language: self.language,
            zone: Zone::parse("Asia/Tokyo").unwrap(),
            stack: Some("ping-deny".to_owned()),
            formats: Formats::default(),
        }
    }

    pub(crate) fn settings(&self) -> DigestSettings {
        DigestSettings {
            hour: 9,
            log_group: "Log-Group".to_owned(),
            failure_queue: "failed-batches".to_owned(),
            timer_failure_queue: "failed-timers".to_owned(),
            rules: self.rules.clone(),
            // 192.0.2.7 is ours.
            own_networks: Networks::parse("192.0.2.0/24").unwrap(),
        }
    }

    pub(crate) fn digest(&self) -> Digest {
        let settings = self.settings();
        let input = DigestInput {
            settings: &settings,
            namespace: "Ping-Deny-Metrics",
            metric: "Ping-Deny",
            in_force: self.in_force,
            internet_pings: self.internet_pings,
            operational_metrics: self.operational_metrics,
            resolved_emails: self.resolved_emails,
            silences: &self.silences,
            now: NOW,
        };
        let period = Period::due(self.cadence, 9, &self.site().zone, NOW).unwrap();
        assert_eq!(period.span.to, END);
        let answers = self.cloudwatch.answer(&input.questions(&period));
        Digest::of(period, &input, &answers)
    }

    pub(crate) fn render(&self) -> RenderedDigest {
        RenderedDigest::of(&self.digest(), &self.site())
    }
}

/// The scenarios by name.
pub(crate) fn scenarios() -> Vec<(&'static str, Stack)> {
    vec![
        ("quiet", quiet_without_background()),
        ("background", Stack::with_background()),
        ("incidents", incidents()),
        ("weekly", Stack { cadence: Cadence::Weekly, ..incidents() }),
        ("connections", connections()),
        ("gaps", gaps()),
        ("without-rules", without_rules()),
        ("custom-format", custom_format()),
        ("first-day", first_day()),
        ("no-records", Stack { cloudwatch: CloudWatch::default(), ..Stack::quiet() }),
        ("nothing-answered", nothing_answered()),
        ("hostile", hostile()),
        ("largest", largest()),
    ]
}

fn quiet_without_background() -> Stack {
    Stack { internet_pings: InternetPings::Count, ..Stack::quiet() }
}

/// Two incidents, one of them open, records that a silence held back, and one silence that held back nothing.
pub(crate) fn incidents() -> Stack {
    let mut stack = Stack::with_background();
    let (opened, answer) = ("i-1", "web-1 could not answer 4 pings from 203.0.113.12 (#k3f9)");
    stack.email(ago(20 * HOUR), opened, "own-answer", "opened", &format!("[Ping-Deny] {answer}"));
    let resolved = "[Ping-Deny] RESOLVED after 28 min: web-1 could not answer 434 pings from 203.0.113.12 (#k3f9)";
    stack.email(ago(19 * HOUR + 20 * MINUTE), opened, "own-answer", "resolved", resolved);
    let rejected = "[Ping-Deny] 12 pings from 10.9.0.1 to web-1 were rejected (#a1b2)";
    stack.email(ago(50 * MINUTE), "i-2", "private", "opened", rejected);
    // Of the day before.
    stack.email(ago(25 * HOUR), "i-0", "own-request", "opened", "[Ping-Deny] web-2 could not send 1 ping (#zzzz)");
    stack.email(
        ago(24 * HOUR + MINUTE),
        "i-0",
        "own-request",
        "resolved",
        "[Ping-Deny] RESOLVED after 40 min: x (#zzzz)",
    );
    stack.cloudwatch.count(Measure::OwnRecords, ago(20 * HOUR), 422);
    stack.cloudwatch.count(Measure::PrivateRecords, ago(HOUR), 12);
    stack.cloudwatch.count(Measure::OwnRecords, ago(24 * HOUR + MINUTE), 7);
    stack.cloudwatch.count(Measure::Opened, ago(20 * HOUR), 1);
    stack.cloudwatch.count(Measure::Opened, ago(50 * MINUTE), 1);
    let (source, destination) = ("10.0.0.5/32".parse().unwrap(), "198.51.100.0/24".parse().unwrap());
    for (id, source, destination, held) in [("s-1", Some(source), None, 31), ("s-2", None, Some(destination), 0)] {
        stack.silences.push(Silence {
            id: id.to_owned(),
            rule: None,
            origin: None,
            source,
            destination,
            port: None,
            interface: None,
            account: None,
            region: None,
            log_group: None,
            from: ago(90 * HOUR),
            until: after(NOW, 5 * HOUR),
            reason: "maintenance of the gateway".to_owned(),
            by: "alice".to_owned(),
            unknown: serde_json::Map::new(),
        });
        if held > 0 {
            stack.cloudwatch.count(Measure::HeldBack(id.to_owned()), ago(3 * HOUR), held);
            stack.cloudwatch.count(Measure::HeldBack(id.to_owned()), ago(26 * HOUR), 9);
        }
    }
    stack
}

/// All rules in force: TCP and UDP from the internet each day, late packets, a few records of ours, and an incident of a service.
pub(crate) fn connections() -> Stack {
    let mut stack = Stack { in_force: DetectionRules::all(), ..Stack::with_background() };
    for day in 0..36 {
        let at = ago(day * DAY + 5 * HOUR);
        stack.cloudwatch.count(Measure::Rejects(DetectionRule::Request, "internet"), at, 20_000 - 100 * day);
        stack.cloudwatch.count(Measure::RejectPackets(DetectionRule::Request, "internet"), at, 21_000 - 100 * day);
        stack.cloudwatch.count(Measure::Rejects(DetectionRule::Late, "own"), at, 300);
        stack.cloudwatch.count(Measure::Rejects(DetectionRule::Late, "internet"), at, 45);
    }
    stack.cloudwatch.count(Measure::Rejects(DetectionRule::Helper, "internet"), ago(HOUR), 6);
    stack.cloudwatch.count(Measure::RejectPackets(DetectionRule::Helper, "internet"), ago(HOUR), 18);
    stack.cloudwatch.count(Measure::Rejects(DetectionRule::Request, "private"), ago(HOUR), 7);
    stack.cloudwatch.count(Measure::Rejects(DetectionRule::Reply, "own"), ago(HOUR), 2);
    stack.cloudwatch.count(Measure::Rejects(DetectionRule::Scan, "own"), ago(25 * HOUR), 90);
    stack.cloudwatch.count(Measure::PrivateRecords, ago(HOUR), 1);
    let subject = "[Request-Deny] web-1 could not reach db-1:5432 (postgresql) (#k3f9)";
    stack.email(ago(HOUR), "i-1", "private", "opened", subject);
    stack
}

/// Everything that shows that something may be missing.
fn gaps() -> Stack {
    let mut stack = Stack::with_background();
    stack.cloudwatch.event(Rule::Interfaces, ago(30 * HOUR), &["eni-old"], 60);
    stack.cloudwatch.count(Measure::Skipped, ago(4 * HOUR), 3);
    stack.cloudwatch.count(Measure::Unparsed, ago(4 * HOUR), 40);
    stack.cloudwatch.count(Measure::FailedBatches, before(NOW, 8 * HOUR), 0);
    stack.cloudwatch.count(Measure::FailedBatches, before(NOW, 7 * MINUTE), 2);
    stack.cloudwatch.count(Measure::FailedTimers, before(NOW, 8 * MINUTE), 5);
    stack.cloudwatch.count(Measure::FailedTimers, before(NOW, 7 * MINUTE), 0);
    stack
}

fn without_rules() -> Stack {
    let off = || Err(Unknown::SwitchedOff("ContributorInsights=off"));
    Stack {
        rules: Rules { sources: off(), sources_v6: off(), targets: off(), interfaces: off(), emails: off() },
        ..incidents()
    }
}

fn custom_format() -> Stack {
    let none = || Err(Unknown::CustomFormat);
    let rules = Stack::quiet().rules;
    Stack {
        rules: Rules { sources: none(), sources_v6: none(), targets: none(), interfaces: none(), ..rules },
        ..Stack::with_background()
    }
}

/// A stack that is five hours old.
fn first_day() -> Stack {
    let mut stack = Stack { cloudwatch: CloudWatch::default(), ..Stack::quiet() };
    stack.cloudwatch.count(Measure::LogEvents, ago(5 * HOUR), 600);
    stack.cloudwatch.count(Measure::Arrivals, before(NOW, 2 * MINUTE), 10);
    stack.cloudwatch.count(Measure::InternetRecords, ago(4 * HOUR), 30);
    stack.cloudwatch.count(Measure::InternetPackets, ago(4 * HOUR), 31);
    stack.cloudwatch.event(Rule::Sources, ago(4 * HOUR), &["45.0.0.1", "eni-1"], 31);
    stack.cloudwatch.event(Rule::Targets, ago(4 * HOUR), &["10.0.1.5"], 31);
    stack.cloudwatch.event(Rule::Interfaces, ago(4 * HOUR), &["eni-1"], 600);
    stack
}

fn nothing_answered() -> Stack {
    let mut stack = incidents();
    for measure in [
        Measure::OwnRecords,
        Measure::PrivateRecords,
        Measure::InternetRecords,
        Measure::InternetPackets,
        Measure::Opened,
        Measure::Skipped,
        Measure::Unparsed,
        Measure::LogEvents,
        Measure::Arrivals,
        Measure::FailedBatches,
        Measure::FailedTimers,
        Measure::HeldBack("s-1".to_owned()),
        Measure::HeldBack("s-2".to_owned()),
    ] {
        stack.cloudwatch.fail_metric(measure, Unknown::TooSlow);
    }
    let denied = "cloudwatch GetInsightRuleReport: AccessDenied: not authorized";
    for rule in [Rule::Sources, Rule::SourcesV6, Rule::Targets, Rule::Interfaces, Rule::Emails] {
        stack.cloudwatch.fail_rule(rule, Unknown::Failed(denied.to_owned()));
    }
    stack
}

fn hostile() -> Stack {
    let mut stack = Stack::quiet();
    let text = "x\r\nSubject: y <https://phish.example/|click> <!channel> @here \u{202e}gnirts \u{200b}";
    stack.email(ago(HOUR), text, "no-such-signal", text, text);
    stack.cloudwatch.event(Rule::Interfaces, ago(30 * HOUR), &[text], 60);
    stack.cloudwatch.event(Rule::Sources, ago(HOUR), &[text, text], 60);
    stack.cloudwatch.count(Measure::InternetRecords, ago(HOUR), 1);
    let mut silence = incidents().silences.remove(0);
    (silence.interface, silence.reason, silence.by) = (Some(text.to_owned()), text.to_owned(), text.to_owned());
    stack.silences.push(silence);
    stack.cloudwatch.fail_metric(Measure::Skipped, Unknown::Failed(text.repeat(20)));
    stack
}

fn largest() -> Stack {
    let mut stack = Stack::with_background();
    let long = "日".repeat(99);
    for number in 0..150 {
        stack.email(ago(HOUR + number * MINUTE), &format!("{number}-{long}"), "own-request", "opened", &long);
        stack.cloudwatch.event(Rule::Interfaces, ago(30 * HOUR), &[&format!("eni-{number}-{}", long.repeat(9))], 1);
        let mut silence = incidents().silences.remove(0);
        (silence.interface, silence.reason, silence.by) = (Some(long.repeat(9)), long.repeat(9), long.repeat(9));
        silence.id = format!("s-{number}");
        stack.silences.push(silence);
    }
    for measure in [Measure::OwnRecords, Measure::InternetRecords, Measure::InternetPackets, Measure::Skipped] {
        stack.cloudwatch.count(measure, ago(HOUR), u64::MAX / 4);
    }
    stack
}
