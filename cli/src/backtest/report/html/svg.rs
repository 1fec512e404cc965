//! The little of SVG that the charts need. Places along the time are percentages, so that a chart fits any width without a script.

use std::{borrow::Cow, fmt::Write as _};

use alerting::{
    time::{self, EpochMillis, HOUR_MILLIS},
    zone::Zone,
};

/// Labels of a time axis at most.
const MAX_TICKS: u64 = 8;

/// From so many percent on, a label would not fit before the edge.
const LAST_LABEL_PERCENT: f64 = 90.0;

/// Makes text safe within an element and within an attribute.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// The time that all charts of a page share.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    first: EpochMillis,
    last: EpochMillis,
    ticks: Vec<(f64, String)>,
}

impl Axis {
    /// From the day of one point in time to another; of a short time from its hour.
    pub(super) fn new(first: EpochMillis, last: EpochMillis, zone: &Zone) -> Axis {
        let midnight = zone.day_start(first);
        let by_hour = time::millis_between(midnight, last) <= 48 * HOUR_MILLIS;
        let hour = EpochMillis(midnight.0 + time::millis_between(midnight, first) / HOUR_MILLIS * HOUR_MILLIS);
        let first = if by_hour { hour } else { midnight };
        let last = last.max(time::after(first, HOUR_MILLIS));
        let mut axis = Axis { first, last, ticks: Vec::new() };
        axis.ticks = if by_hour { axis.hours(zone) } else { axis.days(zone) };
        axis
    }

    /// The place of a point in time, in percent.
    pub(super) fn percent(&self, at: EpochMillis) -> f64 {
        let place = time::millis_between(self.first, at) as f64 / time::millis_between(self.first, self.last) as f64;
        (place * 100.0).min(100.0)
    }

    fn hours(&self, zone: &Zone) -> Vec<(f64, String)> {
        let hours = time::millis_between(self.first, self.last) / HOUR_MILLIS + 1;
        let step = [1, 2, 3, 4, 6].into_iter().find(|step| hours / step <= MAX_TICKS).unwrap_or(12);
        let at = (0..hours).step_by(step as usize).map(|hour| time::after(self.first, hour * HOUR_MILLIS));
        at.map(|at| (self.percent(at), zone.minute(at).0)).collect()
    }

    fn days(&self, zone: &Zone) -> Vec<(f64, String)> {
        let days = time::millis_between(self.first, self.last) / (24 * HOUR_MILLIS) + 1;
        let step = days.div_ceil(MAX_TICKS);
        let mut ticks = Vec::new();
        let mut midnight = self.first;
        let mut number = 0;
        while midnight < self.last {
            if number % step == 0 {
                let day = zone.day_and_clock(midnight).0;
                // Within a year the month and the day are enough.
                let label = if days > 300 { day } else { day.get(5..).unwrap_or_default().to_owned() };
                ticks.push((self.percent(midnight), label));
            }
            // A day has at most 25 hours.
            midnight = zone.day_start(time::after(midnight, 30 * HOUR_MILLIS));
            number += 1;
        }
        ticks
    }

    /// Lines for the labels, within a chart of a height.
    pub(super) fn grid(&self, height: u64) -> String {
        let mut lines = String::new();
        for (place, _) in &self.ticks {
            let _ = write!(lines, r#"<line class="grid" x1="{place:.2}%" x2="{place:.2}%" y1="0" y2="{height}"/>"#);
        }
        lines
    }

    /// The labels, on a base line. Every other one is left out where there is little room.
    pub(super) fn labels(&self, y: u64) -> String {
        let mut labels = String::new();
        for (number, (place, label)) in self.ticks.iter().enumerate() {
            let class = if number % 2 == 1 { "tick minor" } else { "tick" };
            if *place <= LAST_LABEL_PERCENT {
                let _ = write!(labels, r#"<text class="{class}" x="{place:.2}%" dx="4" y="{y}">{label}</text>"#);
            }
        }
        labels
    }
}

/// A chart with its name and its description for those who do not see it.
pub(super) fn chart(id: &str, title: &str, description: &str, height: u64, content: &str) -> String {
    format!(
        r#"<svg role="img" aria-labelledby="{id}-title {id}-text" width="100%" height="{height}"><title id="{id}-title">{}</title><desc id="{id}-text">{}</desc>{content}</svg>"#,
        escape(title),
        escape(description),
    )
}

/// The next larger of some round numbers, most of which are even.
pub(super) fn scale(largest: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for factor in [1, 2, 3, 4, 6, 8] {
            let scale = power.saturating_mul(factor);
            if scale >= largest || scale == u64::MAX {
                return scale;
            }
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23 02:32 UTC.
    const FIRST: EpochMillis = EpochMillis(1_795_401_120_000);

    #[test]
    fn text_cannot_leave_its_element_or_its_attribute() {
        assert_eq!(escape("plain text, -> 日本"), "plain text, -&gt; 日本");
        assert_eq!(
            escape(r#"</pre><a href='x' id="y">&"#),
            "&lt;/pre&gt;&lt;a href=&#39;x&#39; id=&quot;y&quot;&gt;&amp;"
        );
    }

    #[test]
    fn a_scale_is_a_round_number_that_is_large_enough() {
        for (largest, expected) in [(0, 1), (1, 1), (5, 6), (12, 20), (3_800, 4_000), (u64::MAX, u64::MAX)] {
            assert_eq!(scale(largest), expected);
        }
    }

    #[test]
    fn labels_are_few_and_in_the_zone_of_the_readers() {
        let labels = |name: &str, hours: u64| -> Vec<String> {
            let axis = Axis::new(FIRST, time::after(FIRST, hours * HOUR_MILLIS), &Zone::parse(name).unwrap());
            assert!(axis.percent(FIRST) >= 0.0 && axis.ticks.len() as u64 <= MAX_TICKS + 1, "{axis:?}");
            axis.ticks.into_iter().map(|(_, label)| label).collect()
        };
        assert_eq!(labels("UTC", 2), ["02:00", "03:00", "04:00"]);
        assert_eq!(labels("Asia/Tokyo", 0), ["11:00", "12:00"]);
        assert_eq!(labels("UTC", 7 * 24).first().unwrap(), "11-23");
        assert_eq!(labels("America/New_York", 7 * 24).first().unwrap(), "11-22");
        assert_eq!(labels("UTC", 700 * 24).first().unwrap(), "2026-11-23");
    }
}
