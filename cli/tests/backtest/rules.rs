//! The rules about TCP and UDP, as a setting of a backtest.

use crate::harness::{Folder, START};

const ALL: &str = "Rules=ping,request,reply,helper,scan";

/// A record of TCP in a minute: ends like `10.0.1.5:40000 10.0.2.20:5432`.
fn tcp(minute: u64, interface: &str, ends: &str, packets: u64, action: &str) -> String {
    let words: Vec<&str> = ends.split([' ', ':']).collect();
    let [source, from, target, to] = words[..] else { panic!("not two ends: {ends}") };
    let (bytes, start) = (packets * 60, START + 60 * minute);
    let end = start + 50;
    format!("2 123456789012 {interface} {source} {target} {from} {to} 6 {packets} {bytes} {start} {end} {action} OK")
}

/// Three hours with scanners, a database without a rule, a scan of single packets, a late packet and a stray.
fn connections() -> Vec<String> {
    let mut lines = Vec::new();
    for minute in 0..180 {
        lines.push(tcp(minute, "eni-a", "10.0.1.5:40001 93.184.216.34:443", 9, "ACCEPT"));
        lines.push(tcp(minute, "eni-a", &format!("9.9.9.{minute}:50000 10.0.1.5:23"), 3, "REJECT"));
        if (20..40).contains(&minute) {
            lines.push(tcp(minute, "eni-b", &format!("10.0.1.5:{} 10.0.2.20:5432", 40_000 + minute), 4, "REJECT"));
        }
        if minute == 100 {
            let scan = (0..20)
                .map(|port| tcp(minute, "eni-b", &format!("10.0.9.9:45000 10.0.2.20:{}", 5_000 + port), 1, "REJECT"));
            lines.extend(scan);
            lines.push(tcp(minute, "eni-a", "93.184.216.34:443 10.0.1.5:40777", 2, "REJECT"));
            lines.push(tcp(minute, "eni-a", "10.0.9.8:45000 10.0.1.5:22", 1, "REJECT"));
        }
    }
    lines
}

#[test]
fn by_default_connections_are_looked_at_by_no_rule() {
    let (emails, summary) = Folder::with(&connections()).json(&[]);
    assert_eq!((emails.len(), summary["matched"].as_u64()), (0, Some(0)));
}

#[test]
fn what_is_ours_is_an_incident_and_the_rest_is_stated() {
    let folder = Folder::with(&connections());
    let report = folder.run(&["flow.log", "--set", ALL]);
    assert!(report.succeeded, "{}", report.err);
    let (incidents, background) = report.out.split_once("\nBACKGROUND\n").unwrap();
    assert!(incidents.contains("INCIDENTS (2)"), "{incidents}");
    assert!(incidents.contains("[Request-Deny] 10.0.1.5 could not reach 10.0.2.20:5432 (postgresql)"), "{incidents}");
    assert!(incidents.contains("[Scan-Deny] 10.0.9.9 was refused on 20 ports of 10.0.2.20"), "{incidents}");
    assert!(!incidents.contains("9.9.9."), "a scanner is in an incident: {incidents}");
    // The scan's packets are single ones, and no background.
    let lines: Vec<&str> = background.lines().take(4).collect();
    assert_eq!(
        lines,
        [
            "540 packets of TCP and UDP from the internet, in 180 records: no email, in the digest only.",
            "2 late packets of connections that were over, in 1 record: no email, in the digest only.",
            "1 packet of yours and of private networks, single ones or by rules without emails, in 1 record: no email, in the \
             digest only.",
            "",
        ]
    );
}

#[test]
fn each_rule_is_compared_with_none_of_it() {
    let folder = Folder::with(&connections());
    let both = folder.run(&["flow.log", "--compare", "Rules=ping", ALL]);
    assert!(both.succeeded, "{}", both.err);
    let later = both.out.split_once("IN B, AND LATER OR NEVER IN A\n").unwrap().1;
    assert_eq!(later.matches("\n    no email in A").count(), 2, "{later}");
    let kinds = |rules: &str| {
        let (emails, _) = folder.json(&["--set", rules]);
        emails.iter().filter(|email| email["kind"] == "opened").count()
    };
    assert_eq!([kinds("Rules=request:digest"), kinds("Rules=request"), kinds("Rules=scan")], [0, 1, 1]);
}
