//! Packets by the minute.

use crate::{
    notification::email::{draft::Detail, writer::Writer},
    text::grouped,
    time::{EpochMillis, MINUTE_MILLIS},
};

/// Rows of a timeline.
const MAX_ROWS: usize = 12;

/// Characters of a timeline's longest bar: with the time and the number before it a row fits a telephone.
const BAR_CHARS: u128 = 20;

/// Packets by the minute, several minutes to a row where there are many. The bar stands behind its number: beginnings that are not in
/// line in a proportional font leave the lengths to compare.
pub(super) fn of(writer: &Writer<'_>) -> Option<Detail> {
    let (content, zone) = (writer.notification.content, &writer.notification.site.zone);
    let (first, last) = (*content.minutes.first_key_value()?.0, *content.minutes.last_key_value()?.0);
    if first == last {
        return None;
    }
    let step = (last - first).saturating_add(1).div_ceil(MAX_ROWS as u64).max(1);
    let rows: Vec<(u64, u64)> = (first..=last)
        .step_by(usize::try_from(step).unwrap_or(usize::MAX))
        .map(|from| {
            let until = from.saturating_add(step - 1);
            (from, content.minutes.range(from..=until).fold(0, |sum: u64, (_, weight)| sum.saturating_add(*weight)))
        })
        .collect();
    let highest = rows.iter().map(|(_, weight)| *weight).max().unwrap_or_default().max(1);
    let minute = |minute: u64| zone.minute(EpochMillis(minute.saturating_mul(MINUTE_MILLIS)));
    let row = |(from, weight): (u64, u64)| {
        let share = u128::from(weight) * BAR_CHARS / u128::from(highest);
        let chars = if weight == 0 { 0 } else { share.max(1) };
        let bar = "=".repeat(usize::try_from(chars).unwrap_or_default());
        format!("{} {} {bar}", minute(from).0, grouped(weight)).trim_end().to_owned()
    };
    Some(Detail {
        label: writer.words.timeline(content.totals.packets.is_some(), step, &minute(first).1),
        values: rows.into_iter().map(row).collect(),
    })
}
