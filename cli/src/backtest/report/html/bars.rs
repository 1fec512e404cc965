//! Charts of numbers over time: stacked bars.

use std::fmt::Write as _;

use alerting::{
    text::grouped,
    time::{self, EpochMillis},
};

use super::svg::{Axis, chart, escape, scale};

/// Height of the tallest bar.
const HEIGHT: u64 = 96;
/// Room above it for the largest number.
const TOP: u64 = 14;
const AXIS_HEIGHT: u64 = 20;
/// What is not zero can be seen.
const MIN_BAR_HEIGHT: f64 = 2.0;
/// What stands at one place.
pub(super) struct Bar {
    pub(super) from: EpochMillis,
    pub(super) millis: u64,
    /// The parts from the bottom: class and value.
    pub(super) parts: Vec<(&'static str, u64)>,
    /// What a pointer shows.
    pub(super) title: String,
}

impl Bar {
    fn total(&self) -> u64 {
        self.parts.iter().fold(0, |sum, (_, value)| sum.saturating_add(*value))
    }
}

/// The scale of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// Twice as many are twice as high.
    Linear,
    /// Ten times as many are one line higher: for values of which some are four and others thousands.
    Logarithmic,
}

impl Scale {
    /// The values that have a line and a label, the largest last: it is not less than the largest bar.
    fn lines(self, largest: u64) -> Vec<u64> {
        match self {
            Scale::Linear => {
                let top = scale(largest);
                if top.is_multiple_of(2) { vec![top / 2, top] } else { vec![top] }
            }
            Scale::Logarithmic => {
                let mut lines = vec![10];
                while lines.last().is_some_and(|top| *top < largest) {
                    lines.extend(lines.last().map(|top| top.saturating_mul(10)));
                }
                lines
            }
        }
    }

    /// The height of a value in pixels, given the value at the top.
    fn height(self, value: u64, top: u64) -> f64 {
        let share = match self {
            Scale::Linear => value as f64 / top as f64,
            Scale::Logarithmic => (1.0 + value as f64).log10() / (1.0 + top as f64).log10(),
        };
        HEIGHT as f64 * share
    }
}

/// Draws bars on a scale of their own, each of a share of its time.
pub(super) fn draw(
    id: &str,
    (title, description): (&str, &str),
    bars: &[Bar],
    (scale, width): (Scale, f64),
    axis: &Axis,
) -> String {
    let lines = scale.lines(bars.iter().map(Bar::total).max().unwrap_or_default());
    let top = lines.last().copied().unwrap_or(1);
    let base = TOP + HEIGHT;
    let mut content = axis.grid(base);
    for line in &lines {
        let y = base as f64 - scale.height(*line, top);
        let _ = write!(content, r#"<line class="grid" x1="0" x2="100%" y1="{y:.1}" y2="{y:.1}"/>"#);
    }
    for bar in bars.iter().filter(|bar| bar.total() > 0) {
        content.push_str(&stack(bar, scale, (top, base), width, axis));
    }
    // Above the bars, so that they stay readable.
    for line in &lines {
        let y = base as f64 - scale.height(*line, top) - 3.0;
        let _ = write!(content, r#"<text class="value" x="2" y="{y:.1}">{}</text>"#, grouped(*line));
    }
    let _ = write!(content, r#"<line class="base" x1="0" x2="100%" y1="{base}" y2="{base}"/>"#);
    content.push_str(&axis.labels(base + 14));
    chart(id, title, description, base + AXIS_HEIGHT, &content)
}

/// Draws one bar. Its height is that of the sum, whatever the scale; its parts divide it.
fn stack(bar: &Bar, scale: Scale, (top, base): (u64, u64), width: f64, axis: &Axis) -> String {
    let (from, to) = (axis.percent(bar.from), axis.percent(time::after(bar.from, bar.millis)));
    let x = from + (to - from) * (1.0 - width) / 2.0;
    let wide = ((to - from) * width).max(0.1);
    let height = scale.height(bar.total(), top);
    let mut y = base as f64;
    let mut content = format!("<g><title>{}</title>", escape(&bar.title));
    for (class, value) in bar.parts.iter().filter(|(_, value)| *value > 0) {
        let part = (height * *value as f64 / bar.total() as f64).max(MIN_BAR_HEIGHT);
        y -= part;
        let _ =
            write!(content, r#"<rect class="{class}" x="{x:.3}%" y="{y:.1}" width="{wide:.3}%" height="{part:.1}"/>"#);
    }
    content + "</g>"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_and_four_thousand_are_both_visible_on_a_logarithmic_scale() {
        let lines = Scale::Logarithmic.lines(3_120);
        assert_eq!(lines, [10, 100, 1_000, 10_000]);
        let height = |value| Scale::Logarithmic.height(value, 10_000);
        assert!(height(4) > 15.0 && height(4) < height(3_120) && height(10_000) <= HEIGHT as f64, "{}", height(4));
        assert_eq!(Scale::Logarithmic.lines(u64::MAX).last(), Some(&u64::MAX));
    }

    #[test]
    fn lines_of_a_linear_scale_are_whole_numbers() {
        for (largest, lines) in [(0, &[1][..]), (1, &[1]), (5, &[3, 6]), (210, &[150, 300])] {
            assert_eq!(Scale::Linear.lines(largest), lines);
        }
    }
}
