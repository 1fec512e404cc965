//! Data points of CloudWatch metrics: what is published, under which name, at which time.

mod embedded;
mod minutes;
mod point;

pub use embedded::documents;
pub use minutes::{MAX_AGE_MILLIS, MAX_AHEAD_MILLIS, MAX_MINUTES, Minutes};
pub use point::{Dimension, Point, Sample, Unit};
