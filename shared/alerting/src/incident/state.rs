//! What is stored of incidents: items, each with a version, so that a write fails if somebody else wrote since it was read.
//!
//! ```text
//! Incident  one per key        the open incident: emails sent, the current timer, the lease of who is sending
//! Counters  16 shards per key  the counters; a batch adds to one shard, so that a flood does not queue at one item
//! Report    one per end        what the resolved email reports, until it is sent
//! Batch     one per batch      that it was counted, and whether all that follows was done
//! Silences  one                the silences of the stack; people write it, the functions read it
//! Emails    one                emails of this hour, where incidents are narrower than a log group
//! Sender    one per sender     what was rejected of its TCP and UDP requests lately, to tell a scan
//! ```
//!
//! An item that cannot be read is [`StoredItem::Unreadable`]. Whoever overwrites it keeps a copy under [`ItemId::SetAside`].

use std::{collections::BTreeSet, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::{
    detection::Totals,
    incident::{
        key::IncidentKey,
        scan::SenderRecord,
        silence::{SilenceList, Silenced},
        summary::Summary,
    },
    time::{EpochMillis, HOUR_MILLIS, epoch_millis},
};

/// The id of a stored item.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ItemId {
    /// The batch with this key.
    Batch(String),
    /// The record of the incidents with this key.
    Incident(IncidentKey),
    /// One shard of the counters of the incidents with this key.
    Counters(IncidentKey, u8),
    /// The report of a closed incident: the key and the incident.
    Report(IncidentKey, String),
    /// The silences.
    Silences,
    /// The emails of this hour.
    HourlyEmails,
    /// What was rejected of the requests of a sender, by the key of the scan that it may be.
    Sender(IncidentKey),
    /// A copy of an unreadable item, made at this time (milliseconds since the epoch).
    SetAside(u64, Box<ItemId>),
}

/// What the ids of [`ItemId::Incident`] begin with.
pub const INCIDENT_PREFIX: &str = "incident#";

impl ItemId {
    /// The id as text: the partition key of a store.
    pub fn text(&self) -> String {
        match self {
            ItemId::Batch(key) => format!("batch#{key}"),
            ItemId::Incident(key) => format!("{INCIDENT_PREFIX}{key}"),
            ItemId::Counters(key, number) => format!("counters#{number}#{key}"),
            ItemId::Report(key, incident) => format!("report#{incident}#{key}"),
            ItemId::Silences => "silences".to_owned(),
            ItemId::HourlyEmails => "hourly-emails".to_owned(),
            ItemId::Sender(scan) => format!("sender#{scan}"),
            ItemId::SetAside(at, id) => format!("set-aside#{at}#{}", id.text()),
        }
    }
}

/// A stored item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(
    clippy::large_enum_variant,
    reason = "a handful of documents at a time, each of which holds far more on the heap"
)]
pub enum StoredItem {
    /// See [`BatchRecord`].
    Batch(BatchRecord),
    /// See [`IncidentRecord`].
    Incident(IncidentRecord),
    /// See [`CounterShard`].
    Counters(CounterShard),
    /// See [`ReportRecord`].
    Report(ReportRecord),
    /// See [`SilenceList`].
    Silences(SilenceList),
    /// See [`HourlyEmails`].
    #[serde(rename = "hourly-emails")]
    HourlyEmails(HourlyEmails),
    /// See [`SenderRecord`].
    Sender(SenderRecord),
    /// The text of an item that this version cannot read.
    #[serde(skip)]
    Unreadable(String),
}

impl StoredItem {
    /// Reads an item's text. An unreadable one is kept as it is.
    pub fn from_text(text: &str) -> StoredItem {
        serde_json::from_str(text).unwrap_or_else(|_| StoredItem::Unreadable(text.to_owned()))
    }

    /// The item as text.
    ///
    /// # Errors
    /// It holds something that JSON cannot express.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        if let StoredItem::Unreadable(text) = self { Ok(text.clone()) } else { serde_json::to_string(self) }
    }
}

/// Each record as an item, and an item as the record that it holds.
macro_rules! item {
    ($($variant:ident($record:ty)),+) => {$(
        impl From<$record> for StoredItem {
            fn from(record: $record) -> StoredItem {
                StoredItem::$variant(record)
            }
        }

        impl TryFrom<StoredItem> for $record {
            type Error = StoredItem;

            fn try_from(item: StoredItem) -> Result<$record, StoredItem> {
                if let StoredItem::$variant(record) = item { Ok(record) } else { Err(item) }
            }
        }
    )+};
}

