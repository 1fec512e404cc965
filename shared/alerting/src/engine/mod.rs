//! Carries out what [`crate::incident::plan`] decides, in the one order that loses nothing.
//!
//! ```text
//! batch   claim: read -> schedule the timer of an incident that opens -> commit          -> enrich -> send -> record
//!                                                                                        -> publish -/   \-> best effort
//! timer   read -> schedule the next message -> commit (where it closes, with the report) -> enrich -> send -> record
//!                                                                                                         \-> best effort
//! digest  claim -> ask CloudWatch                                                                  -> send -> record
//!                                                                                                         \-> best effort
//! ```
//!
//! What cannot be read is set aside before anything else: a metric that an alarm watches is published, then a copy is kept and
//! the item begins anew, in one transaction.
//!
//! A crash at any arrow leaves a state in which whoever comes next, the batch's own retry or the timer, goes on: an incident exists
//! only if a timer message was scheduled before, an email is recorded only after it was sent, and a batch counts as done only
//! after everything else.

mod batch;
mod claim;
mod claim_plan;
mod digest;
mod error;
mod findings;
mod hand_over;
mod helpers;
mod items;
mod operations;
mod outcome;
mod record;
mod send;
mod senders;
mod store;
mod timer;
mod together;
mod traffic;

pub use batch::Processed;
pub use digest::DigestRequest;
pub use error::EngineError;
pub use outcome::Outcome;
pub use together::Batch;

use crate::{
    incident::{GroupBy, IncidentKey, SignalPolicy, plan::ScheduledTimer, policy::Policy, state::TimerMessage},
    notification::Site,
    ports::Notifiers,
};

/// The ports and what does not change between invocations.
#[derive(Debug)]
pub struct Engine<S, T, M, N> {
    /// Where incidents are stored.
    pub store: S,
    /// Schedules timer messages.
    pub timers: T,
    /// Where notifications go.
    pub notifiers: Notifiers,
    /// Where metrics go.
    pub metrics: M,
    /// Reads what EC2 knows.
    pub network: N,
    /// When emails are sent.
    pub policy: Policy,
    /// How findings become incidents.
    pub group_by: GroupBy,
    /// Which findings from the internet become incidents.
    pub signals: SignalPolicy,
    /// What links need.
    pub site: Site,
    /// Whether metrics about the monitor itself are published (see `operations.rs`).
    pub operational_metrics: bool,
}

/// A timer message that the plan asks for, and its delay in milliseconds.
fn timer_message(key: &IncidentKey, timer: ScheduledTimer) -> (TimerMessage, u64) {
    (TimerMessage { key: key.clone(), incident: timer.incident, timer: timer.timer }, timer.delay_millis)
}
