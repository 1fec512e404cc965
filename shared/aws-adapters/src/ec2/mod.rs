//! Enrichment from Amazon EC2: names, owners, security groups, network ACLs and prefix lists.
//!
//! | Module | |
//! |---|---|
//! | `plan` | which queries a request needs, and the network that results |
//! | `cache` | responses, cached by resource |
//! | `query` | a query as a form |
//! | `send` | one call, and why there is no answer |
//! | `xml` | responses as values |

mod cache;
mod plan;
mod query;
mod send;
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
    enrichment::{
        EnrichmentRequest, MissingData, MissingReason, Network, NetworkPart,
        response::{TagKeys, Unreadable},
    },
    ports::Enricher,
    time::EpochMillis,
};
use futures_util::future;
use tokio::time::{Instant, timeout_at};

use self::{
    cache::Cache,
    plan::{MAX_INTERFACE_CALLS, MAX_PREFIX_LIST_CALLS, Rest},
    query::Query,
    send::Sender,
    xml::Page,
};
pub use self::{
    cache::{MAX_REMEMBERED, TIME_TO_LIVE_MILLIS},
    plan::MAX_CALLS,
};
use crate::client::Shared;

/// Time limit of one enrichment with all its calls. An email is not delayed any longer.
pub const MAX_MILLIS: u64 = 2_000;

/// An enricher that reads interfaces, tags, security groups, network ACLs and prefix lists.
pub struct Ec2Network {
    sender: Sender,
    keys: TagKeys,
    clock: fn() -> EpochMillis,
    cache: Mutex<Cache>,
}