item!(
    Batch(BatchRecord),
    Incident(IncidentRecord),
    Counters(CounterShard),
    Report(ReportRecord),
    Silences(SilenceList),
    HourlyEmails(HourlyEmails),
    Sender(SenderRecord)
);

/// The version of an item after a write that expected this one.
pub fn next_version(expected: Option<u64>) -> u64 {
    expected.map_or(1, |version| version + 1)
}

/// An item with its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// Grows by 1 with each write.
    pub version: u64,
    /// The item.
    pub doc: StoredItem,
}

/// One write of a commit: it happens only if the item still has the expected version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Which item.
    pub id: ItemId,
    /// The version that was read; none if there was no such item.
    pub expected: Option<u64>,
    /// What it becomes.
    pub doc: StoredItem,
    /// When it may expire; none: never.
    pub expires_at: Option<EpochMillis>,
}

/// A delayed message. What is due for the incident is decided when it arrives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerMessage {
    /// The incident's key.
    pub key: IncidentKey,
    /// The incident.
    pub incident: String,
    /// The number of this message; the incident record holds the current one.
    pub timer: u32,
}

/// A right to do something alone, until it is recorded or expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Who holds it.
    pub owner: String,
    /// When it expires.
    #[serde(with = "epoch_millis")]
    pub until: EpochMillis,
}

/// The record that a batch was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchRecord {
    /// Who is doing what follows.
    pub lease: Lease,
    /// Whether all of that was done.
    pub done: bool,
    /// Whether its metrics were published.
    pub metrics_published: bool,
    /// The incidents that it opened: key and id.
    pub opened: Vec<(IncidentKey, String)>,
}

/// Counters of one incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterShard {
    /// The incident they belong to.
    pub incident: String,
    /// Whether the incident is closed: nothing may be added any more.
    pub closed: bool,
    /// When something was last added.
    #[serde(with = "epoch_millis")]
    pub last_seen: EpochMillis,
    /// What emails have reported.
    #[serde(default, skip_serializing_if = "Summary::is_empty")]
    pub reported: Summary,
    /// What was handed to an email.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed: Option<Handed>,
    /// What came since.
    #[serde(default, skip_serializing_if = "Summary::is_empty")]
    pub fresh: Summary,
}

/// What is handed to one email: whoever resends it reports this and what came since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handed {
    /// The number of the email within its incident; the opened email is 1.
    pub email: u32,
    /// The counters.
    pub summary: Summary,
}

impl CounterShard {
    /// Counters of an incident without any records yet.
    pub fn new(incident: String, now: EpochMillis) -> CounterShard {
        CounterShard {
            incident,
            closed: false,
            last_seen: now,
            reported: Summary::default(),
            handed: None,
            fresh: Summary::default(),
        }
    }

    /// Adds what a batch found, after so many emails were sent and recorded.
    pub fn add(&mut self, found: &Summary, emails: u32, now: EpochMillis) {
        self.settle(emails);
        self.fresh.merge(found);
        self.last_seen = self.last_seen.max(now);
    }

    /// Hands everything unreported to the email with this number. False if it has all of that already.
    pub fn hand_over(&mut self, email: u32) -> bool {
        self.settle(email.saturating_sub(1));
        if self.fresh.is_empty() {
            return false;
        }
        let fresh = std::mem::take(&mut self.fresh);
        self.handed.get_or_insert_with(|| Handed { email, summary: Summary::default() }).summary.merge(&fresh);
        true
    }

    /// Adds everything counted to a summary.
    pub fn add_total_to(&self, total: &mut Summary) {
        for part in [&self.reported, &self.fresh].into_iter().chain(self.handed.iter().map(|handed| &handed.summary)) {
            total.merge(part);
        }
    }

    /// Adds what no email has reported to a summary, after so many emails were sent and recorded.
    pub fn add_unreported_to(&self, unreported: &mut Summary, emails: u32) {
        if let Some(handed) = self.handed.as_ref().filter(|handed| handed.email > emails) {
            unreported.merge(&handed.summary);
        }
        unreported.merge(&self.fresh);
    }

    /// Once an email is recorded as sent, what was handed to it is reported.
    fn settle(&mut self, emails: u32) {
        if let Some(handed) = self.handed.take_if(|handed| handed.email <= emails) {
            self.reported.merge(&handed.summary);
        }
    }
}

