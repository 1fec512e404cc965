//! What is remembered of incidents: three kinds of documents, each with a version, so that whoever writes one knows that
//! nobody wrote it since it was read.
//!
//! ```text
//! Head   one for each key     the open incident: mails sent, next one due, who is sending right now
//! Shard  some for each key    the counters; a batch adds to one of them, so that a flood does not queue at one document
//! Batch  one for each batch   that it was counted, and whether all that follows from it was done
//! ```

use serde::{Deserialize, Serialize};

use super::{key::IncidentKey, summary::Summary};
use crate::{
    finding::Totals,
    time::{EpochMillis, epoch_millis},
};

/// The name of a document.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DocId {
    /// The batch with this key.
    Batch(String),
    /// The head of the incidents with this key.
    Head(IncidentKey),
    /// One of the counters of the incidents with this key.
    Shard(IncidentKey, u8),
}

impl DocId {
    /// The name as text: where a store keeps the document.
    pub fn text(&self) -> String {
        match self {
            DocId::Batch(key) => format!("batch#{key}"),
            DocId::Head(key) => format!("incident#{key}"),
            DocId::Shard(key, number) => format!("counters#{number}#{key}"),
        }
    }
}

/// A document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(
    clippy::large_enum_variant,
    reason = "a handful of documents at a time, each of which holds far more on the heap"
)]
pub enum Doc {
    /// See [`BatchDoc`].
    Batch(BatchDoc),
    /// See [`HeadDoc`].
    Head(HeadDoc),
    /// See [`ShardDoc`].
    Shard(ShardDoc),
}

/// A document with its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// Grows by 1 with each write.
    pub version: u64,
    /// The document.
    pub doc: Doc,
}

/// One write of a commit: it happens only if the document still has the expected version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Which document.
    pub id: DocId,
    /// The version that was read; none if there was no such document.
    pub expected: Option<u64>,
    /// What it becomes.
    pub doc: Doc,
    /// When it may be forgotten.
    pub expires_at: EpochMillis,
}

/// A right to do something alone, until it is recorded or the time is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Who has it.
    pub owner: String,
    /// When it ends by itself.
    #[serde(with = "epoch_millis")]
    pub until: EpochMillis,
}

/// That a batch was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchDoc {
    /// Who is doing what follows from it.
    pub lease: Lease,
    /// Whether all of that was done.
    pub done: bool,
    /// Whether its metrics were published.
    pub measured: bool,
    /// The incidents that it opened: key and id.
    pub opened: Vec<(IncidentKey, String)>,
}

/// Counters of one incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardDoc {
    /// The incident they belong to; one that is not the head's current one is over.
    pub incident: String,
    /// Set when the incident is closed: nothing may be added any more.
    pub sealed: bool,
    /// When something was last added.
    #[serde(with = "epoch_millis")]
    pub last_seen: EpochMillis,
    /// The counters.
    pub summary: Summary,
}

/// What is known of the incidents with one key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadDoc {
    /// The open incident.
    pub current: Option<Open>,
    /// The one before it, while its all-clear is being sent.
    pub closing: Option<Closing>,
    /// The one before, when that is over.
    pub last: Option<Past>,
}

/// An open incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// Unique for each incident.
    pub id: String,
    /// When its first finding was processed.
    #[serde(with = "epoch_millis")]
    pub opened_at: EpochMillis,
    /// Mails sent and recorded; the opening is the first.
    pub mails: u32,
    /// When the latest was sent.
    #[serde(with = "epoch_millis")]
    pub mailed_at: EpochMillis,
    /// The counters as the latest mail told them.
    pub mailed: Summary,
    /// Who is sending the next mail.
    pub lease: Option<Lease>,
    /// The number of the timer message that counts; others are doubles.
    pub timer: u32,
    /// When that message is to arrive.
    #[serde(with = "epoch_millis")]
    pub wake_at: EpochMillis,
}

/// An incident that is over and whose all-clear is not sent yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// The incident.
    pub id: String,
    /// When its first finding was processed.
    #[serde(with = "epoch_millis")]
    pub opened_at: EpochMillis,
    /// When its last finding was processed.
    #[serde(with = "epoch_millis")]
    pub last_seen: EpochMillis,
    /// Mails sent before the all-clear.
    pub mails: u32,
    /// All its counters.
    pub summary: Summary,
    /// The counters as the latest mail told them.
    pub mailed: Summary,
    /// Who is sending the all-clear.
    pub lease: Lease,
    /// The number of the timer message that counts.
    pub timer: u32,
}

/// An incident that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_survive_being_written_and_read() {
        let at = EpochMillis(1_795_401_134_000);
        let totals = Totals { records: 1, packets: Some(u64::MAX), bytes: None, first_start: Some(at), last_end: None };
        let mut summary = Summary { totals, ..Summary::default() };
        summary.sources.add("10.0.0.1", 4);
        summary.minutes.insert(29_923_352, 4);
        summary.lines.push("2 1 eni-1 \"\u{1f600}".to_owned());
        let lease = Lease { owner: "me".to_owned(), until: at };
        let open = Open {
            id: "1".to_owned(),
            opened_at: at,
            mails: 1,
            mailed_at: at,
            mailed: summary.clone(),
            lease: Some(lease.clone()),
            timer: 7,
            wake_at: at,
        };
        let closing = Closing {
            id: "0".to_owned(),
            opened_at: at,
            last_seen: at,
            mails: 2,
            summary: summary.clone(),
            mailed: summary.clone(),
            lease: lease.clone(),
            timer: 1,
        };
        let last = Past { id: "0".to_owned(), opened_at: at, last_seen: at, totals: summary.totals };
        let key = IncidentKey("Ping-Deny|1|g".to_owned());
        for doc in [
            Doc::Head(HeadDoc { current: Some(open), closing: Some(closing), last: Some(last) }),
            Doc::Shard(ShardDoc { incident: "1".to_owned(), sealed: true, last_seen: at, summary }),
            Doc::Batch(BatchDoc { lease, done: false, measured: true, opened: vec![(key, "1".to_owned())] }),
        ] {
            let text = serde_json::to_string(&doc).unwrap();
            assert_eq!(serde_json::from_str::<Doc>(&text).unwrap(), doc, "{text}");
        }
    }
}
