//! The decisions: what a batch or a timer message changes, and why. Pure functions of what was read, what came, and now.

use super::{
    key::IncidentKey,
    policy::Policy,
    state::{Closing, HeadDoc, Lease, Open, Past, ShardDoc},
    summary::Summary,
};
use crate::time::{self, EpochMillis, MINUTE_MILLIS};

/// The longest that a timer message may be delayed: 15 minutes, the limit of Amazon SQS
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>). One that comes early finds
/// nothing due and is followed by another.
pub const MAX_DELAY_MILLIS: u64 = 15 * MINUTE_MILLIS;

/// How late a timer message may be before it counts as lost.
pub const TIMER_GRACE_MILLIS: u64 = MINUTE_MILLIS;

/// Why something is mailed, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Nothing was open under this key: the opening is mailed.
    New,
    /// The incident is open; the finding is counted and told with the next mail.
    Open,
    /// An update was due and there is something new to tell.
    UpdateDue,
    /// Nothing came for the quiet time: the all-clear is mailed.
    Quiet,
    /// The mail that somebody else was to send is not recorded as sent, and their time is over.
    TakenOver,
    /// The batch was counted by an earlier attempt; this one finishes what that one left.
    Resumed,
    /// The batch was done by an earlier delivery.
    Repeated,
    /// The timer's message came, and nothing is due yet.
    NotDue,
    /// The timer's message came while somebody else is sending a mail.
    InHand,
    /// The timer's message is about an incident that is over, or another message counts in its place.
    Stale,
}

impl Reason {
    /// The reason as one stable word, for metrics and logs.
    pub fn word(self) -> &'static str {
        match self {
            Reason::New => "new",
            Reason::Open => "open",
            Reason::UpdateDue => "update-due",
            Reason::Quiet => "quiet",
            Reason::TakenOver => "taken-over",
            Reason::Resumed => "resumed",
            Reason::Repeated => "repeated",
            Reason::NotDue => "not-due",
            Reason::InHand => "in-hand",
            Reason::Stale => "stale",
        }
    }
}

/// What a batch does to the incident of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchStep {
    /// Why.
    pub reason: Reason,
    /// The head, where it changes.
    pub head: Option<HeadDoc>,
    /// The counters.
    pub shard: ShardDoc,
    /// The timer message to send first: its number, and in how many milliseconds it is due.
    pub arm: Option<(u32, u64)>,
}

/// Decides what a batch's findings do, which are processed `now` and have not been counted yet. None if what was read does not
/// fit together: a store reads one document after the other, and the incident was closed in between.
pub fn on_batch(
    head: Option<&HeadDoc>,
    shard: Option<&ShardDoc>,
    found: &Summary,
    batch: &str,
    now: EpochMillis,
    policy: &Policy,
) -> Option<BatchStep> {
    let Some(current) = head.and_then(|head| head.current.as_ref()) else {
        let id = incident_id(batch, now);
        let open = Open {
            id: id.clone(),
            opened_at: now,
            mails: 0,
            mailed_at: now,
            mailed: Summary::default(),
            lease: Some(lease(batch, now, policy)),
            timer: 0,
            wake_at: time::after(now, policy.lease_millis()),
        };
        let head = HeadDoc { current: Some(open), ..head.cloned().unwrap_or_default() };
        let shard = ShardDoc { incident: id, sealed: false, last_seen: now, summary: found.clone() };
        return Some(BatchStep { reason: Reason::New, head: Some(head), shard, arm: Some((0, policy.lease_millis())) });
    };
    let mut added = match shard {
        // Its all-clear is on its way: what is added now would be told by nobody.
        Some(shard) if shard.incident == current.id && shard.sealed => return None,
        Some(shard) if shard.incident == current.id => shard.clone(),
        _ => ShardDoc { incident: current.id.clone(), sealed: false, last_seen: now, summary: Summary::default() },
    };
    added.summary.merge(found);
    added.last_seen = added.last_seen.max(now);
    let mut open = current.clone();
    // The opening is owed, and nobody is sending it: this batch does.
    let owed = current.mails == 0 && current.lease.as_ref().is_none_or(|lease| lease.until <= now);
    if owed {
        open.lease = Some(lease(batch, now, policy));
    }
    // The timer message that was to come is overdue: it is lost, or late. Another one takes its place.
    let lost = now > time::after(current.wake_at, TIMER_GRACE_MILLIS);
    if lost {
        open.timer += 1;
        open.wake_at = time::after(now, policy.min_delay_millis());
    }
    Some(BatchStep {
        reason: if owed { Reason::TakenOver } else { Reason::Open },
        shard: added,
        arm: lost.then(|| (open.timer, policy.min_delay_millis())),
        head: (owed || lost).then(|| HeadDoc { current: Some(open), ..head.cloned().unwrap_or_default() }),
    })
}

