//! The ports of [`alerting`] on AWS: one thin module for each port, and one for what all clients share.
//!
//! No SDK type is part of this crate's API.

pub mod client;
pub mod cloudwatch;
pub mod dynamodb;
pub mod ec2;
pub mod sns;
pub mod sqs;
#[cfg(test)]
mod wire;

pub use cloudwatch::{CloudWatchDigest, CloudWatchMetrics};
pub use dynamodb::DynamoIncidents;
pub use ec2::Ec2Network;
pub use sns::{AlertTopic, ChatTopic, Sns};
pub use sqs::SqsTimers;
