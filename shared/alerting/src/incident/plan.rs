//! The decisions: what a batch or a timer message changes, and why. Pure functions of what was read, what came, and now.

use crate::{
    hash::hash,
    incident::{
        key::IncidentKey,
        policy::{CLOCK_SKEW_MILLIS, Policy},
        reason::Reason,
        state::{
            ClosedIncident, CounterShard, Handed, IncidentRecord, Lease, OpenIncident, PastIncident, ReportRecord,
            Reporting, Unsent,
        },
        summary::Summary,
    },
    time::{self, EpochMillis, MINUTE_MILLIS},
};

/// The longest that a timer message may be delayed: 15 minutes, the limit of Amazon SQS
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>). One that comes early finds
/// nothing due and is followed by another.
pub const MAX_DELAY_MILLIS: u64 = 15 * MINUTE_MILLIS;

/// How late a timer message may be before it counts as lost.
pub const TIMER_GRACE_MILLIS: u64 = MINUTE_MILLIS;

/// Timer messages that try to send an email and have already sent the next one before, each waiting twice as long as the one
/// before it. The last of them is not followed by another: if it fails, its queue delivers it again until it is given up.
pub const MAX_TRIES: u32 = 4;

/// How long one round of tries may take: longer than the timer queue delivers a message again (`template.yaml`: 12 times, 7.5
/// minutes apart at most). After that the message is in the failure queue, and a new round begins.
pub const ROUND_MILLIS: u64 = 120 * MINUTE_MILLIS;

/// A timer message to send before a change is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduledTimer {
    /// The incident.
    pub incident: String,
    /// The number of the message.
    pub timer: u32,
    /// In how many milliseconds it is due.
    pub delay_millis: u64,
}

/// What a batch does to the incident of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchStep {
    /// Why.
    pub reason: Reason,
    /// The record, where it changes.
    pub record: Option<IncidentRecord>,
    /// The counters.
    pub counters: CounterShard,
    /// The counters that were there are of an incident that nobody knows: they have to be set aside.
    pub orphan: bool,
    /// The timer messages to send first.
    pub timers: Vec<ScheduledTimer>,
}

