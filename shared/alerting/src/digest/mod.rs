//! The digest: one email a day, or a week, that shows that the monitor works and what was blocked.
//!
//! | File | What |
//! |---|---|
//! | `period` | which time a digest covers, and what it is compared with |
//! | `input` | the settings and the silences |
//! | `known` | values that may not be known |
//! | `source` | what is asked of CloudWatch and what it answers, as plain values |
//! | `questions` | which metrics and reports a digest needs |
//! | `content` | what a digest states |
//! | `incidents`, `background`, `connections`, `coverage` | how that follows from the answers |
//! | `missing` | what of it is not known |
//!
//! What could not be had is [`Unknown`], with the reason, and never a zero.

mod background;
mod connections;
mod content;
mod coverage;
mod incidents;
mod input;
mod known;
mod missing;
mod period;
mod questions;
mod source;

pub use background::{Amount, Background, MAX_RANKED_ADDRESSES, RankedAddress};
pub use connections::Connections;
pub use content::{Digest, HeldBack, Verdict};
pub use coverage::{Coverage, Interfaces, STALE_MILLIS};
pub use incidents::{DigestIncident, IncidentState};
pub use input::{DigestInput, DigestSettings, Rules};
pub use known::{Known, Unknown};
pub use missing::Part;
pub use period::{Cadence, Period, SETTLE_MILLIS, Span};
pub use source::{
    Answers, Contributor, DataPoint, MAX_CONTRIBUTORS, Measure, MetricQuestion, MetricRequest, Questions, Report,
    ReportQuestion, Rule, Statistic,
};
