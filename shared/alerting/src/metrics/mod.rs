//! Data points of CloudWatch metrics: what is published, under which name, at which time.

mod embedded;
mod minutes;
mod point;

pub use embedded::documents;
pub use minutes::{MAX_AGE_MILLIS, MAX_AHEAD_MILLIS, MAX_MINUTES, Minutes};
pub use point::{Dimension, Point, Sample, Unit};

/// The metric of rejected TCP and UDP records, with the dimensions [`RULE`] and [`ORIGIN`]; `Reject-Packets` counts their packets.
pub const REJECT: &str = "Reject";

/// The dimension that names a rule.
pub const RULE: &str = "Rule";

/// The dimension that names an origin.
pub const ORIGIN: &str = "Origin";
