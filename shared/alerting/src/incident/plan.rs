//! The decisions: what a batch or a timer message changes, and why. Pure functions of what was read, what was found, and `now`.

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

/// Maximum delay of a timer message in milliseconds: 15 minutes, the limit of Amazon SQS
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>). A message that arrives early finds
/// nothing due and schedules another one.
pub const MAX_DELAY_MILLIS: u64 = 15 * MINUTE_MILLIS;

/// How late a timer message may be before it counts as lost, in milliseconds.
pub const TIMER_GRACE_MILLIS: u64 = MINUTE_MILLIS;

/// Timer messages that try to send an email and schedule their successor first, each waiting twice as long as the one before.
/// The last of them stays: if it fails, its queue delivers it again until it gives up.
pub const MAX_TRIES: u32 = 4;

/// Duration of one round of tries in milliseconds: longer than the timer queue redelivers a message (`template.yaml`: 12 times, 7.5
/// minutes apart at most). After that the message is in the failure queue, and a new round begins.
pub const ROUND_MILLIS: u64 = 120 * MINUTE_MILLIS;

/// A timer message to schedule before a change is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduledTimer {
    /// The incident.
    pub incident: String,
    /// The number of the message.
    pub timer: u32,
    /// Its delay in milliseconds.
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
    /// Whether the stored counters belong to an unknown incident: then they have to be set aside.
    pub orphan: bool,
    /// The timer messages to schedule first.
    pub timers: Vec<ScheduledTimer>,
}

/// Decides what a batch's findings change, if they have not been counted yet. None if what was read does not fit together: a store
/// reads one item after the other, and the incident was closed in between.
pub fn on_batch(
    record: Option<&IncidentRecord>,
    shard: Option<&CounterShard>,
    found: &Summary,
    (key, batch): (&IncidentKey, &str),
    now: EpochMillis,
    policy: &Policy,
) -> Option<BatchStep> {
    let foreign = |id: &str| shard.is_some_and(|shard| !shard.closed && shard.incident != id);
    let mut changed = record.cloned().unwrap_or_default();
    let mut timers = rescue_report(&mut changed, now, policy);
    let Some(current) = record.and_then(|record| record.current.as_ref()) else {
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
        // The batch sends the opened email itself.
        let handed = Handed { email: 1, summary: found.clone() };
        let shard = CounterShard { handed: Some(handed), ..CounterShard::new(id, now) };
        return Some(BatchStep { reason: Reason::New, record: Some(changed), counters: shard, orphan, timers });
    };
    let mut added = match shard {
        // Its resolved email is on its way: what is added now would not be reported.
        Some(shard) if shard.incident == current.id && shard.closed => return None,
        Some(shard) if shard.incident == current.id => shard.clone(),
        _ => CounterShard::new(current.id.clone(), now),
    };
    added.add(found, current.emails, now);
    // The opened email is pending and nobody is sending it: this batch does, unless a timer message has tried already. The email
    // reports the counters, because other batches are counted too.
    let free = current.lease.as_ref().is_none_or(|lease| lease.until <= now);
    let owed = current.emails == 0 && free && changed.unsent == Unsent::default();
    if let Some(open) = changed.current.as_mut().filter(|_| owed) {
        open.lease = Some(lease(batch, now, policy));
    }
    // The current timer message is overdue: lost, or late. Or it comes later than an update about these findings is due, because
    // nothing was unreported when it was scheduled. Another one replaces it.
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
    // With the record in the transaction the counters are known to be unused: the open incident has another id.
    let orphan = foreign(&current.id);
    let record = (owed || orphan || !timers.is_empty()).then_some(changed);
    let reason = if owed { Reason::LeaseExpired } else { Reason::Open };
    Some(BatchStep { reason, counters: added, orphan, timers, record })
}

/// Schedules the timer message of a report again if it is overdue: it is lost, or its queue has given up.
fn rescue_report(record: &mut IncidentRecord, now: EpochMillis, policy: &Policy) -> Vec<ScheduledTimer> {
    let overdue = record.reporting.as_mut().filter(|one| now > time::after(one.timer_at, TIMER_GRACE_MILLIS));
    let timer_message = overdue.map(|one| {
        // The queue redelivers it while it fails: the next rescue waits until that is over.
        one.timer_at = time::after(now, ROUND_MILLIS);
        ScheduledTimer { incident: one.id.clone(), timer: one.timer, delay_millis: policy.min_delay_millis() }
    });
    timer_message.into_iter().collect()
}

