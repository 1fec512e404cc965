//! Functions, who may invoke them, and what does.

use aws_adapters::signed::{Request, Service};
use serde::Deserialize;
use serde_json::Value;

use super::{Reader, Unread, existing};
use crate::doctor::facts::{Function, Mapping, Read, Schedule, Statement};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct Configuration {
    function_name: String,
    state: String,
    state_reason: String,
    last_update_status: String,
    last_update_status_reason: String,
    role: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Concurrency {
    reserved_concurrent_executions: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Policy {
    policy: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Mappings {
    event_source_mappings: Vec<OneMapping>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct OneMapping {
    #[serde(rename = "UUID")]
    uuid: String,
    event_source_arn: String,
    state: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct OneSchedule {
    state: String,
    schedule_expression: String,
    schedule_expression_timezone: String,
}

impl Reader<'_> {
    /// <https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html>
    pub(super) async fn function(&self, name: &str) -> Read<Option<Function>> {
        const CALL: &str = "lambda:GetFunctionConfiguration";
        let request = Request::get(&["2015-03-31", "functions", name, "configuration"], &[]);
        let Some(found) = existing(self.json::<Configuration>(Service::LAMBDA, CALL, request).await)? else {
            return Ok(None);
        };
        let reasons = [found.state_reason, found.last_update_status_reason];
        Ok(Some(Function {
            name: if found.function_name.is_empty() { name.to_owned() } else { found.function_name },
            state: found.state,
            last_update: found.last_update_status,
            reason: reasons.into_iter().find(|reason| !reason.is_empty()).unwrap_or_default(),
            role: found.role,
            reserved: self.reserved(name).await,
        }))
    }

    /// The same where its name may be unknown.
    pub(super) async fn timer_function(&self, name: &Read<String>) -> Read<Option<Function>> {
        self.function(name.as_ref().map_err(Clone::clone)?).await
    }

    /// <https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConcurrency.html>
    async fn reserved(&self, name: &str) -> Read<Option<u64>> {
        let request = Request::get(&["2019-09-30", "functions", name, "concurrency"], &[]);
        let read: Concurrency = self.json(Service::LAMBDA, "lambda:GetFunctionConcurrency", request).await?;
        Ok(read.reserved_concurrent_executions)
    }

    /// <https://docs.aws.amazon.com/lambda/latest/api/API_GetPolicy.html>
    pub(super) async fn invokers(&self, name: &str) -> Read<Vec<Statement>> {
        const CALL: &str = "lambda:GetPolicy";
        let request = Request::get(&["2015-03-31", "functions", name, "policy"], &[]);
        let Some(read) = existing(self.json::<Policy>(Service::LAMBDA, CALL, request).await)? else {
            return Ok(Vec::new());
        };
        statements(CALL, &read.policy)
    }

    /// <https://docs.aws.amazon.com/lambda/latest/api/API_ListEventSourceMappings.html>
    pub(super) async fn mappings(&self, function: &Read<String>) -> Read<Vec<Mapping>> {
        let function = function.as_ref().map_err(Clone::clone)?;
        let request = Request::get(&["2015-03-31", "event-source-mappings"], &[("FunctionName", function)]);
        let read: Mappings = self.json(Service::LAMBDA, "lambda:ListEventSourceMappings", request).await?;
        let mapping = |one: OneMapping| Mapping { source: one.event_source_arn, state: one.state, id: one.uuid };
        Ok(read.event_source_mappings.into_iter().map(mapping).collect())
    }

    /// <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html>
    pub(super) async fn schedule(&self, name: &str) -> Read<Option<Schedule>> {
        let request = Request::get(&["schedules", name], &[]);
        let found = self.json::<OneSchedule>(Service::SCHEDULER, "scheduler:GetSchedule", request).await;
        Ok(existing(found)?.map(|one| Schedule {
            state: one.state,
            expression: one.schedule_expression,
            time_zone: one.schedule_expression_timezone,
        }))
    }
}

/// Reads the statements of a policy that allow something. In a policy a list of one may be the one itself.
pub(super) fn statements(call: &str, policy: &str) -> Read<Vec<Statement>> {
    let policy: Value = serde_json::from_str(policy)
        .map_err(|error| Unread::Failed(format!("{call}: cannot read the policy: {error}")))?;
    let many = |value: &Value| match value {
        Value::Array(many) => many.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    };
    let texts = |value: &Value| -> Vec<String> {
        many(value).iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
    };
    // Conditions have their operators and keys in any case.
    let source_arns = |condition: &Value| -> Vec<String> {
        let operators = condition.as_object().into_iter().flatten().filter_map(|(_, keys)| keys.as_object());
        let arns = operators.flatten().filter(|(key, _)| key.eq_ignore_ascii_case("aws:SourceArn"));
        arns.flat_map(|(_, value)| texts(value)).collect()
    };
    let allowed = many(&policy["Statement"]).into_iter().filter(|one| one["Effect"] == "Allow");
    Ok(allowed
        .map(|one| Statement {
            services: texts(&one["Principal"]["Service"]),
            actions: texts(&one["Action"]),
            source_arns: source_arns(&one["Condition"]),
        })
        .collect())
}
