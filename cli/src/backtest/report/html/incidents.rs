//! The chart of incidents over time: a bar from opened to resolved, in a lane for each origin.

use std::fmt::Write as _;

use alerting::{detection::Origin, notification::Severity, time, zone::Zone};

use super::svg::{Axis, chart, escape};
use crate::backtest::{
    play::origin_words,
    report::{
        results::Results,
        story::Story,
        words::{duration, moment},
    },
};
use crate::words::number;

/// Rows of a lane: incidents beyond them overlap.
const MAX_ROWS: usize = 8;

/// From so many incidents on, bars have no labels beside them.
const MAX_LABELLED: usize = 40;

/// Room for a label, in percent of the width of a phone.
const LABEL_PERCENT: f64 = 20.0;

const HEADING_HEIGHT: u64 = 19;
const ROW_HEIGHT: u64 = 20;
const BAR_HEIGHT: u64 = 12;
const AXIS_HEIGHT: u64 = 20;

/// Draws the chart. `prefix` begins the ids of the side's elements.
pub(super) fn draw(prefix: &str, results: &Results, axis: &Axis) -> String {
    let stories: Vec<(usize, &Story)> = results.stories.iter().enumerate().collect();
    let is_labelled = stories.len() <= MAX_LABELLED;
    let mut content = String::new();
    let mut y = 0;
    for origin in Origin::ALL {
        let mut of_lane = stories.iter().filter(|(_, story)| story.origin == origin).peekable();
        if of_lane.peek().is_none() {
            continue;
        }
        let _ = write!(content, r#"<text class="lane" x="0" y="{}">{}</text>"#, y + 13, origin_words(origin));
        y += HEADING_HEIGHT;
        let mut rows: Vec<f64> = Vec::new();
        for (index, story) in of_lane {
            let (from, to) = (axis.percent(story.opened_at()), axis.percent(story.resolved_at()));
            // A label that has no room behind its bar stands before it.
            let is_before = is_labelled && to + LABEL_PERCENT > 100.0;
            let room = if is_labelled { LABEL_PERCENT } else { 1.0 };
            let (begins, ends) = if is_before { (from - room, to) } else { (from, to + room) };
            let row = row(&mut rows, begins);
            rows[row] = ends;
            let seen = axis.percent(story.last_seen().max(story.opened_at()));
            let place = Place { from, seen, to, y: y + row as u64 * ROW_HEIGHT };
            content.push_str(&bar(prefix, *index, story, &place, &results.zone));
            // A bar from one edge to the other has room on neither side.
            if is_labelled && !(is_before && from < LABEL_PERCENT) {
                content.push_str(&label(story, &place, is_before));
            }
        }
        y += rows.len() as u64 * ROW_HEIGHT + 4;
    }
    let grid = axis.grid(y);
    let labels = axis.labels(y + 14);
    let title = "Incidents over time";
    let text = format!(
        "{}, a bar each from its first email until it is resolved",
        number(results.stories.number(), "incident")
    );
    chart(&format!("{prefix}incidents"), title, &text, y + AXIS_HEIGHT, &format!("{grid}{content}{labels}"))
}

/// The row of a lane that a bar is drawn in: the first free one, a new one, or the one that is free soonest.
fn row(rows: &mut Vec<f64>, begins: f64) -> usize {
    if let Some(free) = rows.iter().position(|taken| *taken <= begins) {
        return free;
    }
    if rows.len() < MAX_ROWS {
        rows.push(0.0);
        return rows.len() - 1;
    }
    let soonest = (0..rows.len()).min_by(|one, other| rows[*one].total_cmp(&rows[*other]));
    soonest.unwrap_or_default()
}

/// A place of a bar: in percent, and in pixels.
struct Place {
    from: f64,
    /// The last finding.
    seen: f64,
    to: f64,
    y: u64,
}

fn bar(prefix: &str, index: usize, story: &Story, place: &Place, zone: &Zone) -> String {
    let lasted = duration(time::millis_between(story.opened_at(), story.resolved_at()));
    let title = format!(
        "#{}, {}, severity {}, {lasted}: {}",
        story.short_id,
        moment(story.opened_at(), zone),
        story.severity.word(),
        story.subject()
    );
    format!(
        r##"<a href="#{prefix}incident-{index}"><rect class="bar {}" x="{:.3}%" y="{}" width="{:.3}%" height="{BAR_HEIGHT}" rx="3"><title>{}</title></rect></a><rect class="seen {}" x="{:.3}%" y="{}" width="{:.3}%" height="{BAR_HEIGHT}" rx="3"/>"##,
        class_of(story.origin),
        place.from,
        place.y + 2,
        (place.to - place.from).max(0.05),
        escape(&title),
        class_of(story.origin),
        place.from,
        place.y + 2,
        (place.seen - place.from).max(0.05),
    )
}

fn label(story: &Story, place: &Place, is_before: bool) -> String {
    let (x, dx, anchor) = if is_before { (place.from, -6, " end") } else { (place.to, 6, "") };
    let (id, high) = (escape(&story.short_id), if story.severity == Severity::High { " high" } else { "" });
    format!(r#"<text class="label{anchor}" x="{x:.3}%" dx="{dx}" y="{}">#{id}{high}</text>"#, place.y + 12)
}

/// The class of what belongs to an origin.
pub(super) fn class_of(origin: Origin) -> &'static str {
    origin.full_word()
}

/// The colours of the origins that have incidents or signal.
pub(super) fn legend(results: &Results) -> String {
    let mut keys = String::new();
    for origin in Origin::ALL {
        if results.traffic.total.signal.contains_key(&origin) {
            let _ = write!(keys, r#"<li><i class="key {}"></i>{}</li>"#, class_of(origin), origin_words(origin));
        }
    }
    if keys.is_empty() { keys } else { format!(r#"<ul class="legend">{keys}</ul>"#) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_share_a_row_only_where_there_is_room() {
        let mut rows = Vec::new();
        let mut place = |from: f64, to: f64| {
            let row = row(&mut rows, from);
            rows[row] = to;
            row
        };
        assert_eq!([place(0.0, 20.0), place(10.0, 30.0), place(20.0, 25.0), place(22.0, 90.0)], [0, 1, 0, 2]);
        // Beyond the last row they overlap where it is shortest.
        let mut rows: Vec<f64> = (0..MAX_ROWS).map(|n| 90.0 - n as f64).collect();
        assert_eq!((row(&mut rows, 10.0), rows.len()), (MAX_ROWS - 1, MAX_ROWS));
    }
}
