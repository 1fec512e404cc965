//! Packets by the minute.

use crate::{
    notification::email::{draft::Fields, writer::Writer},
    text::grouped,
    time::{self, EpochMillis, MINUTE_MILLIS},
};

/// Rows of a timeline.
const MAX_ROWS: usize = 12;

/// Columns of a timeline's longest bar.
const BAR_COLUMNS: u128 = 30;

/// Packets by the minute, several minutes to a row where there are many. The bar stands behind its number: beginnings that are not in
/// line in a proportional font leave the lengths to compare.
pub(super) fn write(writer: &Writer<'_>, fields: &mut Fields) {
    let minutes = &writer.notification.content.minutes;
    let (Some((first, _)), Some((last, _))) = (minutes.first_key_value(), minutes.last_key_value()) else { return };
    if first == last {
        return;
    }
    let span = (last - first).saturating_add(1);
    let step = span.div_ceil(MAX_ROWS as u64).max(1);
    let rows: Vec<(u64, u64)> = (*first..=*last)
        .step_by(usize::try_from(step).unwrap_or(usize::MAX))
        .map(|from| {
            let until = from.saturating_add(step - 1);
            (from, minutes.range(from..=until).fold(0, |sum: u64, (_, weight)| sum.saturating_add(*weight)))
        })
        .collect();
    let highest = rows.iter().map(|(_, weight)| *weight).max().unwrap_or_default().max(1);
    for (from, weight) in rows {
        let at = time::time_of_day(EpochMillis(from.saturating_mul(MINUTE_MILLIS)));
        let share = u128::from(weight) * BAR_COLUMNS / u128::from(highest);
        let columns = if weight == 0 { 0 } else { share.max(1) };
        let bar = "=".repeat(usize::try_from(columns).unwrap_or_default());
        fields.field("", format!("{} {} {bar}", &at[..at.len().min(5)], grouped(weight)).trim_end());
    }
    fields.field("", writer.words.timeline(writer.notification.content.totals.packets.is_some(), step));
}
