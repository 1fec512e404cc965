//! Metrics as values: what is published, under which name, at which time.

use std::borrow::Cow;

use flow_log::EpochMillis;

/// Some samples of one metric, as a CloudWatch statistic set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// How many.
    pub count: u64,
    /// Their sum.
    pub sum: u64,
    /// The smallest.
    pub min: u64,
    /// The largest.
    pub max: u64,
}

impl Sample {
    /// So many samples of the value 1.
    pub fn ones(count: u64) -> Sample {
        Sample { count, sum: count, min: 1, max: 1 }
    }

    /// One sample.
    pub fn of(value: u64) -> Sample {
        Sample { count: 1, sum: value, min: value, max: value }
    }

    /// The samples of both.
    #[must_use]
    pub fn with(self, other: Sample) -> Sample {
        Sample {
            count: self.count + other.count,
            sum: self.sum.saturating_add(other.sum),
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }
}

/// One data point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The metric's name.
    pub name: String,
    /// The time stamp: that of the log events behind it.
    pub at: EpochMillis,
    /// The samples.
    pub sample: Sample,
    /// What they are.
    pub unit: Unit,
    /// Its dimensions. The same name with other dimensions is another metric.
    pub dimensions: Vec<Dimension>,
}

/// A dimension: its name and its value.
pub type Dimension = (&'static str, Cow<'static, str>);

/// What samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things counted.
    Count,
    /// Times.
    Seconds,
}
