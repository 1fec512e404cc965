//! Names, owners and rules from Amazon EC2, for the emails.
//!
//! | Module | |
//! |---|---|
//! | `plan` | which questions an email's wishes come down to, and what it gets in the end |
//! | `known` | answers, remembered by resource |
//! | `query` | a question as a form |
//! | `send` | one signed call, with the SDK's retries and time-outs |
//! | `endpoint` | where EC2 is |
//! | `xml`, `tags` | answers as values |

mod endpoint;
mod known;
mod plan;
mod query;
mod send;
mod tags;
#[cfg(test)]
mod tests;
mod xml;

use std::{
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use alerting::{
    enrichment::{EnrichmentRequest, MissingData, MissingReason, Network},
    ports::Enricher,
    time::EpochMillis,
};
use tokio::{
    sync::OnceCell,
    time::{Instant, timeout_at},
};

use self::{
    known::Known,
    plan::{MAX_INTERFACE_CALLS, Rest},
    query::Query,
    send::Sender,
    tags::TagKeys,
    xml::{Page, Unreadable},
};
pub use self::{
    known::{MAX_REMEMBERED, TIME_TO_LIVE_MILLIS},
    plan::MAX_CALLS,
};
use crate::client::Shared;

/// How long a look-up may take, with all its calls. An email waits no longer.
pub const MAX_MILLIS: u64 = 2_000;

/// Reads interfaces, tags, security groups and network ACLs.
pub struct Ec2Network {
    shared: Shared,
    sender: OnceCell<Result<Sender, MissingReason>>,
    keys: TagKeys,
    clock: fn() -> EpochMillis,
    memory: Mutex<Known>,
}

impl fmt::Debug for Ec2Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ec2Network").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl Ec2Network {
    /// An adapter that takes the tags with these keys for those that say who owns a resource. The clock tells how old an
    /// answer is.
    pub fn new(shared: Shared, owner_tag_keys: Vec<String>, clock: fn() -> EpochMillis) -> Self {
        let keys = TagKeys::new(owner_tag_keys);
        Ec2Network { shared, sender: OnceCell::new(), keys, clock, memory: Mutex::default() }
    }

    async fn sender(&self) -> Result<&Sender, MissingReason> {
        let sender = self.sender.get_or_init(|| async { Sender::new(self.shared.load().await) }).await;
        sender.as_ref().map_err(Clone::clone)
    }

    fn memory(&self) -> MutexGuard<'_, Known> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Enricher for Ec2Network {
    async fn enrich(&self, wanted: &EnrichmentRequest) -> Network {
        let now = (self.clock)();
        let known = self.memory().fresh(now);
        let calls = Calls(AtomicU32::new(MAX_CALLS));
        let deadline = Instant::now() + Duration::from_millis(MAX_MILLIS);
        let mut enrich = LookUp { ec2: self, wanted, now, known, missing: Vec::new(), calls: &calls, deadline };
        enrich.interfaces().await;
        enrich.rest().await;
        let network = plan::network(wanted, &enrich.known, enrich.missing);
        self.memory().keep(enrich.known);
        network
    }
}

/// Calls that are left.
struct Calls(AtomicU32);

impl Calls {
    fn take(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

/// What came of a question: all items, or those of the pages that were read and why there are no more.
struct Answer<T> {
    items: Vec<T>,
    gap: Option<MissingData>,
}

/// One look-up under way.
struct LookUp<'l> {
    ec2: &'l Ec2Network,
    wanted: &'l EnrichmentRequest,
    now: EpochMillis,
    known: Known,
    missing: Vec<MissingData>,
    calls: &'l Calls,
    deadline: Instant,
}

impl LookUp<'_> {
    /// Learns about the interfaces, in one round as a rule and in two at most.
    async fn interfaces(&mut self) {
        let calls = Calls(AtomicU32::new(MAX_INTERFACE_CALLS));
        for question in [plan::interfaces_by_address, plan::interfaces_by_id] {
            let Some(query) = question(self.wanted, &self.known) else { continue };
            let answer = self.ask(&query, &calls, xml::interfaces).await;
            self.known.learn_interfaces(&query, answer.items, answer.gap.is_none(), self.now);
            if let Some(gap) = answer.gap {
                self.missing.push(gap);
                break;
            }
        }
        self.calls.0.fetch_sub(MAX_INTERFACE_CALLS - calls.0.into_inner(), Ordering::Relaxed);
    }

    /// Learns about all else, in one round.
    async fn rest(&mut self) {
        let Rest { acls, groups, tags, missing } = plan::rest(self.wanted, &self.known, &self.ec2.keys);
        self.missing.extend(missing);
        // Each question gets its first call before any of them gets a second one.
        let [acls, groups, tags] = [acls, groups, tags].map(|query| {
            let (granted, refused) = query.into_iter().partition::<Vec<_>, _>(|_| self.calls.take());
            self.missing.extend(refused.iter().map(|query| query.gap(MissingReason::TooManyCalls)));
            granted.into_iter().next()
        });
        let (acls_answer, groups_answer, tags_answer) = tokio::join!(
            self.ask_if(acls.as_ref(), xml::acls),
            self.ask_if(groups.as_ref(), xml::groups),
            self.ask_if(tags.as_ref(), xml::tags),
        );
        if let (Some(query), Some(answer)) = (acls, acls_answer) {
            self.known.learn_acls(&query, answer.items, answer.gap.is_none(), self.now);
            self.missing.extend(answer.gap);
        }
        if let (Some(query), Some(answer)) = (groups, groups_answer) {
            self.known.learn_groups(&query, answer.items, answer.gap.is_none(), self.now);
            self.missing.extend(answer.gap);
        }
        if let (Some(query), Some(answer)) = (tags, tags_answer) {
            self.known.learn_tags(&query, answer.items, &self.ec2.keys, answer.gap.is_none(), self.now);
            self.missing.extend(answer.gap);
        }
    }

    async fn ask_if<T>(&self, query: Option<&Query>, read: Read<T>) -> Option<Answer<T>> {
        Some(self.pages(query?, self.calls, read).await)
    }

    async fn ask<T>(&self, query: &Query, calls: &Calls, read: Read<T>) -> Answer<T> {
        if calls.take() {
            self.pages(query, calls, read).await
        } else {
            Answer { items: Vec::new(), gap: Some(query.gap(MissingReason::TooManyCalls)) }
        }
    }

    /// Reads the pages of an answer. The call for the first one has been granted.
    async fn pages<T>(&self, query: &Query, calls: &Calls, read: Read<T>) -> Answer<T> {
        let mut items = Vec::new();
        let mut next_token = None;
        loop {
            let call = async { self.ec2.sender().await?.send(query, next_token.as_deref()).await };
            let page = match timeout_at(self.deadline, call).await {
                Ok(Ok(xml)) => read(&xml, &self.ec2.keys)
                    .map_err(|Unreadable| MissingReason::Failed("an unreadable answer".into())),
                Ok(Err(missing)) => Err(missing),
                Err(_) => Err(MissingReason::TooSlow),
            };
            let reason = match page {
                Ok(page) => {
                    items.extend(page.items);
                    next_token = page.next_token;
                    match next_token {
                        None => return Answer { items, gap: None },
                        Some(_) if calls.take() => continue,
                        Some(_) => MissingReason::TooManyCalls,
                    }
                }
                Err(missing) => missing,
            };
            return Answer { items, gap: Some(query.gap(reason)) };
        }
    }
}

type Read<T> = fn(&[u8], &TagKeys) -> Result<Page<T>, Unreadable>;
