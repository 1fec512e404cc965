//! A record of a Kinesis stream.

use std::borrow::Cow;

/// One record of a Kinesis stream: what a subscription has sent in one piece, a gzipped document of CloudWatch Logs
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>).
///
/// [`Decoder::decode_base64`](crate::Decoder::decode_base64) reads its data. A record that cannot be read says nothing of the others.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamRecord<'e> {
    /// What names it in its shard, and in the list of failed records that a function returns
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>).
    pub sequence_number: Cow<'e, str>,
    /// The base64 text of its data.
    pub data: Cow<'e, str>,
}
