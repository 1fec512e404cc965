//! What was read of a deployment. Each part may be unknown, with the reason.

use alerting::time::EpochMillis;

use crate::aws::{Resource, Stack};

/// A part that was read, or why not.
pub(crate) type Read<T> = Result<T, Unread>;

/// Why a part is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// The caller lacks this permission, such as `sns:ListSubscriptionsByTopic`.
    Denied(&'static str),
    /// The call failed. One line.
    Failed(String),
}

/// What was read of a deployment. `None` stands for what does not exist.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// The stack, without which there are no facts.
    pub(crate) stack: Stack,
    /// The region.
    pub(crate) region: String,
    /// The stack's resources.
    pub(crate) resources: Read<Vec<Resource>>,
    /// The function that reads batches.
    pub(crate) function: Read<Option<Function>>,
    /// The function of the timer.
    pub(crate) timer_function: Read<Option<Function>>,
    /// Subscriptions of the topic of emails.
    pub(crate) alert_topic: Read<Option<Vec<Subscription>>>,
    /// Those of the topic of health alarms, where the stack is to have one.
    pub(crate) health_topic: Option<Read<Option<Vec<Subscription>>>>,
    /// Those of the topic for chats, where the stack is to have one.
    pub(crate) chat_topic: Option<Read<Option<Vec<Subscription>>>>,
    /// Flow logs to the log group.
    pub(crate) flow_logs: Read<Vec<FlowLog>>,
    /// The log group.
    pub(crate) log_group: Read<Option<LogGroup>>,
    /// Its subscription filters.
    pub(crate) filters: Read<Vec<SubscriptionFilter>>,
    /// The statements of the function's resource policy; none without a policy.
    pub(crate) invokers: Read<Vec<Statement>>,
    /// The newest record among those of the last [`RECENT_MILLIS`].
    pub(crate) recent_record: Read<Option<EpochMillis>>,
    /// Metrics of the last [`DAY_MILLIS`].
    pub(crate) metrics: Read<Metrics>,
    /// Batches that failed.
    pub(crate) failures: Read<Option<Queue>>,
    /// Timer messages that failed.
    pub(crate) timer_failures: Read<Option<Queue>>,
    /// The stack's alarms.
    pub(crate) alarms: Read<Vec<Alarm>>,
    /// The table.
    pub(crate) table: Read<Option<Table>>,
    /// Event source mappings of the timer's function.
    pub(crate) mappings: Read<Vec<Mapping>>,
    /// The schedule of the digest, where the stack is to have one.
    pub(crate) schedule: Option<Read<Option<Schedule>>>,
    /// Actions of EC2 that the role of each function may not do, where it is to look things up.
    pub(crate) look_ups: Option<Read<Vec<Denied>>>,
    /// The key of the topics, where there is one.
    pub(crate) key: Option<Read<Key>>,
}

/// How far back the newest record is looked for.
pub(crate) const RECENT_MILLIS: u64 = 30 * alerting::time::MINUTE_MILLIS;

/// How far back metrics are read.
pub(crate) const DAY_MILLIS: u64 = 24 * alerting::time::HOUR_MILLIS;

/// A Lambda function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    /// Its name.
    pub(crate) name: String,
    /// `Active`, `Pending`, `Inactive` or `Failed`.
    pub(crate) state: String,
    /// `Successful`, `InProgress` or `Failed`.
    pub(crate) last_update: String,
    /// Why the state or the update is not a good one; empty if it is.
    pub(crate) reason: String,
    /// The ARN of its role.
    pub(crate) role: String,
    /// Its reserved concurrency, if any.
    pub(crate) reserved: Read<Option<u64>>,
}

/// A subscription of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    /// Such as `email`.
    pub(crate) protocol: String,
    /// Such as an email address.
    pub(crate) endpoint: String,
    /// Whether it gets messages.
    pub(crate) state: SubscriptionState,
}

/// Whether a subscription gets messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SubscriptionState {
    /// It does. Whether only authenticated callers can end it.
    Confirmed(Read<bool>),
    /// It was not confirmed.
    Pending,
    /// It was ended, and is listed for some days.
    Deleted,
}