/// Decides what a batch's findings do, which are processed `now` and have not been counted yet. None if what was read does not
/// fit together: a store reads one document after the other, and the incident was closed in between.
pub fn on_batch(
    head: Option<&IncidentRecord>,
    shard: Option<&CounterShard>,
    found: &Summary,
    (key, batch): (&IncidentKey, &str),
    now: EpochMillis,
    policy: &Policy,
) -> Option<BatchStep> {
    let foreign = |id: &str| shard.is_some_and(|shard| !shard.closed && shard.incident != id);
    let mut changed = head.cloned().unwrap_or_default();
    let mut timers = rescue_report(&mut changed, now, policy);
    let Some(current) = head.and_then(|head| head.current.as_ref()) else {
        let id = incident_id(key, batch, now);
        changed.current = Some(OpenIncident {
            id: id.clone(),
            opened_at: now,
            emails: 0,
            last_email_at: now,
            lease: Some(lease(batch, now, policy)),
            timer: 0,
            timer_at: time::after(now, policy.lease_millis()),
        });
        changed.unsent = Unsent::default();
        timers.push(ScheduledTimer { incident: id.clone(), timer: 0, delay_millis: policy.lease_millis() });
        let orphan = foreign(&id);
        // The batch sends the opening itself.
        let handed = Handed { email: 1, summary: found.clone() };
        let shard = CounterShard { handed: Some(handed), ..CounterShard::new(id, now) };
        return Some(BatchStep { reason: Reason::New, record: Some(changed), counters: shard, orphan, timers });
    };
    let mut added = match shard {
        // Its resolved is on its way: what is added now would be told by nobody.
        Some(shard) if shard.incident == current.id && shard.closed => return None,
        Some(shard) if shard.incident == current.id => shard.clone(),
        _ => CounterShard::new(current.id.clone(), now),
    };
    added.add(found, current.emails, now);
    // The opening is owed, and nobody is sending it: this batch does, unless a timer message has tried already. Its email tells
    // the counters, as it is not the only one that was counted.
    let free = current.lease.as_ref().is_none_or(|lease| lease.until <= now);
    let owed = current.emails == 0 && free && changed.unsent == Unsent::default();
    if let Some(open) = changed.current.as_mut().filter(|_| owed) {
        open.lease = Some(lease(batch, now, policy));
    }
    // The timer message that was to come is overdue: it is lost, or late. Or it comes later than an update about these findings
    // is due, because there was nothing to tell when it was sent. Another one takes its place.
    let overdue = now > time::after(current.timer_at, TIMER_GRACE_MILLIS);
    let wake_in = if current.emails == 0 || changed.unsent != Unsent::default() {
        MAX_DELAY_MILLIS
    } else {
        time::millis_between(now, time::after(current.last_email_at, policy.interval_millis(current.emails)))
    };
    let wake_in = wake_in.clamp(policy.min_delay_millis(), MAX_DELAY_MILLIS);
    let too_late = current.timer_at > time::after(now, wake_in + TIMER_GRACE_MILLIS);
    if let Some(open) = changed.current.as_mut().filter(|_| overdue || too_late) {
        let delay_millis = if overdue { policy.min_delay_millis() } else { wake_in };
        open.timer += 1;
        open.timer_at = time::after(now, delay_millis);
        timers.push(ScheduledTimer { incident: open.id.clone(), timer: open.timer, delay_millis });
    }
    // With the head in the transaction the counter is known to be nobody's: the incident that is open now has another name.
    let orphan = foreign(&current.id);
    let record = (owed || orphan || !timers.is_empty()).then_some(changed);
    let reason = if owed { Reason::LeaseExpired } else { Reason::Open };
    Some(BatchStep { reason, counters: added, orphan, timers, record })
}

/// Sends the timer message of a report again that is overdue: it is lost, or its queue has given it up.
fn rescue_report(head: &mut IncidentRecord, now: EpochMillis, policy: &Policy) -> Vec<ScheduledTimer> {
    let overdue = head.reporting.as_mut().filter(|one| now > time::after(one.timer_at, TIMER_GRACE_MILLIS));
    let timer_message = overdue.map(|one| {
        // The queue delivers it again and again where it fails: the next rescue waits until that is over.
        one.timer_at = time::after(now, ROUND_MILLIS);
        ScheduledTimer { incident: one.id.clone(), timer: one.timer, delay_millis: policy.min_delay_millis() }
    });
    timer_message.into_iter().collect()
}

/// Takes over the opened email of an incident that this batch opened in an earlier attempt, where it is still owed.
pub fn resume_opening(
    head: Option<&IncidentRecord>,
    id: &str,
    batch: &str,
    now: EpochMillis,
    policy: &Policy,
) -> Option<IncidentRecord> {
    let mut head = head?.clone();
    let open = head.current.as_mut().filter(|open| open.id == id && open.emails == 0)?;
    // Its own lease is that of the earlier attempt, which is over: two runs never have the same batch.
    if open.lease.as_ref().is_some_and(|lease| lease.until > now && lease.owner != batch) {
        return None;
    }
    open.lease = Some(lease(batch, now, policy));
    Some(head)
}

/// An email that is to be sent by whoever made the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// The opening, which nobody has sent so far.
    Opened,
    /// An update.
    Update,
    /// The resolved email of the incident that is closing.
    Resolved,
}

/// What a timer message does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimerStep {
    /// Nothing: another message counts in its place.
    Stale,
    /// The incident is not open: its report may still be owed.
    Ended,
    /// Somebody is sending the email that this message would try to send again. Its queue delivers it later.
    Busy,
    /// The head changes.
    Go(Box<TimerGo>),
}

