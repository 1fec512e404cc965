//! Where a flow was logged: account, region, network, resource.

use serde::{Deserialize, Serialize};

/// Where a flow was seen and what AWS noted about it: the metadata fields of versions 3 to 11, where the format has them, and the system
/// fields of its log events, where the subscription filter emits them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlowMetadata {
    /// The owner of the interface, which may differ from the owner of the log group: `account-id`, or `@aws.account` of the log event.
    /// None where AWS wrote `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<Box<str>>,
    /// `region`, or `@aws.region` of the log event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Box<str>>,
    /// The log group that the record was written to first, where this one holds a copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group: Option<Box<str>>,
    /// `az-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub az_id: Option<Box<str>>,
    /// `vpc-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<Box<str>>,
    /// `subnet-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet_id: Option<Box<str>>,
    /// `instance-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<Box<str>>,
    /// `pkt-src-aws-service`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_service: Option<Box<str>>,
    /// `pkt-dst-aws-service`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_service: Option<Box<str>>,
    /// Values of tags: `instance-tag`, `interface-tag`, `asg-tag` and their seconds. Which keys they are of is chosen with the flow
    /// log and not part of a record.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Box<str>>,
}