/// A flow log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FlowLog {
    pub(crate) id: String,
    /// The VPC, subnet or interface.
    pub(crate) resource: String,
    /// `ACTIVE`.
    pub(crate) status: String,
    /// `SUCCESS` or `FAILED`; empty before the first delivery.
    pub(crate) delivery: String,
    /// `Rate limited`, `Access error` or `Unknown error`; empty without an error.
    pub(crate) delivery_error: String,
    /// `ALL`, `ACCEPT` or `REJECT`.
    pub(crate) traffic: String,
    /// The format of its records.
    pub(crate) format: String,
    /// The longest time that a record covers, in seconds.
    pub(crate) interval_seconds: u64,
}

/// A log group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogGroup {
    /// `STANDARD`, `INFREQUENT_ACCESS` or `DELIVERY`.
    pub(crate) class: String,
    /// How long records are kept; none: for ever.
    pub(crate) retention_days: Option<u64>,
}

/// A subscription filter of the log group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SubscriptionFilter {
    pub(crate) name: String,
    pub(crate) pattern: String,
    /// The ARN of the function or stream.
    pub(crate) destination: String,
}

/// A statement that allows something in the policy of a function or a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Statement {
    /// AWS services that it is for.
    pub(crate) services: Vec<String>,
    /// What they may do.
    pub(crate) actions: Vec<String>,
    /// The ARNs on whose behalf, with wildcards; none: any.
    pub(crate) source_arns: Vec<String>,
}

/// Metrics of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Metrics {
    /// Log events that came into the log group.
    pub(crate) incoming: Metric,
    /// Runs of the function that reads batches.
    pub(crate) function: Runs,
    /// Runs of the timer's function.
    pub(crate) timer_function: Runs,
    /// Rejected pings that CloudWatch counted, for the watchdog.
    pub(crate) native: Metric,
    /// Rejected pings that the function counted.
    pub(crate) published: Metric,
    /// Age of the oldest failed batch, in seconds.
    pub(crate) failure_age: Metric,
    /// Age of the oldest failed timer message, in seconds.
    pub(crate) timer_failure_age: Metric,
}

/// Runs of a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Runs {
    pub(crate) invocations: Metric,
    pub(crate) errors: Metric,
    pub(crate) throttles: Metric,
}

/// A metric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Metric {
    /// The sum of its points.
    pub(crate) sum: u64,
    /// The newest value.
    pub(crate) last: u64,
    /// The start of the newest point that is not zero.
    pub(crate) newest: Option<EpochMillis>,
    /// How many points there are, zeros too.
    pub(crate) points: usize,
}

/// A queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Queue {
    /// Messages that wait.
    pub(crate) messages: u64,
}

/// An alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alarm {
    pub(crate) name: String,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub(crate) state: String,
    /// What it means that it is in ALARM.
    pub(crate) description: String,
    /// Whether it may notify anybody.
    pub(crate) actions_enabled: bool,
}

/// The table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    /// Such as `ACTIVE`.
    pub(crate) status: String,
    /// Such as `ENABLED`.
    pub(crate) expiry: Read<String>,
}

/// An event source mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mapping {
    /// The ARN of the queue.
    pub(crate) source: String,
    /// Such as `Enabled`.
    pub(crate) state: String,
    /// Its id.
    pub(crate) id: String,
}

/// A schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// `ENABLED` or `DISABLED`.
    pub(crate) state: String,
    /// Such as `cron(0 9 * * ? *)`.
    pub(crate) expression: String,
    pub(crate) time_zone: String,
}

/// An action that a role may not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denied {
    /// The ARN of the role.
    pub(crate) role: String,
    pub(crate) action: String,
}

/// A KMS key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// Its ARN or id.
    pub(crate) id: String,
    /// Such as `Enabled`.
    pub(crate) state: Read<String>,
    /// What services may do with it.
    pub(crate) statements: Read<Vec<Statement>>,
}