/// Takes the right to send the opened email of an incident that this batch opened in an earlier attempt, if it is still pending.
pub fn resume_opening(
    record: Option<&IncidentRecord>,
    id: &str,
    batch: &str,
    now: EpochMillis,
    policy: &Policy,
) -> Option<IncidentRecord> {
    let mut record = record?.clone();
    let open = record.current.as_mut().filter(|open| open.id == id && open.emails == 0)?;
    // Its own lease is that of the earlier attempt, which has ended: two runs never have the same batch.
    if open.lease.as_ref().is_some_and(|lease| lease.until > now && lease.owner != batch) {
        return None;
    }
    open.lease = Some(lease(batch, now, policy));
    Some(record)
}

/// An email to be sent by the run that made the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// The opened email, which was never sent.
    Opened,
    /// An update.
    Update,
    /// The resolved email of the incident that is closing.
    Resolved,
}

/// What a timer message does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimerStep {
    /// Nothing: this message is not the current one.
    Stale,
    /// The incident is not open: its report may still be pending.
    Ended,
    /// Another run is sending the email that this message would retry. The queue redelivers the message later.
    Busy,
    /// The record changes.
    Go(Box<TimerGo>),
}

/// The part of [`TimerStep`] where something happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimerGo {
    /// Why an email is sent, or not.
    pub reason: Reason,
    /// The email to send after the changes are written.
    pub due: Option<Due>,
    /// The record.
    pub record: IncidentRecord,
    /// Set where the incident closes: no counter may change any more.
    pub closes: bool,
    /// The report of the incident, where it closes and is to be sent.
    pub report: Option<ClosedIncident>,
    /// The timer messages to schedule first.
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

/// Decides what a timer message with this number does for this incident.
pub fn on_timer(
    record: Option<&IncidentRecord>,
    shards: &[&CounterShard],
    (incident, timer): (&str, u32),
    owner: &str,
    now: EpochMillis,
    policy: &Policy,
) -> TimerStep {
    let open = record.and_then(|record| Some((record, record.current.as_ref().filter(|open| open.id == incident)?)));
    let Some((record, current)) = open else { return TimerStep::Ended };
    let counters = Counters::of(shards.iter().copied(), current);
    let news = !counters.unreported.is_empty();
    let owed = if current.emails == 0 { Some(Due::Opened) } else { news.then_some(Due::Update) };
    if record.unsent.retry == Some(timer) && current.timer != timer {
        return on_retry(record, current, owed, owner, now, policy);
    }
    if current.timer != timer {
        return TimerStep::Stale;
    }
    let mut record = record.clone();
    let mut timers = rescue_report(&mut record, now, policy);
    let mut open = current.clone();
    open.timer += 1;
    let mut go = |mut record: IncidentRecord, mut open: OpenIncident, reason, due, wake_in: u64| {
        let delay_millis = wake_in.clamp(policy.min_delay_millis(), MAX_DELAY_MILLIS);
        open.timer_at = time::after(now, delay_millis);
        timers.push(ScheduledTimer { incident: open.id.clone(), timer: open.timer, delay_millis });
        record.current = Some(open);
        let timers = std::mem::take(&mut timers);
        TimerStep::Go(Box::new(TimerGo { reason, due, record, closes: false, report: None, timers }))
    };
    // Another run is sending: look again when its lease has expired.
    if let Some(lease) = open.lease.as_ref().filter(|lease| lease.until > now) {
        let wait = time::millis_between(now, lease.until) + 1;
        return go(record, open, Reason::SendInProgress, None, wait);
    }
    // Another message retries the email whenever its queue delivers it; this one only closes the incident.
    let round_ends = record.unsent.round_ends.filter(|ends| record.unsent.retry.is_some() && *ends > now);
    let update_at = time::after(open.last_email_at, policy.interval_millis(open.emails));
    let quiet_at = time::after(counters.last_seen, policy.quiet_millis());
    let quiet = now >= quiet_at;
    let due_at = if open.emails == 0 { now } else { update_at };
    // The opened email comes before the end. Where resolved emails are off, unreported findings need an email of their own before
    // it, too. An email that cannot be sent delays neither: the report has it.
    let email_first = open.emails == 0 || (news && !policy.resolved_emails);
    if quiet && (round_ends.is_some() || !email_first) {
        let owes = policy.resolved_emails || owed.is_some();
        return close(&record, open, counters, owes, (owner, timers), now, policy);
    }
    if let (Some(due), None) = (&owed, round_ends)
        && now >= due_at
    {
        let failed_before = open.lease.is_some() || record.unsent.tries > 0 || open.emails == 0;
        let reason = if failed_before { Reason::LeaseExpired } else { Reason::UpdateDue };
        open.lease = Some(lease(owner, now, policy));
        record.unsent.tries += 1;
        let wait = policy.lease_millis() << (record.unsent.tries - 1).min(MAX_TRIES);
        if record.unsent.tries >= MAX_TRIES {
            record.unsent = Unsent { tries: 0, retry: Some(timer), round_ends: Some(time::after(now, ROUND_MILLIS)) };
        }
        return go(record, open, reason, Some(*due), wait);
    }
    let next = match (&owed, round_ends) {
        (Some(_), Some(round_ends)) => round_ends.min(quiet_at),
        (Some(_), None) if policy.resolved_emails => due_at.min(quiet_at),
        (Some(_), None) => due_at,
        (None, _) => quiet_at,
    };
    open.lease = None;
    go(record, open, Reason::NotDue, None, time::millis_between(now, next).max(1))
}