/// Opened emails and updates of one hour, about incidents that are narrower than a log group: of one interface, source or target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HourlyEmails {
    /// The hour, in hours since the epoch.
    pub hour: u64,
    /// The emails.
    pub emails: u32,
}

impl HourlyEmails {
    /// Emails in an hour at most. Beyond them, what would open an incident belongs to the one of all others, and updates wait for the
    /// next hour.
    pub const MAX: u32 = 20;

    /// Those of the hour of `now`.
    #[must_use]
    pub fn at(self, now: EpochMillis) -> HourlyEmails {
        let hour = now.0 / HOUR_MILLIS;
        if self.hour == hour { self } else { HourlyEmails { hour, emails: 0 } }
    }

    /// Tells whether there are as many as may be.
    pub fn is_full(self) -> bool {
        self.emails >= HourlyEmails::MAX
    }

    /// With one more.
    #[must_use]
    pub fn with_one_more(self) -> HourlyEmails {
        HourlyEmails { emails: self.emails.saturating_add(1), ..self }
    }
}

/// What is stored about the incidents with one key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentRecord {
    /// The open incident.
    #[serde(default)]
    pub current: Option<OpenIncident>,
    /// The pending email about it, if sending has failed so far.
    #[serde(default)]
    pub unsent: Unsent,
    /// The latest closed incident whose resolved email is not sent yet.
    #[serde(default)]
    pub reporting: Option<Reporting>,
    /// The previous incident, which a finding may still reopen.
    #[serde(default)]
    pub last: Option<PastIncident>,
}

/// Failed tries to send an email about an open incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsent {
    /// Timer messages that tried in this round.
    #[serde(default)]
    pub tries: u32,
    /// The number of the timer message that retries whenever its queue delivers it.
    #[serde(default)]
    pub retry: Option<u32>,
    /// When a new round of tries begins, if that message has not succeeded.
    #[serde(default, with = "epoch_millis::option")]
    pub round_ends: Option<EpochMillis>,
}

/// A closed incident whose resolved email is not sent yet, and the timer message that sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reporting {
    /// The incident.
    pub id: String,
    /// The number of the timer message.
    pub timer: u32,
    /// When that message arrives.
    #[serde(with = "epoch_millis")]
    pub timer_at: EpochMillis,
}

/// The report of a closed incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportRecord {
    /// What the resolved email reports; none once it is sent.
    #[serde(default)]
    pub pending: Option<ClosedIncident>,
}

/// An open incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIncident {
    /// Unique for each incident.
    pub id: String,
    /// When its first finding was processed.
    #[serde(with = "epoch_millis")]
    pub opened_at: EpochMillis,
    /// Emails sent and recorded; the opened email is the first.
    pub emails: u32,
    /// When the latest one was sent.
    #[serde(with = "epoch_millis")]
    pub last_email_at: EpochMillis,
    /// The lease of who is sending the next email.
    pub lease: Option<Lease>,
    /// The number of the current timer message; others are ignored.
    pub timer: u32,
    /// When that message arrives.
    #[serde(with = "epoch_millis")]
    pub timer_at: EpochMillis,
    /// Addresses that its emails have named, of those that must be named.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub named: BTreeSet<IpAddr>,
    /// Silences that have covered some of its findings; ended ones until an email has said so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub silenced: Vec<Silenced>,
    /// What it was before it was reopened. Then it has an id and counters of its own, for which readers see the first id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Earlier>,
}

/// What a reopened incident was before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// Its first id, the one that readers see.
    pub incident: String,
    /// When its first finding was processed.
    #[serde(with = "epoch_millis")]
    pub opened_at: EpochMillis,
    /// When it was resolved for the last time.
    #[serde(with = "epoch_millis")]
    pub resolved_at: EpochMillis,
    /// What it had counted by then.
    pub totals: Totals,
    /// How often it has been reopened.
    pub reopened: u32,
}

impl OpenIncident {
    /// Tells whether no email has reported yet that it was reopened.
    pub fn is_reopening(&self) -> bool {
        self.earlier.as_ref().is_some_and(|earlier| self.last_email_at <= earlier.resolved_at)
    }
}

