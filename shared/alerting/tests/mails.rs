//! Whole mails, as their readers get them: one for each event in `events/` that has something to report.
//!
//! After a change that is meant, `INSTA_UPDATE=always cargo test -p alerting` writes the snapshots anew; read the difference.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its event has failed")]

use alerting::{
    Detection, Detector, Message,
    alert::Site,
    console_link::Console,
    detect::{MAX_FLOWS, Source},
    incident::{
        IncidentKey, Policy, Reason, Summary,
        state::{Closing, Lease, Open, Past},
    },
    mail::{self, COLUMNS, MAX_BODY_BYTES, MAX_SUBJECT_CHARS, Mail},
    message::{Frame, Told},
    network::Network,
    time::{self, EpochMillis, MINUTE_MILLIS},
};
use flow_log::{Decoder, Formats};

/// 2026-11-23 02:38:54 UTC, 6 min 40 s after the first packet of most events.
const NOW: EpochMillis = EpochMillis(1_795_401_534_000);

const V5: &str = "${version} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${start} ${end} ${type} ${packets} \
                  ${bytes} ${account-id} ${vpc-id} ${subnet-id} ${instance-id} ${interface-id} ${region} ${az-id} \
                  ${sublocation-type} ${sublocation-id} ${action} ${tcp-flags} ${pkt-srcaddr} ${pkt-dstaddr} \
                  ${pkt-src-aws-service} ${pkt-dst-aws-service} ${traffic-path} ${flow-direction} ${log-status}";

fn site() -> Site {
    let region = "ap-northeast-1";
    Site {
        region: region.to_owned(),
        console: Console::new(region),
        metric_namespace: "Ping-Deny-Metrics".to_owned(),
        metric_name: "Ping-Deny".to_owned(),
    }
}

fn detect(name: &str) -> Detection {
    let path = format!("{}/../../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let event = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let formats = Formats::parse(if name == "custom-format" { V5 } else { DEFAULT }).unwrap();
    let mut decoder = Decoder::new(1 << 26);
    let mut payload = decoder.decode(&event).unwrap();
    let mut detector = Detector::new(&formats);
    let header = payload.next_batch(|event| detector.observe(&event)).unwrap().unwrap();
    detector.finish(Source::of(&header))
}

const DEFAULT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} \
                       ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";

fn key() -> IncidentKey {
    IncidentKey("Ping-Deny|123456789010|Log-Group".to_owned())
}

