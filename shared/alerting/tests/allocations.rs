//! What detection allocates: texts only for findings that somebody reads, and bounded memory for a flood of flows.

use alerting::{
    detection::{Detection, Detector, LogSource, MAX_FLOWS, Rules},
    incident::{GroupBy, SignalPolicy, key},
};
use allocation_counter::{AllocationInfo, measure};
use flow_log::{Formats, LogEvent};

/// Rejected connections to one host, each from another address below `net` and to another port.
fn lines(net: &str, flows: usize, records_each: usize) -> Vec<String> {
    let line = |n: usize| {
        let (a, b, port) = (n / 250, n % 250, 1 + n % 60_000);
        format!(
            "2 123456789010 eni-0a1b2c3d4e5f60718 {net}.{a}.{b} 10.9.0.20 56911 {port} 6 2 120 1795401134 1795401182 REJECT OK"
        )
    };
    (0..records_each).flat_map(|_| (0..flows).map(line)).collect()
}

/// What a batch allocates until its metrics and incidents are known, and the batch.
fn detected<'l>(formats: &Formats, lines: &'l [String]) -> (AllocationInfo, Detection) {
    let events: Vec<LogEvent<'l>> = lines.iter().map(|line| LogEvent::new("1", 1_795_401_134_000, line)).collect();
    let policy = SignalPolicy { rules: Rules::all(), ..SignalPolicy::default() };
    let mut detection = Detection::default();
    let info = measure(|| {
        let mut detector = Detector::new(formats).with_rules(Rules::all());
        events.iter().for_each(|event| detector.observe(event));
        detection = detector.finish(LogSource::default());
        assert_eq!(detection.minutes(|flow| Some(flow.rule)).len(), 1);
        key::group(&detection, GroupBy::LogGroup, &policy);
    });
    (info, detection)
}

#[test]
fn background_allocates_only_as_its_lists_grow() {
    let formats = Formats::default();
    let of = |flows, records_each| detected(&formats, &lines("8.8", flows, records_each)).0.count_total;
    let few = of(50, 1);
    // Each of some ten lists and tables doubles.
    let doublings = 4;
    for (flows, records_each) in [(800, 1), (50, 16)] {
        let more = of(flows, records_each);
        assert!(more <= few + 10 * doublings, "{more} of {} records, {few} of 50", flows * records_each);
    }
}

#[test]
fn texts_are_made_when_somebody_reads_a_finding_and_once() {
    let formats = Formats::default();
    let lines = lines("8.8", 3, 1);
    let (_, detection) = detected(&formats, &lines);
    let flow = detection.flows().next().unwrap();
    let first = measure(|| assert_eq!(*detection.finding(flow).lines[0], *lines[0]));
    let again = measure(|| assert_eq!(detection.finding(flow).metadata.account_id.as_deref(), Some("123456789010")));
    assert!(first.count_total > 0 && again.count_total == 0, "{first:?} {again:?}");
}

#[test]
fn a_flood_of_flows_takes_bounded_memory() {
    let formats = Formats::default();
    for net in ["8.8", "10.8"] {
        let of = |flows| detected(&formats, &lines(net, flows, 1)).0.bytes_max;
        let (full, flood) = (of(MAX_FLOWS), of(20 * MAX_FLOWS));
        assert!(flood <= full + 64 * 1024, "{net}: {flood} of 40,000 flows, {full} of {MAX_FLOWS}");
    }
}