/// Handles the message that retries an email whenever its queue delivers it. Nothing is scheduled after it, so that it ends in the
/// failure queue if it never succeeds.
fn on_retry(
    record: &IncidentRecord,
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
        record: IncidentRecord { current: Some(open), ..record.clone() },
        closes: false,
        report: None,
        timers: Vec::new(),
    }))
}

/// Closes an incident. What its resolved email reports is an item of its own, so that an email that cannot be sent delays no other
/// incident.
fn close(
    record: &IncidentRecord,
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
        // The previous report leaves the record, which has room for one: a message of its own sends it.
        timers.extend(record.reporting.iter().map(|before| ScheduledTimer {
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
            reporting: if owes { Some(reporting) } else { record.reporting.clone() },
            last: Some(past),
        },
        closes: true,
        report,
        timers,
    }))
}

/// Delay of the message that sends a pending report: after the lease of the run that closes the incident, plus clock skew.
fn report_delay_millis(policy: &Policy) -> u64 {
    policy.lease_millis() + CLOCK_SKEW_MILLIS
}

/// What a timer message does about the report of a closed incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportStep {
    /// Nothing: the report is sent, or another message counts.
    Stale,
    /// Another run is sending it.
    Busy,
    /// Send it, after this is written.
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

/// The report and, if it still refers to it, the record after the resolved email was sent. None if another run recorded that.
pub fn record_report(
    report: &ReportRecord,
    record: Option<&IncidentRecord>,
    owner: &str,
) -> Option<(ReportRecord, Option<IncidentRecord>)> {
    let owed = report.pending.as_ref().filter(|owed| owed.lease.owner == owner)?;
    let knows = |record: &&IncidentRecord| record.reporting.as_ref().is_some_and(|one| one.id == owed.id);
    let record = record.filter(knows).map(|record| IncidentRecord { reporting: None, ..record.clone() });
    Some((ReportRecord { pending: None }, record))
}

/// The report after the resolved email could not be sent: the next run may try at once.
pub fn release_report(report: &ReportRecord, owner: &str, now: EpochMillis) -> Option<ReportRecord> {
    let owed = report.pending.as_ref().filter(|owed| owed.lease.owner == owner)?;
    let lease = Lease { until: now, ..owed.lease.clone() };
    Some(ReportRecord { pending: Some(ClosedIncident { lease, ..owed.clone() }) })
}

/// The record after an email about the open incident was sent. None if there is nothing left to record: another run's email was
/// recorded in the meantime.
pub fn record_email(record: &IncidentRecord, incident: &str, owner: &str, now: EpochMillis) -> Option<IncidentRecord> {
    let mut record = record.clone();
    let open = record.current.as_mut().filter(|open| open.id == incident)?;
    if open.lease.as_ref().is_none_or(|lease| lease.owner != owner) {
        return None;
    }
    open.lease = None;
    open.emails = open.emails.saturating_add(1);
    open.last_email_at = now;
    record.unsent = Unsent::default();
    Some(record)
}

/// The record after an email about the open incident could not be sent: the next run may try at once.
pub fn release(record: &IncidentRecord, incident: &str, owner: &str) -> Option<IncidentRecord> {
    let mut record = record.clone();
    let open = record.current.as_mut().filter(|open| open.id == incident)?;
    open.lease.take_if(|lease| lease.owner == owner)?;
    Some(record)
}

/// The id of an incident: when it opened, and a hash of its key and of the batch, which may open several.
fn incident_id(key: &IncidentKey, batch: &str, now: EpochMillis) -> String {
    format!("{}-{:08x}", now.0, hash(format!("{key} {batch}").as_bytes()) as u32)
}

fn lease(owner: &str, now: EpochMillis, policy: &Policy) -> Lease {
    Lease { owner: owner.to_owned(), until: time::after(now, policy.lease_millis()) }
}

/// The counter shard that a batch adds to, at its n-th attempt.
pub fn shard_of(key: &IncidentKey, batch: &str, attempt: u32, shards: u8) -> u8 {
    let hash = hash(format!("{key} {batch}").as_bytes());
    let shards = u64::from(shards.max(1));
    u8::try_from((hash % shards + u64::from(attempt)) % shards).unwrap_or_default()
}
