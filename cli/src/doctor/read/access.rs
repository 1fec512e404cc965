//! What roles and services may do.

use aws_adapters::signed::{Request, Service};
use futures_util::future;
use serde::Deserialize;
use serde_json::json;

use super::{Reader, functions::statements, parameter};
use crate::{
    aws::{Members, Stack},
    doctor::{
        expected::LOOK_UPS,
        facts::{Denied, Function, Key, Read, Statement, Unread},
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    simulate_principal_policy_result: Results,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Results {
    #[serde(default)]
    evaluation_results: Members<Evaluation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Evaluation {
    eval_action_name: String,
    eval_decision: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Described {
    key_metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Metadata {
    key_state: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Policy {
    policy: String,
}

impl Reader<'_> {
    /// Reads what the roles of the functions may not look up.
    pub(super) async fn look_ups(
        &self,
        stack: &Stack,
        functions: [&Read<Option<Function>>; 2],
    ) -> Option<Read<Vec<Denied>>> {
        if parameter(stack, "Enrichment") == "off" {
            return None;
        }
        let mut roles = Vec::new();
        for function in functions {
            match function {
                Ok(Some(function)) => roles.push(&*function.role),
                // What does not exist has no role, which is said where functions are.
                Ok(None) => {}
                Err(unread) => return Some(Err(unread.clone())),
            }
        }
        let denied = future::join_all(roles.into_iter().map(|role| self.denied(role))).await;
        let denied: Read<Vec<Vec<Denied>>> = denied.into_iter().collect();
        Some(denied.map(|denied| denied.into_iter().flatten().collect()))
    }

    /// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html>
    async fn denied(&self, role: &str) -> Read<Vec<Denied>> {
        let actions = (1..).zip(LOOK_UPS).map(|(number, action)| (format!("ActionNames.member.{number}"), action));
        let parameters = [("PolicySourceArn".to_owned(), role)].into_iter().chain(actions);
        let request = Request::query("SimulatePrincipalPolicy", "2010-05-08", parameters);
        let answer: Answer = self.xml(Service::IAM, "iam:SimulatePrincipalPolicy", request).await?;
        let results = answer.simulate_principal_policy_result.evaluation_results.member;
        if results.len() < LOOK_UPS.len() {
            return Err(Unread::Failed(format!("iam:SimulatePrincipalPolicy: {} answers", results.len())));
        }
        let denied = results.into_iter().filter(|one| one.eval_decision != "allowed");
        Ok(denied.map(|one| Denied { role: role.to_owned(), action: one.eval_action_name }).collect())
    }

    /// Reads a key of KMS.
    pub(super) async fn key_of(&self, id: &str) -> Key {
        let (state, statements) = future::join(self.key_state(id), self.key_statements(id)).await;
        Key { id: id.to_owned(), state, statements }
    }

    /// <https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html>
    async fn key_state(&self, id: &str) -> Read<String> {
        let request = Request::json("1.1", "TrentService.DescribeKey", &json!({ "KeyId": id }));
        let read: Described = self.json(Service::KMS, "kms:DescribeKey", request).await?;
        Ok(read.key_metadata.key_state)
    }

    /// <https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html>
    async fn key_statements(&self, id: &str) -> Read<Vec<Statement>> {
        const CALL: &str = "kms:GetKeyPolicy";
        // The only name that a policy of a key can have.
        let input = json!({ "KeyId": id, "PolicyName": "default" });
        let request = Request::json("1.1", "TrentService.GetKeyPolicy", &input);
        let read: Policy = self.json(Service::KMS, CALL, request).await?;
        statements(CALL, &read.policy)
    }
}