/// Renders a message about the incident of these tests.
fn render(reason: Reason, message: impl FnOnce(Frame<'_>) -> Mail) -> Mail {
    let (key, site, policy, network) = (key(), site(), Policy::default(), Network::default());
    message(Frame { key: &key, reason, network: &network, policy: &policy, site: &site, now: NOW })
}

fn opening_of(detection: &Detection, previous: Option<&Past>) -> Mail {
    let findings: Vec<_> = detection.findings.iter().collect();
    let told = Told::batch(detection, &findings, detection.untracked);
    render(Reason::New, |frame| mail::render(&Message::opening(frame, "1", told, previous)))
}

fn opening(name: &str) -> Mail {
    opening_of(&detect(name), None)
}

fn shown(mail: &Mail) -> String {
    format!("Subject: {}\n\n{}", mail.subject, mail.body)
}

/// One test for each event, so that a difference names its scenario.
macro_rules! opening_mails {
    ($($test:ident: $name:literal,)*) => {
        $(#[test]
        fn $test() {
            let mail = opening($name);
            check_limits(&mail);
            insta::assert_snapshot!($name, shown(&mail));
        })*
    };
}

opening_mails! {
    a_reply_stopped_by_the_acl: "ping-deny",
    icmpv6: "ping-deny-v6",
    pings_from_outside: "ping-deny-inbound",
    several_flows_among_much_traffic: "mixed-traffic",
    a_custom_format: "custom-format",
    many_sources: "sweep",
    broken_lines_beside_good_ones: "broken-line",
    hostile_names: "hostile",
}

/// What holds for every mail, whatever is in it.
fn check_limits(mail: &Mail) {
    assert!(mail.subject.chars().count() <= MAX_SUBJECT_CHARS, "{}", mail.subject);
    assert!(!mail.subject.chars().any(char::is_control), "{:?}", mail.subject);
    assert!(mail.body.len() <= MAX_BODY_BYTES);
    let foreign = mail.body.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(foreign, None, "a control character in the body");
    let text = mail.body.split("\nRECORDS\n").next().unwrap();
    for line in text.lines().filter(|line| !line.starts_with("https://")) {
        // A word that is longer than the column keeps a line of its own.
        let only_word =
            line.trim_start().split(' ').count() == 1 || line.split_whitespace().any(|word| word.chars().count() > 40);
        assert!(line.chars().count() <= COLUMNS || only_word, "{} columns: {line}", line.chars().count());
    }
}

/// An incident of a quarter of an hour: a mail was sent 5 minutes ago, and some came since.
fn ongoing() -> (Open, Summary) {
    let mailed = Summary::of(&detect("ping-deny-inbound").findings);
    let mut total = mailed.clone();
    total.merge(&Summary::of(&detect("sweep").findings));
    let opened_at = time::before(NOW, 15 * MINUTE_MILLIS);
    let open = Open {
        id: "1".to_owned(),
        opened_at,
        mails: 1,
        mailed_at: time::before(NOW, 5 * MINUTE_MILLIS),
        mailed,
        lease: None,
        timer: 3,
        wake_at: NOW,
    };
    (open, total)
}

#[test]
fn an_update_says_what_came_since_the_last_mail() {
    let (open, total) = ongoing();
    let mail = render(Reason::UpdateDue, |frame| mail::render(&Message::update(frame, &open, &total)));
    check_limits(&mail);
    assert_eq!(mail.records, 143);
    insta::assert_snapshot!("update", shown(&mail));
}

#[test]
fn an_all_clear_tells_the_whole_story() {
    let (open, summary) = ongoing();
    let closing = Closing {
        id: open.id,
        opened_at: open.opened_at,
        last_seen: time::before(NOW, 2 * MINUTE_MILLIS),
        mails: 2,
        mailed: summary.clone(),
        summary,
        lease: Lease { owner: "me".to_owned(), until: NOW },
        timer: 4,
    };
    let mail = render(Reason::Quiet, |frame| mail::render(&Message::over(frame, &closing)));
    check_limits(&mail);
    insta::assert_snapshot!("all-clear", shown(&mail));
}

#[test]
fn an_opening_whose_sender_died_is_made_from_the_counters() {
    let (mut open, total) = ongoing();
    (open.mails, open.mailed) = (0, Summary::default());
    let mail = render(Reason::TakenOver, |frame| mail::render(&Message::late_opening(frame, &open, &total)));
    check_limits(&mail);
    insta::assert_snapshot!("late-opening", shown(&mail));
}

#[test]
fn an_incident_after_another_refers_to_it() {
    let detection = detect("ping-deny");
    let previous = Past {
        id: "0".to_owned(),
        opened_at: time::before(NOW, 100 * MINUTE_MILLIS),
        last_seen: time::before(NOW, 40 * MINUTE_MILLIS),
        totals: detection.totals(),
    };
    let mail = opening_of(&detection, Some(&previous));
    check_limits(&mail);
    let expect = "\nThe one before ended at 2026-11-23 01:58:54 UTC: 4 packets, 336 bytes, 1\nrecord in 1 h.\n";
    assert!(mail.body.contains(expect), "{}", mail.body);
}

#[test]
fn the_first_two_lines_are_enough_on_a_lock_screen() {
    let mail = opening("ping-deny");
    let two: Vec<&str> = mail.body.lines().take(2).collect();
    let two = two.join(" ");
    for word in ["172.31.16.139", "203.0.113.12", "4 pings", "could not answer"] {
        assert!(two.contains(word), "no {word} in: {two}");
    }
}

#[test]
fn the_readme_shows_the_mail_as_it_is() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap();
    let block = readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let mail = shown(&opening("ping-deny"));
    let (before, links) = mail.split_once("All ICMP records").unwrap();
    let (_, records) = links.split_once("RECORDS\n").unwrap();
    assert_eq!(block, format!("{before}RECORDS\n{records}"));
}

#[test]
fn a_storm_past_the_limit_of_flows_says_at_least() {
    let formats = Formats::default();
    let mut detector = Detector::new(&formats);
    for n in 0..MAX_FLOWS + 500 {
        let line =
            format!("2 1 eni-1 10.{}.{}.1 10.0.0.1 0 0 1 2 168 1795401134 1795401190 REJECT OK", n / 250, n % 250);
        detector.observe(&flow_log::LogEvent::new("1", 0, line));
    }
    let mail = opening_of(&detector.finish(Source::default()), None);
    check_limits(&mail);
    assert_eq!(mail.subject, "[Ping-Deny] 5,000 rejected pings from at least 2,000 sources to at least 1 target");
    for expect in [
        "5,000 pings from at least 2,000 sources to at least 1 target were",
        "       500 records of them beyond 2,000 flows are counted here and in",
        "       and 1,995 more\n",
        "       and 1,990 more\n",
    ] {
        assert!(mail.body.contains(expect), "{expect}\n{}", mail.body);
    }
}

#[test]
fn the_largest_numbers_do_not_stop_a_report() {
    let formats = Formats::default();
    let mut detector = Detector::new(&formats);
    let max = u64::MAX;
    for start in [0, 60, max] {
        let line = format!("2 1 eni-1 10.0.0.1 8.8.8.8 0 0 1 {max} {max} {start} {max} REJECT OK");
        detector.observe(&flow_log::LogEvent::new("1", 0, line));
    }
    let detection = detector.finish(Source::default());
    let (mut open, _) = ongoing();
    open.mailed = Summary::default();
    let mut total = Summary::of(&detection.findings);
    total.merge(&Summary::of(&detection.findings));
    let mail = render(Reason::UpdateDue, |frame| mail::render(&Message::update(frame, &open, &total)));
    assert!(mail.body.contains("18,446,744,073,709,551,615 packets"), "{}", mail.body);
}