/// Takes over the opening mail of an incident that this batch opened in an earlier attempt, where it is still owed.
pub fn resume_opening(
    head: Option<&HeadDoc>,
    id: &str,
    batch: &str,
    now: EpochMillis,
    policy: &Policy,
) -> Option<HeadDoc> {
    let mut head = head?.clone();
    let open = head.current.as_mut().filter(|open| open.id == id && open.mails == 0)?;
    // Its own lease is that of the earlier attempt, which is over: two runs never have the same batch.
    if open.lease.as_ref().is_some_and(|lease| lease.until > now && lease.owner != batch) {
        return None;
    }
    open.lease = Some(lease(batch, now, policy));
    Some(head)
}

/// A mail that is to be sent by whoever made the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// The opening, which nobody has sent so far.
    Opening {
        /// The counters so far.
        summary: Summary,
    },
    /// An update.
    Update {
        /// The counters so far.
        summary: Summary,
    },
    /// The all-clear of the incident that is closing.
    AllClear {
        /// Its id.
        incident: String,
    },
}

/// What a timer message does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimerStep {
    /// Nothing: the incident is over, or another message counts in its place.
    Stale,
    /// The head changes.
    Go(Box<TimerGo>),
}

/// The part of [`TimerStep`] where something happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimerGo {
    /// Why a mail is sent, or none.
    pub reason: Reason,
    /// The mail to send after the changes are written.
    pub due: Option<Due>,
    /// The head.
    pub head: HeadDoc,
    /// Set where the incident closes: no counter may change any more.
    pub seal: bool,
    /// The next timer message to send first: its number, and in how many milliseconds it is due.
    pub arm: Option<(u32, u64)>,
}

/// Decides what a timer message with this number for this incident does.
pub fn on_timer(
    head: Option<&HeadDoc>,
    shards: &[ShardDoc],
    (incident, timer): (&str, u32),
    owner: &str,
    now: EpochMillis,
    policy: &Policy,
) -> TimerStep {
    let Some(head) = head else { return TimerStep::Stale };
    if let Some(closing) = head.closing.as_ref().filter(|closing| closing.id == incident) {
        return if closing.timer == timer {
            on_closing_timer(head, closing, owner, now, policy)
        } else {
            TimerStep::Stale
        };
    }
    let Some(current) = head.current.as_ref().filter(|open| open.id == incident && open.timer == timer) else {
        return TimerStep::Stale;
    };
    let mut open = current.clone();
    open.timer += 1;
    let mut summary = Summary::default();
    let mut last_seen = open.opened_at;
    for shard in shards.iter().filter(|shard| shard.incident == open.id) {
        summary.merge(&shard.summary);
        last_seen = last_seen.max(shard.last_seen);
    }
    let go = |open: Open, reason, due, wake_in: u64| {
        let mut open = open;
        let wake_in = wake_in.clamp(policy.min_delay_millis(), MAX_DELAY_MILLIS);
        open.wake_at = time::after(now, wake_in);
        let arm = Some((open.timer, wake_in));
        let head = HeadDoc { current: Some(open), ..head.clone() };
        TimerGo { reason, due, head, seal: false, arm }
    };
    let step = |go: TimerGo| TimerStep::Go(Box::new(go));
    // Somebody is sending right now: look again when they must be done.
    if let Some(lease) = open.lease.as_ref().filter(|lease| lease.until > now) {
        let wait = time::millis_between(now, lease.until) + 1;
        return step(go(open, Reason::InHand, None, wait));
    }
    // The all-clear of the incident before this one is still owed, and whoever was to send it has not: perhaps its timer
    // message was lost.
    if let Some(closing) = head.closing.as_ref().filter(|closing| closing.lease.until <= now) {
        let closing = Closing { lease: lease(owner, now, policy), ..closing.clone() };
        let due = Due::AllClear { incident: closing.id.clone() };
        let mut sending = go(open, Reason::TakenOver, Some(due), policy.lease_millis());
        sending.head.closing = Some(closing);
        return step(sending);
    }
    let taken_over = open.lease.is_some();
    let mail = |mut open: Open, reason, due| {
        open.lease = Some(lease(owner, now, policy));
        let reason = if taken_over { Reason::TakenOver } else { reason };
        step(go(open, reason, Some(due), policy.lease_millis()))
    };
    if open.mails == 0 {
        return mail(open, Reason::TakenOver, Due::Opening { summary });
    }
    let news = summary.totals.records > open.mailed.totals.records;
    let update_at = time::after(open.mailed_at, policy.interval_millis(open.mails));
    let quiet_at = time::after(last_seen, policy.quiet_millis());
    // Without an all-clear what is not told yet needs a mail of its own before the end.
    if now >= quiet_at && (policy.all_clear || !news) {
        // Somebody is sending the all-clear of the incident before this one: first things first.
        if head.closing.is_some() {
            return step(go(open, Reason::InHand, None, policy.lease_millis()));
        }
        return close(open, summary, last_seen, owner, now, policy);
    }
    if news && now >= update_at {
        return mail(open, Reason::UpdateDue, Due::Update { summary });
    }
    let next = match (news, policy.all_clear) {
        (true, true) => update_at.min(quiet_at),
        (true, false) => update_at,
        (false, _) => quiet_at,
    };
    open.lease = None;
    step(go(open, Reason::NotDue, None, time::millis_between(now, next).max(1)))
}

