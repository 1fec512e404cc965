//! The phrases of the digest.

use crate::{
    digest::{Cadence, IncidentState, Part, Unknown},
    incident::Signal,
};

/// What a digest says first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerdictWords<'a> {
    /// Nothing of the reader's was blocked.
    Nothing,
    /// So many incidents.
    Incidents(u64),
    /// So many records of the reader's were rejected: of pings, or of connections too.
    Records(&'a str, bool),
    /// No record came.
    NoRecords,
    /// It is not known.
    Unknown,
}

/// What comes from the internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Internet {
    /// Pings.
    Pings,
    /// TCP and UDP.
    Connections,
}

/// The phrases of the digest. Numbers come with their noun, and lists put together.
pub trait DigestPhrases: Sync {
    /// A subject: the rule, how often a digest comes, its day, and what is stated.
    fn subject(&self, rule: &str, cadence: Cadence, date: &str, parts: &[String]) -> String;
    /// What it says first, for the subject.
    fn verdict(&self, verdict: VerdictWords<'_>) -> String;
    /// So many pings from the internet, for the subject. As background where no incident is about any of them.
    fn subject_pings(&self, pings: u64, background: bool) -> String;
    /// That records may be missing, for the subject.
    fn subject_gaps(&self) -> &'static str;
    /// What it says first, as a sentence with the time that it is about.
    fn opening(&self, verdict: VerdictWords<'_>, from: &str, to: &str) -> String;
    /// Where to look if no record came.
    fn check_flow_log(&self, log_group: &str) -> String;
    /// That records of ours belong to no email of this time. Those of `connections` may be no incident at all.
    fn reported_before(&self, connections: bool) -> &'static str;
    /// An incident: the minute of its first email, why it is one, the subject of its latest email, and how it stood after that email.
    fn incident(&self, first: &str, signal: Option<Signal>, subject: &str, state: IncidentState, last: &str) -> String;
    /// Why something is an incident.
    fn signal(&self, signal: Signal) -> &'static str;
    /// That the list of incidents may lack some.
    fn incidents_incomplete(&self) -> &'static str;
    /// Records of ours that were rejected: of pings, or of `connections` too.
    fn own_records(&self, records: &str, connections: bool) -> String;
    /// Pings from the internet, or TCP and UDP, and what was usual in so many periods before.
    fn background(&self, of: Internet, amounts: &str, usual: Option<&str>, cadence: Cadence, periods: u64) -> String;
    /// Records of ours that a rule matched which sends no emails.
    fn digested(&self, rule: &str, records: &str) -> String;
    /// Late packets of connections that were over.
    fn late(&self, records: &str) -> String;
    /// An address with its packets.
    fn ranked(&self, address: &str, packets: &str) -> String;
    /// The heaviest sources.
    fn sources(&self, ranked: &str) -> String;
    /// The heaviest targets.
    fn targets(&self, ranked: &str) -> String;
    /// Sources that are new, or that there are none.
    fn new_sources(&self, addresses: Option<&str>) -> String;
    /// The title of the silences.
    fn silences(&self) -> &'static str;
    /// A silence: what, until when, by whom and why, and the records that it held back, where that is known.
    fn silence(&self, what: &str, until: &str, by: &str, reason: &str, held_back: Option<&str>) -> String;
    /// What sent records, when the newest one came, and of which parts there were none.
    fn coverage(&self, interfaces: Option<&str>, newest: Option<&str>, none: &[&str]) -> String;
    /// That the newest record is old, or that none came for a day.
    fn stale(&self, age: Option<&str>) -> String;
    /// How many interfaces sent records in the days before and none in this time, and which.
    fn gone(&self, interfaces: &str, names: &str) -> String;
    /// SKIPDATA records.
    fn skipped(&self, records: &str) -> String;
    /// Lines that could not be read.
    fn unparsed(&self, lines: u64) -> String;
    /// Batches that wait in the failure queue.
    fn failed_batches(&self, batches: u64) -> String;
    /// Messages that wait in the timers' failure queue.
    fn failed_timers(&self, messages: u64) -> String;
    /// What is not known, each with its reason.
    fn not_known(&self, parts: &str) -> String;
    /// Parts that are not known for one reason.
    fn for_reason(&self, parts: &[&str], reason: &str) -> String;
    /// A part.
    fn part(&self, part: Part) -> &'static str;
    /// Why something is not known.
    fn unknown(&self, unknown: &Unknown) -> String;
}
