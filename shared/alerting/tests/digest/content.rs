//! What a digest states.

use std::net::IpAddr;

use alerting::{
    detection::{Rule as DetectionRule, Rules as DetectionRules},
    digest::{Amount, Background, Cadence, IncidentState, Interfaces, Measure, Part, Rule, Unknown, Verdict},
    incident::{InternetPings, Signal},
    time::{after, before},
};

use crate::stack::{DAY, END, HOUR, MINUTE, NOW, Stack, ago, connections, incidents, scenarios};

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn background(stack: &Stack) -> Background {
    stack.digest().background.unwrap()
}

/// The parts that are not known.
fn missing(stack: &Stack) -> Vec<Part> {
    stack.digest().missing().into_iter().map(|(part, _)| part).collect()
}

#[test]
fn a_period_has_its_first_moment_and_not_its_end() {
    let mut stack = Stack::quiet();
    for (at, records) in [(ago(DAY), 1), (ago(DAY + 1), 20), (ago(15 * MINUTE), 300), (END, 4_000), (NOW, 50_000)] {
        stack.cloudwatch.count(Measure::OwnRecords, at, records);
        stack.email(at, &records.to_string(), "private", "opened", "x");
    }
    let digest = stack.digest();
    assert_eq!(digest.own_records, Ok(301));
    let ids: Vec<String> = digest.incidents.unwrap().into_iter().map(|incident| incident.id).collect();
    assert_eq!(ids, ["1", "300"]);
}

#[test]
fn background_is_compared_with_the_seven_days_before() {
    // 900 today, and 890, 880 ... 830 in the seven days before: the fourth of them is the median.
    let found = background(&Stack::with_background());
    assert_eq!(found.amount, Ok(Amount { records: 900, packets: 3_600 }));
    assert_eq!(found.median, Ok(Amount { records: 860, packets: 3_440 }));
    assert_eq!(found.periods, 7);
}

#[test]
fn a_week_is_compared_with_the_four_weeks_before() {
    let found = background(&Stack { cadence: Cadence::Weekly, ..Stack::with_background() });
    let week = |first: u64| (0..7).map(|day| first - 10 * day).sum::<u64>();
    assert_eq!(found.amount.unwrap().records, week(900));
    // 830, 760, 690 and 620 on the last day of each.
    assert_eq!(found.median.unwrap().records, (week(760) + week(690)) / 2);
    assert_eq!(found.periods, 4);
}

#[test]
fn days_without_any_record_are_no_measure() {
    let mut stack = Stack { cloudwatch: Default::default(), ..Stack::quiet() };
    for (day, pings) in [(0, 50), (1, 40), (3, 20)] {
        stack.cloudwatch.count(Measure::LogEvents, ago(day * DAY + HOUR), 600);
        stack.cloudwatch.count(Measure::InternetRecords, ago(day * DAY + HOUR), pings);
    }
    // A day with records and no ping is one.
    stack.cloudwatch.count(Measure::LogEvents, ago(2 * DAY + HOUR), 600);
    let found = background(&stack);
    assert_eq!((found.periods, found.median), (3, Ok(Amount { records: 20, packets: 0 })));
}

#[test]
fn connections_are_counted_by_whose_they_are() {
    let digest = connections().digest();
    let found = digest.connections.unwrap();
    assert_eq!(found.internet, Ok(Amount { records: 20_006, packets: 21_018 }));
    assert_eq!(found.median, Ok(Amount { records: 19_600, packets: 20_600 }));
    assert_eq!((found.periods, found.late, found.ours), (7, Ok(345), Ok(9)));
    assert_eq!(digest.own_records, Ok(10), "with the ping");
    let off = Stack { in_force: DetectionRules::default(), ..connections() }.digest();
    assert_eq!((off.connections, off.own_records), (None, Ok(1)));
    let few = Stack { in_force: DetectionRules::parse("reply").unwrap(), ..connections() }.digest();
    let found = few.connections.unwrap();
    assert_eq!((found.late, found.ours), (Ok(345), Ok(2)));
    assert_eq!(found.internet, Ok(Amount { records: 0, packets: 0 }), "requests are not in force");
    let digested = Stack { in_force: DetectionRules::parse("ping,request:digest,reply").unwrap(), ..connections() };
    let found = digested.digest().connections.unwrap();
    assert_eq!((found.ours, found.digested), (Ok(9), vec![(DetectionRule::Request, Ok(7))]));
    let body = digested.render().body;
    assert!(body.contains("by the rule request, which sends no emails: 7 records."), "{body}");
}