fn on_closing_timer(head: &HeadDoc, closing: &Closing, owner: &str, now: EpochMillis, policy: &Policy) -> TimerStep {
    let mut closing = closing.clone();
    closing.timer += 1;
    let timer = closing.timer;
    let busy = closing.lease.until > now;
    let left = time::millis_between(now, closing.lease.until) + 1;
    let wait = if busy { left.max(policy.min_delay_millis()) } else { policy.lease_millis() };
    if !busy {
        closing.lease = lease(owner, now, policy);
    }
    TimerStep::Go(Box::new(TimerGo {
        reason: if busy { Reason::InHand } else { Reason::TakenOver },
        due: (!busy).then(|| Due::AllClear { incident: closing.id.clone() }),
        head: HeadDoc { closing: Some(closing), ..head.clone() },
        seal: false,
        arm: Some((timer, wait)),
    }))
}

fn close(
    open: Open,
    summary: Summary,
    last_seen: EpochMillis,
    owner: &str,
    now: EpochMillis,
    policy: &Policy,
) -> TimerStep {
    let past = Past { id: open.id.clone(), opened_at: open.opened_at, last_seen, totals: summary.totals };
    let timer = open.timer;
    let due = Due::AllClear { incident: open.id.clone() };
    let closing = policy.all_clear.then(|| Closing {
        id: open.id,
        opened_at: open.opened_at,
        last_seen,
        mails: open.mails,
        summary,
        mailed: open.mailed,
        lease: lease(owner, now, policy),
        timer,
    });
    TimerStep::Go(Box::new(TimerGo {
        reason: Reason::Quiet,
        due: policy.all_clear.then_some(due),
        arm: closing.is_some().then_some((timer, policy.lease_millis())),
        head: HeadDoc { current: None, closing, last: Some(past) },
        seal: true,
    }))
}

/// The head after a mail about the open incident was sent. `None` if there is nothing to record any more: somebody else's
/// mail was recorded in the meantime.
pub fn record_mail(head: &HeadDoc, incident: &str, owner: &str, told: &Summary, now: EpochMillis) -> Option<HeadDoc> {
    let mut head = head.clone();
    let open = head.current.as_mut().filter(|open| open.id == incident)?;
    if open.lease.as_ref().is_none_or(|lease| lease.owner != owner) {
        return None;
    }
    open.lease = None;
    open.mails = open.mails.saturating_add(1);
    open.mailed_at = now;
    open.mailed = Summary { lines: Vec::new(), ..told.clone() };
    Some(head)
}

/// The head after a mail about the open incident could not be sent: whoever comes next may try at once.
pub fn release(head: &HeadDoc, incident: &str, owner: &str) -> Option<HeadDoc> {
    let mut head = head.clone();
    let open = head.current.as_mut().filter(|open| open.id == incident)?;
    open.lease.take_if(|lease| lease.owner == owner)?;
    Some(head)
}

/// The head after the all-clear was sent.
pub fn record_all_clear(head: &HeadDoc, incident: &str, owner: &str) -> Option<HeadDoc> {
    head.closing.as_ref().filter(|closing| closing.id == incident && closing.lease.owner == owner)?;
    Some(HeadDoc { closing: None, ..head.clone() })
}

/// The id of an incident: when it opened, and by which batch.
fn incident_id(batch: &str, now: EpochMillis) -> String {
    format!("{}-{:08x}", now.0, super::top::hash(batch.as_bytes()) as u32)
}

fn lease(owner: &str, now: EpochMillis, policy: &Policy) -> Lease {
    Lease { owner: owner.to_owned(), until: time::after(now, policy.lease_millis()) }
}

/// The counter that a batch adds to, at its n-th attempt.
pub fn shard_of(key: &IncidentKey, batch: &str, attempt: u32, shards: u8) -> u8 {
    let hash = super::top::hash(format!("{key} {batch}").as_bytes());
    let shards = u64::from(shards.max(1));
    u8::try_from((hash % shards + u64::from(attempt)) % shards).unwrap_or_default()
}