/// A closed incident whose resolved email is not sent yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedIncident {
    /// The incident.
    pub id: String,
    /// What it was before it was reopened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Earlier>,
    /// When its first finding was processed.
    #[serde(with = "epoch_millis")]
    pub opened_at: EpochMillis,
    /// When its last finding was processed.
    #[serde(with = "epoch_millis")]
    pub last_seen: EpochMillis,
    /// Emails sent before the resolved one.
    pub emails: u32,
    /// All its counters.
    pub summary: Summary,
    /// What came since the latest email.
    pub unreported: Totals,
    /// Silences that have covered some of its findings since the latest email.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub silenced: Vec<Silenced>,
    /// The lease of who is sending the resolved email.
    pub lease: Lease,
    /// The number of the current timer message.
    pub timer: u32,
}

/// A resolved incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastIncident {
    /// The incident.
    pub id: String,
    /// When its first finding was processed.
    #[serde(with = "epoch_millis")]
    pub opened_at: EpochMillis,
    /// When its last finding was processed.
    #[serde(with = "epoch_millis")]
    pub last_seen: EpochMillis,
    /// What it counted.
    pub totals: Totals,
    /// When it was resolved.
    #[serde(with = "epoch_millis")]
    pub resolved_at: EpochMillis,
    /// Emails about it, the resolved one included.
    pub emails: u32,
    /// When the latest one was sent.
    #[serde(with = "epoch_millis")]
    pub last_email_at: EpochMillis,
    /// Addresses that they have named, of those that must be named.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub named: BTreeSet<IpAddr>,
    /// The ids of silences in force then that covered some of its findings.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub silenced: BTreeSet<String>,
    /// How often it was reopened.
    pub reopened: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counters with so many records.
    fn summary(records: u64) -> Summary {
        Summary { totals: Totals { records, ..Totals::default() }, ..Summary::default() }
    }

    /// Records that no email has reported after so many, and all of them.
    fn counted(shard: &CounterShard, emails: u32) -> (u64, u64) {
        let (mut unreported, mut total) = (Summary::default(), Summary::default());
        shard.add_unreported_to(&mut unreported, emails);
        shard.add_total_to(&mut total);
        (unreported.totals.records, total.totals.records)
    }

    #[test]
    fn each_record_is_reported_by_one_email() {
        let at = EpochMillis(1_795_401_134_000);
        let mut shard = CounterShard::new("1".to_owned(), at);
        assert!(!shard.hand_over(1), "nothing to hand over");
        shard.add(&summary(4), 0, at);
        assert!(shard.hand_over(1));
        assert_eq!(counted(&shard, 0), (4, 4));
        // Another run takes over and finds more; a third time there is nothing new.
        shard.add(&summary(1), 0, at);
        assert!(shard.hand_over(1));
        assert!(!shard.hand_over(1));
        assert_eq!(shard.handed.as_ref().map(|handed| handed.summary.totals.records), Some(5));
        // What comes after that is for the next email, once this one is recorded and also before.
        shard.add(&summary(7), 0, at);
        assert_eq!((counted(&shard, 0), counted(&shard, 1)), ((12, 12), (7, 12)));
        shard.add(&summary(2), 1, at);
        assert_eq!(counted(&shard, 1), (9, 14));
        assert!(shard.hand_over(2));
        assert_eq!(shard.handed.as_ref().map(|handed| (handed.email, handed.summary.totals.records)), Some((2, 9)));
        assert_eq!((counted(&shard, 1), counted(&shard, 2)), ((9, 14), (0, 14)));
        // An email that had nothing of this counter.
        shard.add(&summary(3), 3, at);
        assert_eq!(counted(&shard, 3), (3, 17));
    }

    #[test]
    fn the_emails_of_an_hour_are_counted_from_its_start() {
        let at = |millis| EpochMillis(5 * HOUR_MILLIS + millis);
        let mut emails = HourlyEmails::default().at(at(7));
        for _ in 0..HourlyEmails::MAX {
            assert!(!emails.is_full());
            emails = emails.at(at(9)).with_one_more();
        }
        assert_eq!((emails.at(at(HOUR_MILLIS - 1)).is_full(), emails.at(at(HOUR_MILLIS)).is_full()), (true, false));
    }

    #[test]
    fn something_was_last_seen_when_it_was_added() {
        let mut shard = CounterShard::new("1".to_owned(), EpochMillis(10));
        shard.add(&summary(1), 0, EpochMillis(30));
        shard.add(&summary(1), 0, EpochMillis(20));
        assert_eq!(shard.last_seen, EpochMillis(30));
    }
}