#[test]
fn what_is_not_known_of_connections_is_no_zero() {
    let without = |measure| {
        let mut stack = connections();
        stack.cloudwatch.fail_metric(measure, Unknown::TooSlow);
        (missing(&stack), stack.digest().verdict())
    };
    let request = |origin| Measure::Rejects(DetectionRule::Request, origin);
    assert_eq!(without(request("internet")).0, [Part::Connections]);
    assert_eq!(without(Measure::RejectPackets(DetectionRule::Request, "internet")).0, [Part::Connections]);
    assert_eq!(without(Measure::Rejects(DetectionRule::Late, "private")).0, [Part::Late]);
    let (parts, verdict) = without(request("private"));
    assert_eq!((parts, verdict), (vec![Part::OwnRecords], Verdict::Blocked(Some(1))), "the emails are known");
}

#[test]
fn sources_are_strangers_and_targets_are_ours() {
    let found = background(&Stack::with_background());
    let named = |ranked: Vec<alerting::digest::RankedAddress>| {
        ranked.into_iter().map(|one| (one.address.to_string(), one.packets)).collect::<Vec<_>>()
    };
    let sources = [("45.0.0.1", 400), ("45.9.9.9", 350), ("45.0.0.2", 300), ("2400:cb00::1", 20)];
    assert_eq!(named(found.sources.unwrap()), sources.map(|(name, packets)| (name.to_owned(), packets)));
    let targets = [("10.0.1.5", 2_000), ("10.0.1.6", 1_600)];
    assert_eq!(named(found.targets.unwrap()), targets.map(|(name, packets)| (name.to_owned(), packets)));
    assert_eq!(found.new_sources, Ok(vec![address("45.9.9.9")]));
}

#[test]
fn a_source_is_new_if_no_day_of_the_week_before_has_it_among_its_heaviest() {
    for (seen, new) in [(ago(7 * DAY + HOUR), false), (ago(8 * DAY + 1), true), (ago(DAY + 1), false)] {
        let mut stack = Stack::with_background();
        stack.cloudwatch.event(Rule::Sources, seen, &["45.9.9.9", "eni-2"], 1);
        let found = background(&stack).new_sources.unwrap();
        assert_eq!(found.contains(&address("45.9.9.9")), new, "{seen:?}");
    }
    // Nor is one that is lighter than the 100 heaviest known to be new or not: it counts as new.
    let mut stack = Stack::with_background();
    for number in 0..100 {
        stack.cloudwatch.event(Rule::Sources, ago(2 * DAY), &[&format!("46.0.0.{number}"), "eni-1"], 10);
    }
    stack.cloudwatch.event(Rule::Sources, ago(2 * DAY), &["45.9.9.9", "eni-1"], 1);
    assert!(background(&stack).new_sources.unwrap().contains(&address("45.9.9.9")));
}

#[test]
fn what_one_report_lacks_is_not_known() {
    let mut stack = Stack::with_background();
    stack.cloudwatch.failing_at = Some(ago(3 * DAY + HOUR));
    let found = background(&stack);
    assert!(found.sources.is_ok() && found.targets.is_ok());
    assert_eq!(found.new_sources, Err(Unknown::TooSlow));
    assert_eq!(stack.digest().coverage.interfaces.unwrap().gone, Err(Unknown::TooSlow));
    assert_eq!(missing(&stack), [Part::NewSources, Part::GoneInterfaces]);
    stack.cloudwatch.failing_at = Some(ago(HOUR));
    let unknown = [Part::Incidents, Part::Sources, Part::Targets, Part::Interfaces];
    assert_eq!(missing(&stack), unknown, "nothing that depends on them is named");
}

