//! The page, as far as its text shows. A browser reads it in `tests/tools/test_backtest_page.py`.

use std::fs;

use crate::harness::{Folder, icmp, three_hours};

/// The page of a backtest of `flow.log`.
fn page(folder: &Folder, args: &[&str]) -> String {
    let printed = folder.run(&[&["flow.log", "--html", "page.html"], args].concat());
    assert!(printed.succeeded, "{}", printed.err);
    fs::read_to_string(folder.path("page.html")).unwrap()
}

#[test]
fn it_has_a_bar_and_a_story_for_each_incident_and_the_text_of_each_email() {
    let folder = Folder::with(&three_hours());
    let (page, (emails, _)) = (page(&folder, &["--set", "TimeZone=Asia/Tokyo"]), folder.json(&[]));
    assert_eq!(page.matches("<rect class=\"bar ").count(), 2);
    assert_eq!(page.matches("<article class=\"story ").count(), 2);
    assert_eq!(page.matches("<pre>").count(), emails.len());
    for index in 0..2 {
        assert!(
            page.contains(&format!("href=\"#incident-{index}\"")) && page.contains(&format!("id=\"incident-{index}\""))
        );
    }
    let hours = page.matches("<rect class=\"background\"").count();
    assert_eq!(hours, 4, "26 records in hours 11 to 14 of Tokyo");
    assert!(page.contains("With <code>TimeZone=Asia/Tokyo</code>") && page.contains("2026-11-23 11:58:59 JST"));
    for part in ["WHAT TO DO", "52</b> <span>background", "<title>2026-11-23 11:00:00 JST: 8 packets</title>"] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn it_asks_nothing_of_a_network_and_runs_no_script() {
    let folder = Folder::with(&three_hours());
    let page = page(&folder, &[]);
    assert!(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'\""));
    for forbidden in
        ["<script", "<img", "<link", "<iframe", "src=", "@import", "url(", "href=\"http", "onload", "onclick"]
    {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn text_of_records_and_settings_is_no_markup() {
    let hostile = "eni-<script>alert(1)</script>\"'&";
    let folder = Folder::with(&[icmp(0, hostile, "10.0.0.5 8.8.8.8", 4, "REJECT"), "<b>no record</b>".to_owned()]);
    let page = page(&folder, &["--silence", "interface=<i>"]);
    for forbidden in ["<script", "<b>no", "<i>", "\"'&"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    for text in [
        "eni-&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;",
        "&lt;b&gt;no record",
        "--interface &#39;&lt;i&gt;&#39;",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn two_lists_of_settings_are_side_by_side() {
    let folder = Folder::with(&three_hours());
    let page = page(&folder, &["--compare", "", "InternetPings=alert"]);
    assert_eq!(page.matches("<div class=\"side\">").count(), 2);
    let ids: Vec<&str> =
        page.match_indices(" id=\"").map(|(at, _)| page[at + 5..].split('"').next().unwrap()).collect();
    let mut distinct = ids.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), ids.len(), "{ids:?}");
    assert!(page.contains("<strong>no email in A</strong>"));
    assert!(page.contains("<th scope=\"row\">internet</th><td>0</td>"));
}

#[test]
fn charts_of_nothing_are_left_out() {
    let folder = Folder::with(&three_hours());
    let charts = |args: &[&str]| {
        let page = page(&folder, args);
        let title = |chart: &str| page.contains(&format!("<figcaption><b>{chart}</b>"));
        ["Incidents", "Signal", "Background", "Emails"].map(title)
    };
    assert_eq!(charts(&[]), [true; 4]);
    assert_eq!(charts(&["--set", "InternetPings=alert"]), [true, true, false, true]);
    assert_eq!(charts(&["--silence", "source=10.0.0.0/8"]), [false, true, true, false]);
}

#[test]
fn without_records_it_says_so() {
    let page = page(&Folder::with(&[]), &[]);
    assert!(page.contains("No records with traffic.") && !page.contains("<svg"));
}

#[test]
fn a_page_that_cannot_be_written_is_an_error_of_one_line() {
    let printed = Folder::with(&three_hours()).run(&["flow.log", "--html", "no/such/page.html"]);
    assert!(printed.failure().starts_with("cannot write no/such/page.html: "), "{}", printed.err);
}
