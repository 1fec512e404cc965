//! The calls: one small file for each group of services. Each call is one part of the facts, and fails alone.

mod access;
mod cloudwatch;
mod flow_logs;
mod functions;
mod logs;
mod stores;
mod topics;

use aws_adapters::signed::{Failure, Request, Service};
use futures_util::future;
use serde::de::DeserializeOwned;

use super::{
    expected::{TopicKey, digest_expression, parameter, physical, topic_key},
    facts::{Facts, Read, Unread},
};
use crate::aws::{Resource, Session, Stack, read_xml};

/// Answers of a list that are read; AWS pages earlier.
const MAX_PAGES: usize = 20;

/// Codes of the services for what does not exist.
const NOT_FOUND: [&str; 6] = [
    "ResourceNotFoundException",
    "NotFound",
    "NotFoundException",
    "QueueDoesNotExist",
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchEntity",
];

/// Reads a deployment.
///
/// # Errors
/// The stack lacks an output that each one has. One line.
pub(super) async fn facts(session: &Session, stack: Stack, now: alerting::time::EpochMillis) -> Result<Facts, String> {
    let reader = Reader { session };
    let resources = reader.resources(&stack.name).await;
    let output = |name: &str| stack.output(name).map(str::to_owned);
    let (function_name, log_group_name) = (output("FunctionName")?, output("LogGroupName")?);
    let timer_name = physical(&resources, "IncidentTimer").map(str::to_owned);
    let (failure_url, timer_failure_url) = (output("FailureQueueUrl")?, output("TimerFailureQueueUrl")?);
    let (table_name, alert_topic_arn) = (output("IncidentTableName")?, output("AlertTopicArn")?);

    let ((function, timer_function), (invokers, mappings)) = future::join(
        future::join(reader.function(&function_name), reader.timer_function(&timer_name)),
        future::join(reader.invokers(&function_name), reader.mappings(&timer_name)),
    )
    .await;
    let ((alert_topic, health_topic, chat_topic), flow_logs) = future::join(
        future::join3(
            reader.subscriptions(&alert_topic_arn),
            reader.optional_topic(!parameter(&stack, "HealthEmail").is_empty(), physical(&resources, "HealthTopic")),
            reader.optional_topic(parameter(&stack, "ChatTopic") == "yes", physical(&resources, "ChatAlertTopic")),
        ),
        reader.flow_logs(&log_group_name),
    )
    .await;
    let ((log_group, filters, recent_record), (metrics, alarms)) = future::join(
        future::join3(
            reader.log_group(&log_group_name),
            reader.filters(&log_group_name),
            reader.recent_record(&log_group_name, now),
        ),
        future::join(reader.metrics(&stack, timer_name.as_deref().ok(), now), reader.alarms(&resources)),
    )
    .await;
    let ((failures, timer_failures, table), (schedule, look_ups, key)) = future::join(
        future::join3(reader.queue(&failure_url), reader.queue(&timer_failure_url), reader.table(&table_name)),
        future::join3(
            reader.digest(&stack, physical(&resources, "DigestSchedule")),
            reader.look_ups(&stack, [&function, &timer_function]),
            reader.key(&stack, &resources),
        ),
    )
    .await;
    let region = session.region.clone();
    Ok(Facts {
        stack,
        region,
        resources,
        function,
        timer_function,
        alert_topic,
        health_topic,
        chat_topic,
        flow_logs,
        log_group,
        filters,
        invokers,
        recent_record,
        metrics,
        failures,
        timer_failures,
        alarms,
        table,
        mappings,
        schedule,
        look_ups,
        key,
    })
}

/// Reads what one part needs.
struct Reader<'s> {
    session: &'s Session,
}

impl Reader<'_> {
    /// Makes a call. `permission` is the name that IAM has for it.
    async fn call(&self, service: Service, permission: &'static str, request: Request) -> Result<Vec<u8>, Refusal> {
        self.session.caller(service).call(request).await.map_err(|failure| Refusal { permission, failure })
    }

    /// Makes a call that is answered with JSON.
    async fn json<T: DeserializeOwned>(
        &self,
        service: Service,
        permission: &'static str,
        request: Request,
    ) -> Result<T, Refusal> {
        let answer = self.call(service, permission, request).await?;
        let wrong = |error: serde_json::Error| Failure::NotSent(format!("cannot read the answer: {error}"));
        serde_json::from_slice(&answer).map_err(|error| Refusal { permission, failure: wrong(error) })
    }

    /// Makes a call that is answered with XML.
    async fn xml<T: DeserializeOwned>(&self, service: Service, permission: &'static str, request: Request) -> Read<T> {
        let answer = self.call(service, permission, request).await.map_err(Unread::from)?;
        read_xml(permission, &answer).map_err(Unread::Failed)
    }

    async fn resources(&self, stack: &str) -> Read<Vec<Resource>> {
        const CALL: &str = "cloudformation:ListStackResources";
        let (mut all, mut token) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            let request = Resource::request(stack, token.as_deref());
            let answer = self.call(Service::CLOUDFORMATION, CALL, request).await?;
            let (page, next) = Resource::read(CALL, &answer).map_err(Unread::Failed)?;
            all.extend(page);
            token = next;
            if token.is_none() {
                break;
            }
        }
        Ok(all)
    }

    async fn digest(&self, stack: &Stack, schedule: Read<&str>) -> Option<Read<Option<super::facts::Schedule>>> {
        digest_expression(stack)?;
        Some(match schedule {
            Ok(name) => self.schedule(name).await,
            Err(unread) => Err(unread),
        })
    }

    async fn key(&self, stack: &Stack, resources: &Read<Vec<Resource>>) -> Option<Read<super::facts::Key>> {
        let id = match topic_key(stack) {
            TopicKey::None => return None,
            TopicKey::Created => physical(resources, "TopicEncryptionKey").map(str::to_owned),
            TopicKey::Given(arn) => Ok(arn),
        };
        Some(match id {
            Ok(id) => Ok(self.key_of(&id).await),
            Err(unread) => Err(unread),
        })
    }
}

/// A call without an answer.
struct Refusal {
    permission: &'static str,
    failure: Failure,
}

impl Refusal {
    /// Tells whether what was asked for does not exist.
    fn is_not_found(&self) -> bool {
        matches!(&self.failure, Failure::Refused { code, .. } if NOT_FOUND.contains(&&**code))
    }
}

impl From<Refusal> for Unread {
    fn from(Refusal { permission, failure }: Refusal) -> Self {
        match failure.is_denied() {
            true => Unread::Denied(permission),
            false => Unread::Failed(format!("{permission}: {failure}")),
        }
    }
}

/// What was read, or that it does not exist.
fn existing<T>(read: Result<T, Refusal>) -> Read<Option<T>> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(refusal) if refusal.is_not_found() => Ok(None),
        Err(refusal) => Err(refusal.into()),
    }
}