#[test]
fn an_incident_has_the_emails_of_its_period() {
    let incidents = incidents().digest().incidents.unwrap();
    let [answer, private] = &incidents[..] else { panic!("{incidents:#?}") };
    assert_eq!((answer.id.as_str(), answer.signal, answer.emails), ("i-1", Some(Signal::OwnAnswer), 2));
    assert_eq!((answer.first, answer.last), (ago(20 * HOUR), ago(19 * HOUR + 20 * MINUTE)));
    assert_eq!(answer.state, IncidentState::Resolved);
    assert!(answer.subject.contains("RESOLVED after 28 min"), "{}", answer.subject);
    assert_eq!(
        (private.id.as_str(), private.signal, private.state),
        ("i-2", Some(Signal::Private), IncidentState::Open)
    );
}

#[test]
fn an_incident_that_is_resolved_within_the_minute_of_its_other_email_is_resolved() {
    let mut stack = Stack::quiet();
    stack.email(ago(HOUR), "i", "flood", "resolved", "b");
    stack.email(after(ago(HOUR), 20_000), "i", "flood", "update", "a");
    assert_eq!(stack.digest().incidents.unwrap()[0].state, IncidentState::Resolved);
    // Reopened later, it is open.
    stack.email(ago(30 * MINUTE), "i", "flood", "reopened", "c");
    assert_eq!(stack.digest().incidents.unwrap()[0].state, IncidentState::Open);
    stack.resolved_emails = false;
    assert_eq!(stack.digest().incidents.unwrap()[0].state, IncidentState::NotReported);
}

#[test]
fn the_verdict_never_takes_what_is_not_known_for_nothing() {
    let failed = |measures: &[Measure], stack: &Stack| {
        let mut stack = stack.clone();
        for measure in measures {
            stack.cloudwatch.fail_metric(measure.clone(), Unknown::TooSlow);
        }
        stack
    };
    let without_list = |stack: &Stack| {
        let mut stack = stack.clone();
        stack.rules.emails = Err(Unknown::SwitchedOff("ContributorInsights=off"));
        stack
    };
    let quiet = Stack::quiet();
    assert_eq!(quiet.digest().verdict(), Verdict::Nothing);
    assert_eq!(failed(&[Measure::OwnRecords], &quiet).digest().verdict(), Verdict::Unknown);
    assert_eq!(failed(&[Measure::PrivateRecords], &quiet).digest().verdict(), Verdict::Unknown);
    assert_eq!(without_list(&quiet).digest().verdict(), Verdict::Nothing);
    let blocked = incidents();
    assert_eq!(blocked.digest().verdict(), Verdict::Blocked(Some(2)));
    assert_eq!(failed(&[Measure::OwnRecords], &blocked).digest().verdict(), Verdict::Blocked(Some(2)));
    // Without the list the metric of decisions counts them, and without that the records show it.
    assert_eq!(without_list(&blocked).digest().verdict(), Verdict::Blocked(Some(2)));
    assert_eq!(failed(&[Measure::Opened], &without_list(&blocked)).digest().verdict(), Verdict::Blocked(None));
    let silent = Stack { operational_metrics: false, ..without_list(&blocked) };
    assert_eq!(silent.digest().verdict(), Verdict::Blocked(None));
    // Without any record nothing is known, whatever else is zero.
    let mut dead = Stack { cloudwatch: Default::default(), ..quiet.clone() };
    assert_eq!(dead.digest().verdict(), Verdict::NoRecords);
    dead.cloudwatch.count(Measure::LogEvents, ago(DAY + HOUR), 1);
    assert_eq!(dead.digest().verdict(), Verdict::NoRecords, "those of the day before are not of this one");
    assert_eq!(failed(&[Measure::LogEvents], &quiet).digest().verdict(), Verdict::Nothing);
}

#[test]
fn interfaces_that_stopped_sending_are_named_if_all_are_known() {
    let mut stack = Stack::quiet();
    assert_eq!(stack.digest().coverage.interfaces, Ok(Interfaces { sent: 3, exact: true, gone: Ok(Vec::new()) }));
    stack.cloudwatch.event(Rule::Interfaces, ago(DAY + 1), &["eni-gone"], 1);
    stack.cloudwatch.event(Rule::Interfaces, ago(9 * DAY), &["eni-longer-gone"], 1);
    let gone = Ok(vec!["eni-gone".to_owned()]);
    assert_eq!(stack.digest().coverage.interfaces, Ok(Interfaces { sent: 3, exact: true, gone }));
    for number in 0..200 {
        stack.cloudwatch.event(Rule::Interfaces, ago(HOUR), &[&format!("eni-x{number}")], 1);
    }
    let many = Interfaces { sent: 203, exact: false, gone: Err(Unknown::TooMany) };
    assert_eq!(stack.digest().coverage.interfaces, Ok(many));
}