/// The part of [`TimerStep`] where something happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimerGo {
    /// Why an email is sent, or none.
    pub reason: Reason,
    /// The email to send after the changes are written.
    pub due: Option<Due>,
    /// The record.
    pub record: IncidentRecord,
    /// Set where the incident closes: no counter may change any more.
    pub closes: bool,
    /// The report of the incident, where it closes and is to be sent.
    pub report: Option<ClosedIncident>,
    /// The timer messages to send first.
    pub timers: Vec<ScheduledTimer>,
}

/// The counters of one incident together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counters {
    /// Everything.
    pub total: Summary,
    /// What no email has reported.
    pub unreported: Summary,
    /// When something was last added.
    pub last_seen: EpochMillis,
}

impl Counters {
    /// Adds up those of an open incident.
    pub fn of<'s>(shards: impl IntoIterator<Item = &'s CounterShard>, open: &OpenIncident) -> Counters {
        let (total, unreported) = (Summary::default(), Summary::default());
        let mut counters = Counters { total, unreported, last_seen: open.opened_at };
        for shard in shards.into_iter().filter(|shard| shard.incident == open.id) {
            shard.add_total_to(&mut counters.total);
            shard.add_unreported_to(&mut counters.unreported, open.emails);
            counters.last_seen = counters.last_seen.max(shard.last_seen);
        }
        counters
    }
}

/// Decides what a timer message with this number for this incident does.
pub fn on_timer(
    head: Option<&IncidentRecord>,
    shards: &[&CounterShard],
    (incident, timer): (&str, u32),
    owner: &str,
    now: EpochMillis,
    policy: &Policy,
) -> TimerStep {
    let open = head.and_then(|head| Some((head, head.current.as_ref().filter(|open| open.id == incident)?)));
    let Some((head, current)) = open else { return TimerStep::Ended };
    let counters = Counters::of(shards.iter().copied(), current);
    let news = !counters.unreported.is_empty();
    let owed = if current.emails == 0 { Some(Due::Opened) } else { news.then_some(Due::Update) };
    if head.unsent.retry == Some(timer) && current.timer != timer {
        return on_retry(head, current, owed, owner, now, policy);
    }
    if current.timer != timer {
        return TimerStep::Stale;
    }
    let mut head = head.clone();
    let mut timers = rescue_report(&mut head, now, policy);
    let mut open = current.clone();
    open.timer += 1;
    let mut go = |mut head: IncidentRecord, mut open: OpenIncident, reason, due, wake_in: u64| {
        let delay_millis = wake_in.clamp(policy.min_delay_millis(), MAX_DELAY_MILLIS);
        open.timer_at = time::after(now, delay_millis);
        timers.push(ScheduledTimer { incident: open.id.clone(), timer: open.timer, delay_millis });
        head.current = Some(open);
        let timers = std::mem::take(&mut timers);
        TimerStep::Go(Box::new(TimerGo { reason, due, record: head, closes: false, report: None, timers }))
    };
    // Somebody is sending right now: look again when they must be done.
    if let Some(lease) = open.lease.as_ref().filter(|lease| lease.until > now) {
        let wait = time::millis_between(now, lease.until) + 1;
        return go(head, open, Reason::SendInProgress, None, wait);
    }
    // A message that its queue delivers again and again tries to send what is owed; this one only sees to the end.
    let round_ends = head.unsent.round_ends.filter(|ends| head.unsent.retry.is_some() && *ends > now);
    let update_at = time::after(open.last_email_at, policy.interval_millis(open.emails));
    let quiet_at = time::after(counters.last_seen, policy.quiet_millis());
    let quiet = now >= quiet_at;
    let due_at = if open.emails == 0 { now } else { update_at };
    // An opening comes before the end. Without a resolved email what is not told yet needs an email of its own before it, too. What
    // cannot be sent holds up neither: the report has it.
    let email_first = open.emails == 0 || (news && !policy.resolved_emails);
    if quiet && (round_ends.is_some() || !email_first) {
        let owes = policy.resolved_emails || owed.is_some();
        return close(&head, open, counters, owes, (owner, timers), now, policy);
    }
    if let (Some(due), None) = (&owed, round_ends)
        && now >= due_at
    {
        let failed_before = open.lease.is_some() || head.unsent.tries > 0 || open.emails == 0;
        let reason = if failed_before { Reason::LeaseExpired } else { Reason::UpdateDue };
        open.lease = Some(lease(owner, now, policy));
        head.unsent.tries += 1;
        let wait = policy.lease_millis() << (head.unsent.tries - 1).min(MAX_TRIES);
        if head.unsent.tries >= MAX_TRIES {
            head.unsent = Unsent { tries: 0, retry: Some(timer), round_ends: Some(time::after(now, ROUND_MILLIS)) };
        }
        return go(head, open, reason, Some(*due), wait);
    }
    let next = match (&owed, round_ends) {
        (Some(_), Some(round_ends)) => round_ends.min(quiet_at),
        (Some(_), None) if policy.resolved_emails => due_at.min(quiet_at),
        (Some(_), None) => due_at,
        (None, _) => quiet_at,
    };
    open.lease = None;
    go(head, open, Reason::NotDue, None, time::millis_between(now, next).max(1))
}

