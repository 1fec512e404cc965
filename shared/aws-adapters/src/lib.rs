//! The ports of [`alerting`] on AWS: one thin module for each port, one for what all clients share, and one for calls without a client.
//!
//! No SDK type is part of this crate's API.

pub mod client;
pub mod cloudwatch;
pub mod dynamodb;
pub mod ec2;
pub mod signed;
pub mod sns;
pub mod sqs;
#[cfg(test)]
mod wire;

pub use cloudwatch::{CloudWatchDigest, CloudWatchMetrics};
pub use dynamodb::DynamoIncidents;
pub use ec2::Ec2Network;
pub use sns::{AlertTopic, ChatTopic, Sns};
pub use sqs::SqsTimers;