#[test]
fn the_newest_record_and_the_queues_are_those_of_the_moment() {
    let digest = Stack::quiet().digest();
    assert_eq!(digest.coverage.newest, Ok(Some(before(before(NOW, 2 * MINUTE), 2_000))));
    assert!(!digest.coverage.has_gaps(NOW));
    assert!(digest.coverage.is_stale(after(NOW, 59 * MINUTE)));
    let mut old = Stack { cloudwatch: Default::default(), ..Stack::quiet() };
    assert!(old.digest().coverage.is_stale(NOW), "none at all");
    old.cloudwatch.fail_metric(Measure::Arrivals, Unknown::TooSlow);
    assert!(!old.digest().coverage.is_stale(NOW), "not known is not old");
    let (_, gaps) = scenarios().into_iter().find(|(name, _)| *name == "gaps").unwrap();
    let coverage = gaps.digest().coverage;
    assert_eq!((coverage.failed_batches, coverage.failed_timers), (Ok(2), Ok(0)), "the latest value of each");
}

#[test]
fn silences_state_what_they_held_back_in_this_period() {
    let held = incidents().digest().silences;
    let records: Vec<_> = held.iter().map(|held| (held.silence.id.as_str(), held.records.clone())).collect();
    assert_eq!(records, [("s-1", Ok(31)), ("s-2", Ok(0))]);
}

#[test]
fn a_silence_that_ended_in_the_period_is_listed_and_an_earlier_or_a_later_one_is_not() {
    let mut stack = incidents();
    let until = |hours: u64| before(NOW, hours * HOUR);
    // The period began 24 and a half hours ago.
    stack.silences[0].until = until(24);
    stack.silences[1].until = until(25);
    let held = stack.digest().silences;
    assert_eq!(held.iter().map(|held| &*held.silence.id).collect::<Vec<_>>(), ["s-1"]);
    stack.silences[0].from = after(NOW, 1);
    stack.silences[0].until = after(NOW, HOUR);
    assert_eq!(stack.digest().silences, []);
}

#[test]
fn pings_are_background_if_no_incident_is_about_the_internet() {
    let mut stack = Stack::with_background();
    assert!(stack.digest().internet_is_background());
    stack.email(ago(HOUR), "i", "private", "opened", "x");
    assert!(stack.digest().internet_is_background());
    stack.email(ago(HOUR), "f", "flood", "opened", "x");
    assert!(!stack.digest().internet_is_background());
    stack.rules.emails = Err(Unknown::CustomFormat);
    assert!(!stack.digest().internet_is_background(), "not known");
    for internet_pings in [InternetPings::Alert, InternetPings::Count] {
        assert_eq!(Stack { internet_pings, ..Stack::with_background() }.digest().background, None);
    }
}

/// AWS does not say that IncomingLogEvents counts flow logs.
#[test]
fn an_empty_metric_of_log_events_is_not_believed_against_what_shows_records() {
    for show in [
        |stack: &mut Stack| stack.cloudwatch.count(Measure::PrivateRecords, ago(HOUR), 1),
        |stack: &mut Stack| stack.cloudwatch.count(Measure::InternetRecords, ago(HOUR), 1),
        |stack: &mut Stack| stack.cloudwatch.event(Rule::Interfaces, ago(HOUR), &["eni-1"], 1),
    ] {
        let mut stack = Stack { cloudwatch: Default::default(), ..Stack::quiet() };
        show(&mut stack);
        let digest = stack.digest();
        assert_ne!(digest.verdict(), Verdict::NoRecords);
        assert_eq!(digest.coverage.log_events, Err(Unknown::NoValues));
        assert!(!digest.coverage.has_gaps(NOW), "nor is the age of the newest record known");
    }
}