/// The message that goes on trying whenever its queue delivers it: nothing is sent to follow it, so that it ends in the failure
/// queue where it never succeeds.
fn on_retry(
    head: &IncidentRecord,
    current: &OpenIncident,
    owed: Option<Due>,
    owner: &str,
    now: EpochMillis,
    policy: &Policy,
) -> TimerStep {
    if current.lease.as_ref().is_some_and(|lease| lease.until > now) {
        return TimerStep::Busy;
    }
    let Some(due) = owed else { return TimerStep::Stale };
    let open = OpenIncident { lease: Some(lease(owner, now, policy)), ..current.clone() };
    TimerStep::Go(Box::new(TimerGo {
        reason: Reason::LeaseExpired,
        due: Some(due),
        record: IncidentRecord { current: Some(open), ..head.clone() },
        closes: false,
        report: None,
        timers: Vec::new(),
    }))
}

/// Ends an incident. What its resolved email has to say goes into a document of its own, so that one that cannot be sent keeps no
/// other incident waiting.
fn close(
    head: &IncidentRecord,
    open: OpenIncident,
    counters: Counters,
    owes: bool,
    (owner, mut timers): (&str, Vec<ScheduledTimer>),
    now: EpochMillis,
    policy: &Policy,
) -> TimerStep {
    let Counters { total, unreported, last_seen } = counters;
    let past = PastIncident { id: open.id.clone(), opened_at: open.opened_at, last_seen, totals: total.totals };
    let delay_millis = report_delay_millis(policy);
    let reporting = Reporting { id: open.id.clone(), timer: open.timer, timer_at: time::after(now, delay_millis) };
    let report = owes.then(|| ClosedIncident {
        id: open.id,
        opened_at: open.opened_at,
        last_seen,
        emails: open.emails,
        summary: total,
        unreported: unreported.totals,
        lease: lease(owner, now, policy),
        timer: open.timer,
    });
    if owes {
        // The report of the incident before this one leaves the head, whose place it had: a message of its own sees to it.
        timers.extend(head.reporting.iter().map(|before| ScheduledTimer {
            incident: before.id.clone(),
            timer: before.timer,
            delay_millis: policy.min_delay_millis(),
        }));
        timers.push(ScheduledTimer { incident: reporting.id.clone(), timer: reporting.timer, delay_millis });
    }
    TimerStep::Go(Box::new(TimerGo {
        reason: Reason::Quiet,
        due: report.is_some().then_some(Due::Resolved),
        record: IncidentRecord {
            current: None,
            unsent: Unsent::default(),
            reporting: if owes { Some(reporting) } else { head.reporting.clone() },
            last: Some(past),
        },
        closes: true,
        report,
        timers,
    }))
}