impl fmt::Debug for Ec2Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ec2Network").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl Ec2Network {
    /// Creates an adapter. Tags with `owner_tag_keys` name a resource's owner. `clock` gives the age of cached responses.
    pub fn new(shared: Shared, owner_tag_keys: Vec<String>, clock: fn() -> EpochMillis) -> Self {
        let keys = TagKeys::new(owner_tag_keys);
        Ec2Network { sender: Sender::new(shared), keys, clock, cache: Mutex::default() }
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Enricher for Ec2Network {
    async fn enrich(&self, request: &EnrichmentRequest) -> Network {
        let now = (self.clock)();
        let cache = self.cache().fresh(now);
        let calls = Calls(AtomicU32::new(MAX_CALLS));
        let deadline = Instant::now() + Duration::from_millis(MAX_MILLIS);
        let mut run = Run { ec2: self, request, now, cache, missing: Vec::new(), calls: &calls, deadline };
        run.interfaces().await;
        run.rest().await;
        run.prefix_lists().await;
        let network = plan::network(request, &run.cache, run.missing);
        self.cache().merge(run.cache);
        network
    }
}

/// Number of calls left.
struct Calls(AtomicU32);

impl Calls {
    /// Takes one call. Returns false if none is left.
    fn take(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

/// The response to a query: the items of all pages that were read, and why pages are missing, if any.
struct Answer<T> {
    items: Vec<T>,
    missing: Option<MissingData>,
}

/// One enrichment in progress.
struct Run<'l> {
    ec2: &'l Ec2Network,
    request: &'l EnrichmentRequest,
    now: EpochMillis,
    cache: Cache,
    missing: Vec<MissingData>,
    calls: &'l Calls,
    deadline: Instant,
}

impl Run<'_> {
    /// Requests interfaces: usually in one round, at most in two.
    async fn interfaces(&mut self) {
        let calls = Calls(AtomicU32::new(MAX_INTERFACE_CALLS));
        for question in [plan::interfaces_by_address, plan::interfaces_by_id] {
            let Some(query) = question(self.request, &self.cache) else { continue };
            let answer = self.ask(&query, &calls, xml::interfaces).await;
            self.cache.put_interfaces(&query, answer.items, answer.missing.is_none(), self.now);
            if let Some(missing) = answer.missing {
                self.missing.push(missing);
                break;
            }
        }
        self.calls.0.fetch_sub(MAX_INTERFACE_CALLS - calls.0.into_inner(), Ordering::Relaxed);
    }

    /// Requests everything else, in one round.
    async fn rest(&mut self) {
        let Rest { acls, groups, tags, missing } = plan::rest(self.request, &self.cache, &self.ec2.keys);
        self.missing.extend(missing);
        // Each query gets its first call before any of them gets a second one.
        let [acls, groups, tags] = [acls, groups, tags].map(|query| {
            let (granted, left_out) = query.into_iter().partition::<Vec<_>, _>(|_| self.calls.take());
            self.missing.extend(left_out.iter().map(|query| query.missing(MissingReason::TooManyCalls)));
            granted.into_iter().next()
        });
        let (acls_answer, groups_answer, tags_answer) = tokio::join!(
            self.ask_if(acls.as_ref(), xml::acls),
            self.ask_if(groups.as_ref(), xml::groups),
            self.ask_if(tags.as_ref(), xml::tags),
        );
        if let (Some(query), Some(answer)) = (acls, acls_answer) {
            self.cache.put_acls(&query, answer.items, answer.missing.is_none(), self.now);
            self.missing.extend(answer.missing);
        }
        if let (Some(query), Some(answer)) = (groups, groups_answer) {
            self.cache.put_groups(&query, answer.items, answer.missing.is_none(), self.now);
            self.missing.extend(answer.missing);
        }
        if let (Some(query), Some(answer)) = (tags, tags_answer) {
            self.cache.put_tags(&query, answer.items, &self.ec2.keys, answer.missing.is_none(), self.now);
            self.missing.extend(answer.missing);
        }
    }

    /// Requests the prefix lists that the rules of the security groups name, at the same time.
    async fn prefix_lists(&mut self) {
        let (queries, left_out) = plan::prefix_lists(self.request, &self.cache);
        // Each list gets its first call before any of them gets a second one.
        let calls = Calls(AtomicU32::new(MAX_PREFIX_LIST_CALLS.saturating_sub(queries.len() as u32)));
        let answers = future::join_all(queries.iter().map(|query| self.pages(query, &calls, xml::prefix_list))).await;
        let mut missing: Vec<MissingData> = answers.iter().filter_map(|answer| answer.missing.clone()).collect();
        if left_out {
            missing.push(MissingData { part: NetworkPart::PrefixLists, reason: MissingReason::TooManyCalls });
        }
        for (query, answer) in queries.iter().zip(answers) {
            let id = query.prefix_list_id.as_deref().unwrap_or_default();
            self.cache.put_prefix_list(id, answer.items, answer.missing.is_none(), self.now);
        }
        // One reason is enough: it is the same for most of the lists.
        self.missing.extend(missing.into_iter().next());
    }

    async fn ask_if<T>(&self, query: Option<&Query>, read: Read<T>) -> Option<Answer<T>> {
        Some(self.pages(query?, self.calls, read).await)
    }

    async fn ask<T>(&self, query: &Query, calls: &Calls, read: Read<T>) -> Answer<T> {
        if calls.take() {
            self.pages(query, calls, read).await
        } else {
            Answer { items: Vec::new(), missing: Some(query.missing(MissingReason::TooManyCalls)) }
        }
    }

    /// Reads the pages of a response. The call for the first page has already been taken.
    async fn pages<T>(&self, query: &Query, calls: &Calls, read: Read<T>) -> Answer<T> {
        let mut items = Vec::new();
        let mut next_token = None;
        loop {
            let call = self.ec2.sender.send(query, next_token.as_deref());
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
                        None => return Answer { items, missing: None },
                        Some(_) if calls.take() => continue,
                        Some(_) => MissingReason::TooManyCalls,
                    }
                }
                Err(missing) => missing,
            };
            return Answer { items, missing: Some(query.missing(reason)) };
        }
    }
}

type Read<T> = fn(&[u8], &TagKeys) -> Result<Page<T>, Unreadable>;
