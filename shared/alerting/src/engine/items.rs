//! Stored items with the type that belongs under their id, the writes that replace them, and how long they are kept.

use crate::{
    incident::{
        SilenceList,
        scan::SenderRecord,
        state::{
            BatchRecord, CounterShard, HourlyEmails, IncidentRecord, ItemId, Lease, ReportRecord, StoredItem,
            Versioned, Write, next_version,
        },
    },
    time::{self, EpochMillis, HOUR_MILLIS, MINUTE_MILLIS},
};

/// How long a batch is remembered: longer than the failure queue keeps it for replay.
const BATCH_KEPT_MILLIS: u64 = 16 * 24 * 60 * MINUTE_MILLIS;

/// How long incidents are remembered after the last change.
const INCIDENT_KEPT_MILLIS: u64 = 30 * 24 * 60 * MINUTE_MILLIS;

/// How long the copy of an unreadable item is kept.
const SET_ASIDE_KEPT_MILLIS: u64 = 90 * 24 * 60 * MINUTE_MILLIS;

/// What is stored under an id, as it was read or written last.
#[derive(Clone, Debug)]
pub(super) struct Stored<T> {
    pub(super) id: ItemId,
    /// The version that a write has to expect; none where nothing is stored.
    version: Option<u64>,
    pub(super) value: Option<T>,
}

impl<T: Clone + TryFrom<StoredItem> + Into<StoredItem>> Stored<T> {
    pub(super) fn new(id: ItemId, found: Option<Versioned>) -> Stored<T> {
        let (version, item) = found.map(|found| (found.version, found.doc)).unzip();
        Stored { id, version, value: item.and_then(|item| item.try_into().ok()) }
    }

    /// The write that replaces it.
    pub(super) fn replace(&self, value: T, now: EpochMillis) -> Write {
        write(self.id.clone(), self.version, value.into(), now)
    }

    /// What is stored after that write.
    pub(super) fn replaced(&self, value: T) -> Stored<T> {
        let version = Some(next_version(self.version));
        Stored { id: self.id.clone(), version, value: Some(value) }
    }

    /// Takes what somebody else has written. None where it is no item of this kind.
    pub(super) fn refresh(&mut self, found: Versioned) -> Option<()> {
        self.value = Some(found.doc.try_into().ok()?);
        self.version = Some(found.version);
        Some(())
    }

    /// The write that keeps a copy of it.
    pub(super) fn copy(&self, now: EpochMillis) -> Option<Write> {
        Some(copy_of(&self.id, self.value.clone()?.into(), now))
    }
}

impl Stored<CounterShard> {
    /// The counters, where they are of this incident.
    pub(super) fn of(&self, incident: &str) -> Option<&CounterShard> {
        self.value.as_ref().filter(|shard| shard.incident == incident)
    }

    /// The write that closes the counters of an incident. An unused shard is written too, so that a batch that has read it finds it
    /// changed.
    pub(super) fn close(&self, incident: &str, now: EpochMillis) -> Write {
        let counters = self.of(incident).cloned().unwrap_or_else(|| CounterShard::new(incident.to_owned(), now));
        self.replace(CounterShard { closed: true, ..counters }, now)
    }
}

/// A write that expires when nobody can need the item any more. What an open incident has counted never does.
pub(super) fn write(id: ItemId, expected: Option<u64>, doc: StoredItem, now: EpochMillis) -> Write {
    let kept = match &doc {
        StoredItem::Incident(incident) if incident.current.is_some() => None,
        StoredItem::Counters(counters) if !counters.closed => None,
        StoredItem::Silences(_) => None,
        StoredItem::HourlyEmails(_) | StoredItem::Sender(_) => Some(2 * HOUR_MILLIS),
        StoredItem::Incident(_) | StoredItem::Counters(_) | StoredItem::Report(_) => Some(INCIDENT_KEPT_MILLIS),
        StoredItem::Batch(_) => Some(BATCH_KEPT_MILLIS),
        StoredItem::Unreadable(_) => Some(SET_ASIDE_KEPT_MILLIS),
    };
    Write { id, expected, doc, expires_at: kept.map(|kept| time::after(now, kept)) }
}

/// The write that keeps a copy of an item that is about to be overwritten.
pub(super) fn copy_of(id: &ItemId, doc: StoredItem, now: EpochMillis) -> Write {
    let expires_at = Some(time::after(now, SET_ASIDE_KEPT_MILLIS));
    Write { id: ItemId::SetAside(now.0, Box::new(id.clone())), expected: None, doc, expires_at }
}

/// Tells whether an item is of the kind that belongs under an id.
pub(super) fn fits(id: &ItemId, doc: &StoredItem) -> bool {
    matches!(
        (id, doc),
        (ItemId::Incident(_), StoredItem::Incident(_))
            | (ItemId::Counters(..), StoredItem::Counters(_))
            | (ItemId::Report(..), StoredItem::Report(_))
            | (ItemId::Batch(_), StoredItem::Batch(_))
            | (ItemId::Silences, StoredItem::Silences(_))
            | (ItemId::HourlyEmails, StoredItem::HourlyEmails(_))
            | (ItemId::Sender(..), StoredItem::Sender(_))
            | (ItemId::SetAside(..), _)
    )
}

/// What takes the place of an unreadable item.
pub(super) fn anew(id: &ItemId, now: EpochMillis) -> StoredItem {
    match id {
        // It was written together with the counters: the batch is counted, and what follows from that may not be done.
        ItemId::Batch(_) => StoredItem::Batch(BatchRecord {
            lease: Lease { owner: String::new(), until: EpochMillis(0) },
            done: false,
            metrics_published: false,
            opened: Vec::new(),
        }),
        ItemId::Counters(..) => {
            StoredItem::Counters(CounterShard { closed: true, ..CounterShard::new(String::new(), now) })
        }
        ItemId::Report(..) => StoredItem::Report(ReportRecord::default()),
        ItemId::HourlyEmails => StoredItem::HourlyEmails(HourlyEmails::default()),
        ItemId::Sender(..) => StoredItem::Sender(SenderRecord::default()),
        ItemId::Silences => StoredItem::Silences(SilenceList::default()),
        ItemId::Incident(_) | ItemId::SetAside(..) => StoredItem::Incident(IncidentRecord::default()),
    }
}