/// When the message comes that sees to a report: after the lease of whoever closes the incident, by more than clocks differ.
fn report_delay_millis(policy: &Policy) -> u64 {
    policy.lease_millis() + CLOCK_SKEW_MILLIS
}

/// What a timer message does about the report of an incident that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportStep {
    /// Nothing: the report is sent, or another message counts.
    Stale,
    /// Somebody is sending it.
    Busy,
    /// It is to be sent, after this is written.
    Send(Box<ClosedIncident>),
}

/// Decides what a timer message with this number does about the report of its incident.
pub fn on_report(
    report: Option<&ReportRecord>,
    timer: u32,
    owner: &str,
    now: EpochMillis,
    policy: &Policy,
) -> ReportStep {
    let Some(owed) = report.and_then(|report| report.pending.as_ref()).filter(|owed| owed.timer == timer) else {
        return ReportStep::Stale;
    };
    if owed.lease.until > now {
        return ReportStep::Busy;
    }
    ReportStep::Send(Box::new(ClosedIncident { lease: lease(owner, now, policy), ..owed.clone() }))
}

/// The report after it was sent, and the head, where it still knows of it. None if somebody else recorded that.
pub fn record_report(
    report: &ReportRecord,
    head: Option<&IncidentRecord>,
    owner: &str,
) -> Option<(ReportRecord, Option<IncidentRecord>)> {
    let owed = report.pending.as_ref().filter(|owed| owed.lease.owner == owner)?;
    let knows = |head: &&IncidentRecord| head.reporting.as_ref().is_some_and(|one| one.id == owed.id);
    let head = head.filter(knows).map(|head| IncidentRecord { reporting: None, ..head.clone() });
    Some((ReportRecord { pending: None }, head))
}

/// The report after it could not be sent: whoever comes next may try at once.
pub fn release_report(report: &ReportRecord, owner: &str, now: EpochMillis) -> Option<ReportRecord> {
    let owed = report.pending.as_ref().filter(|owed| owed.lease.owner == owner)?;
    let lease = Lease { until: now, ..owed.lease.clone() };
    Some(ReportRecord { pending: Some(ClosedIncident { lease, ..owed.clone() }) })
}

/// The head after an email about the open incident was sent. `None` if there is nothing to record any more: somebody else's
/// email was recorded in the meantime.
pub fn record_email(head: &IncidentRecord, incident: &str, owner: &str, now: EpochMillis) -> Option<IncidentRecord> {
    let mut head = head.clone();
    let open = head.current.as_mut().filter(|open| open.id == incident)?;
    if open.lease.as_ref().is_none_or(|lease| lease.owner != owner) {
        return None;
    }
    open.lease = None;
    open.emails = open.emails.saturating_add(1);
    open.last_email_at = now;
    head.unsent = Unsent::default();
    Some(head)
}

/// The head after an email about the open incident could not be sent: whoever comes next may try at once.
pub fn release(head: &IncidentRecord, incident: &str, owner: &str) -> Option<IncidentRecord> {
    let mut head = head.clone();
    let open = head.current.as_mut().filter(|open| open.id == incident)?;
    open.lease.take_if(|lease| lease.owner == owner)?;
    Some(head)
}

/// The id of an incident: when it opened, under which key and by which batch, which may open several.
fn incident_id(key: &IncidentKey, batch: &str, now: EpochMillis) -> String {
    format!("{}-{:08x}", now.0, hash(format!("{key} {batch}").as_bytes()) as u32)
}

fn lease(owner: &str, now: EpochMillis, policy: &Policy) -> Lease {
    Lease { owner: owner.to_owned(), until: time::after(now, policy.lease_millis()) }
}

/// The counter that a batch adds to, at its n-th attempt.
pub fn shard_of(key: &IncidentKey, batch: &str, attempt: u32, shards: u8) -> u8 {
    let hash = hash(format!("{key} {batch}").as_bytes());
    let shards = u64::from(shards.max(1));
    u8::try_from((hash % shards + u64::from(attempt)) % shards).unwrap_or_default()
}
