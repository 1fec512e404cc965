//! The charts of traffic and of emails, and the table that says the same.

use std::{collections::BTreeSet, fmt::Write as _};

use alerting::{
    detection::Origin,
    notification::NotificationKind,
    text::grouped,
    time::{EpochMillis, HOUR_MILLIS},
};

use super::{
    bars::{self, Bar, Scale},
    incidents::class_of,
    svg::Axis,
};
use crate::backtest::{
    play::{Amount, origin_words},
    report::{
        emails::{KINDS, OfDay, sum},
        results::Results,
        traffic::Bucket,
        words::moment,
    },
};
use crate::words::number;

/// Days that the table lists: the newest.
const MAX_TABLE_DAYS: usize = 400;

const DAY_MILLIS: u64 = 24 * HOUR_MILLIS;

/// Share of its time that a bar of traffic takes, and one of emails.
const TRAFFIC_WIDTH: f64 = 0.84;
const EMAILS_WIDTH: f64 = 0.5;

/// The unit of the bars of traffic.
pub(super) fn unit(results: &Results) -> &'static str {
    if results.traffic.buckets().1 == HOUR_MILLIS { "an hour" } else { "a day" }
}

/// Draws the packets of incidents by origin.
pub(super) fn signal(prefix: &str, results: &Results, axis: &Axis) -> String {
    let (buckets, millis) = results.traffic.buckets();
    let bar = |(from, bucket): (&EpochMillis, &Bucket)| {
        let of = |origin| bucket.signal.get(&origin).map_or(0, |amount: &Amount| amount.packets);
        let parts = Origin::ALL.map(|origin| (class_of(origin), of(origin))).to_vec();
        let title = format!("{}: {}", moment(*from, &results.zone), number(bucket.all_signal().packets, "packet"));
        Bar { from: *from, millis, parts, title }
    };
    let bars: Vec<Bar> = buckets.iter().map(bar).collect();
    let description = format!("{} altogether", number(results.traffic.total.all_signal().packets, "packet"));
    bars::draw(
        &format!("{prefix}signal"),
        ("Rejected packets of incidents, by origin", &description),
        &bars,
        (Scale::Logarithmic, TRAFFIC_WIDTH),
        axis,
    )
}

/// Draws the packets of background.
pub(super) fn background(prefix: &str, results: &Results, axis: &Axis) -> String {
    let (buckets, millis) = results.traffic.buckets();
    let bar = |(from, bucket): (&EpochMillis, &Bucket)| Bar {
        from: *from,
        millis,
        parts: vec![("background", bucket.all_background().packets)],
        title: format!("{}: {}", moment(*from, &results.zone), number(bucket.all_background().packets, "packet")),
    };
    let bars: Vec<Bar> = buckets.iter().map(bar).collect();
    let description = format!("{} altogether", number(results.traffic.total.all_background().packets, "packet"));
    bars::draw(
        &format!("{prefix}background"),
        ("Rejected packets of background", &description),
        &bars,
        (Scale::Linear, TRAFFIC_WIDTH),
        axis,
    )
}

/// Draws the emails of each day by kind.
pub(super) fn emails(prefix: &str, results: &Results, axis: &Axis) -> String {
    let bar = |(from, day): (&EpochMillis, &OfDay)| {
        let parts: Vec<_> = KINDS.map(|kind| (kind_class(kind), sum(day, |_, one| one == kind))).to_vec();
        let words = parts.iter().zip(KINDS).filter(|((_, emails), _)| *emails > 0);
        let words: Vec<String> = words.map(|((_, emails), kind)| format!("{emails} {}", kind.word())).collect();
        let title = format!("{}: {}", results.zone.day_and_clock(*from).0, words.join(", "));
        Bar { from: *from, millis: DAY_MILLIS, parts, title }
    };
    let bars: Vec<Bar> = results.emails.days.iter().map(bar).collect();
    let description = format!("{}, daily digests not counted", number(results.emails.total(), "email"));
    bars::draw(
        &format!("{prefix}emails"),
        ("Emails a day, by kind", &description),
        &bars,
        (Scale::Linear, EMAILS_WIDTH),
        axis,
    )
}

/// The class of what belongs to a kind.
pub(super) fn kind_class(kind: NotificationKind) -> &'static str {
    kind.word()
}

/// The colours of the kinds.
pub(super) fn kinds_legend() -> String {
    let keys = KINDS.map(|kind| format!(r#"<li><i class="key {}"></i>{}</li>"#, kind_class(kind), kind.word()));
    format!(r#"<ul class="legend">{}</ul>"#, keys.concat())
}

/// What the charts show, as a table by day.
pub(super) fn table(results: &Results) -> String {
    let days: BTreeSet<&EpochMillis> = results.traffic.days.keys().chain(results.emails.days.keys()).collect();
    let mut rows = String::new();
    for midnight in days.iter().rev().take(MAX_TABLE_DAYS) {
        let bucket = results.traffic.days.get(midnight).cloned().unwrap_or_default();
        let _ = write!(rows, r#"<tr><th scope="row">{}</th>"#, results.zone.day_and_clock(**midnight).0);
        let signal = Origin::ALL.map(|origin| bucket.signal.get(&origin).map_or(0, |amount| amount.packets));
        let day = results.emails.days.get(midnight);
        let emails = KINDS.map(|kind| day.map_or(0, |day| sum(day, |_, one| one == kind)));
        for value in signal.into_iter().chain([bucket.all_background().packets]).chain(emails) {
            let _ = write!(rows, "<td>{}</td>", if value == 0 { "–".to_owned() } else { grouped(value) });
        }
        rows.push_str("</tr>");
    }
    let heads =
        Origin::ALL.map(origin_words).into_iter().chain(["background"]).chain(KINDS.map(NotificationKind::word));
    let heads: String = heads.map(|head| format!(r#"<th scope="col">{head}</th>"#)).collect();
    let left_out = days.len().saturating_sub(MAX_TABLE_DAYS);
    let note = if left_out > 0 { format!("<p>{left_out} older days are left out.</p>") } else { String::new() };
    format!(
        r#"<details class="table"><summary>The charts as a table</summary><div class="scroll"><table><thead><tr><td></td><th scope="colgroup" colspan="5">rejected packets</th><th scope="colgroup" colspan="4">emails</th></tr><tr><th scope="col">day</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{note}</details>"#
    )
}
