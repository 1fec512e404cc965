//! A stack by its name: its outputs, parameters and resources.

use std::collections::BTreeMap;

use aws_adapters::signed::{Failure, Request, Service};
use serde::Deserialize;

use super::{
    Session,
    session::{AwsArgs, failed},
    xml::{self, Members},
};

/// Version of the API.
const VERSION: &str = "2010-05-15";

/// Which stack.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct StackArgs {
    /// The name of the stack
    #[arg(long, value_name = "NAME", default_value = "ping-deny")]
    pub(crate) stack: String,
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
}

/// A deployed stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stack {
    /// The name.
    pub(crate) name: String,
    /// Its state, such as `UPDATE_COMPLETE`.
    pub(crate) status: String,
    /// Outputs by name.
    pub(crate) outputs: BTreeMap<String, String>,
    /// Parameters by name.
    pub(crate) parameters: BTreeMap<String, String>,
}

/// A resource of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resource {
    /// Its name in the template.
    pub(crate) logical: String,
    /// Its type, such as `AWS::CloudWatch::Alarm`.
    pub(crate) kind: String,
    /// Its name or ARN; empty before it is created.
    pub(crate) physical: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeStacks {
    describe_stacks_result: Stacks,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stacks {
    stacks: Members<Described>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    stack_name: String,
    stack_status: String,
    #[serde(default)]
    outputs: Members<Output>,
    #[serde(default)]
    parameters: Members<Parameter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    output_key: String,
    #[serde(default)]
    output_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    parameter_key: String,
    #[serde(default)]
    parameter_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListStackResources {
    list_stack_resources_result: Listed,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    #[serde(default)]
    stack_resource_summaries: Members<Summary>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    logical_resource_id: String,
    resource_type: String,
    #[serde(default)]
    physical_resource_id: String,
}

impl Resource {
    /// The request for the resources of a stack: the first ones, or those behind a token.
    pub(crate) fn request(stack: &str, token: Option<&str>) -> Request {
        let token = token.map(|token| ("NextToken".to_owned(), token));
        Request::query("ListStackResources", VERSION, [("StackName".to_owned(), stack)].into_iter().chain(token))
    }

    /// Reads the answer: resources, and the token of the next ones.
    ///
    /// # Errors
    /// It is not what CloudFormation documents. One line.
    pub(crate) fn read(call: &str, answer: &[u8]) -> Result<(Vec<Resource>, Option<String>), String> {
        let ListStackResources { list_stack_resources_result: Listed { stack_resource_summaries, next_token } } =
            xml::read(call, answer)?;
        let resource = |one: Summary| Resource {
            logical: one.logical_resource_id,
            kind: one.resource_type,
            physical: one.physical_resource_id,
        };
        let resources = stack_resource_summaries.member.into_iter().map(resource).collect();
        Ok((resources, next_token.filter(|token| !token.is_empty())))
    }
}

impl Stack {
    /// Reads a stack.
    ///
    /// # Errors
    /// There is no such stack, or the call failed. One line.
    pub(crate) async fn describe(session: &Session, name: &str) -> Result<Stack, String> {
        const CALL: &str = "cloudformation:DescribeStacks";
        let request = Request::query("DescribeStacks", VERSION, [("StackName".to_owned(), name)]);
        let answer = session.caller(Service::CLOUDFORMATION).call(request).await.map_err(|error| match &error {
            // CloudFormation has no code of its own for it.
            Failure::Refused { code, message } if code == "ValidationError" && message.contains("does not exist") => {
                format!(
                    "there is no stack {name} in {}; pass its name with --stack, its region with --region",
                    session.region
                )
            }
            _ => failed(CALL, &error),
        })?;
        let DescribeStacks { describe_stacks_result: Stacks { stacks } } = xml::read(CALL, &answer)?;
        let described = stacks.member.into_iter().next().ok_or_else(|| format!("{CALL}: no stack in the answer"))?;
        let outputs = described.outputs.member.into_iter();
        let parameters = described.parameters.member.into_iter();
        Ok(Stack {
            name: described.stack_name,
            status: described.stack_status,
            outputs: outputs.map(|output| (output.output_key, output.output_value)).collect(),
            parameters: parameters.map(|one| (one.parameter_key, one.parameter_value)).collect(),
        })
    }

    /// Returns an output.
    ///
    /// # Errors
    /// The stack has none of this name. One line.
    pub(crate) fn output(&self, name: &str) -> Result<&str, String> {
        let output = self.outputs.get(name).map(String::as_str);
        let of_another = || {
            format!(
                "the stack {} has no output {name}: it is another stack, or of an earlier version; deploy it again",
                self.name
            )
        };
        output.ok_or_else(of_another)
    }
}
