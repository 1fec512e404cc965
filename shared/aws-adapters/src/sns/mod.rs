//! Notifiers on Amazon SNS: emails and documents to one topic, chat messages to another.

mod attribute;
pub(crate) mod envelope;

use std::{collections::HashMap, sync::Arc, time::Duration};

use alerting::{
    notification::{RenderedDigest, RenderedNotification},
    ports::{Notifier, PortError, Sending},
};
use aws_config::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_sdk_sns::{
    Client, config::Builder, error::BuildError, operation::publish::PublishError, types::MessageAttributeValue,
};
use tokio::sync::OnceCell;

use self::attribute::{Attribute, attributes};
use crate::client::{CONNECT_TIMEOUT, Shared, port_error};

/// Timeout for publishing to the chat topic, with all attempts. Only the end of the invocation waits for it.
pub const CHAT_TIMEOUT: Duration = Duration::from_millis(3_000);
/// Maximum attempts to publish to the chat topic.
pub const CHAT_ATTEMPTS: u32 = 2;
/// Timeout for one of these attempts.
pub const CHAT_ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1_400);

/// The client that all topics share, created when it is first needed.
#[derive(Clone, Debug)]
pub struct Sns(Arc<(Shared, OnceCell<Client>)>);

impl Sns {
    /// Creates a shared client. No connection is opened yet.
    pub fn new(shared: Shared) -> Sns {
        Sns(Arc::new((shared, OnceCell::new())))
    }

    async fn client(&self) -> &Client {
        let (shared, client) = &*self.0;
        client
            .get_or_init(|| async {
                let config = Builder::from(shared.load().await).retry_classifier(throttled());
                Client::from_conf(config.build())
            })
            .await
    }
}

/// The topic for emails and documents.
#[derive(Clone, Debug)]
pub struct AlertTopic {
    sns: Sns,
    topic_arn: String,
}

impl AlertTopic {
    /// Creates a notifier that publishes to a topic.
    pub fn new(sns: Sns, topic_arn: impl Into<String>) -> Self {
        AlertTopic { sns, topic_arn: topic_arn.into() }
    }
}

impl AlertTopic {
    const CALL: &str = "sns Publish";

    /// Publishes a message with its attributes.
    async fn publish(&self, subject: &str, message: String, attributes: &[Attribute]) -> Result<(), PortError> {
        let publish = self
            .sns
            .client()
            .await
            .publish()
            .topic_arn(&self.topic_arn)
            .subject(subject)
            .message(message)
            .message_structure(envelope::STRUCTURE)
            .set_message_attributes(Some(values(attributes, Self::CALL)?));
        publish.send().await.map(drop).map_err(|error| port_error(Self::CALL, &error))
    }
}

impl Notifier for AlertTopic {
    fn send<'a>(&'a self, notification: &'a RenderedNotification) -> Sending<'a> {
        Box::pin(async move {
            let attributes = attributes(notification.document.routing.values());
            let RenderedNotification { email, document, .. } = notification;
            let message = envelope::pack(&email.subject, &email.body, document.clone(), &attributes);
            self.publish(&email.subject, message, &attributes).await
        })
    }

    fn send_digest<'a>(&'a self, digest: &'a RenderedDigest) -> Sending<'a> {
        Box::pin(async move {
            let attributes = attributes(digest.document.routing.values());
            let message = envelope::pack(&digest.subject, &digest.body, digest.document.clone(), &attributes);
            self.publish(&digest.subject, message, &attributes).await
        })
    }
}

/// The topic for chat messages.
#[derive(Clone, Debug)]
pub struct ChatTopic {
    sns: Sns,
    topic_arn: String,
}

impl ChatTopic {
    /// Creates a notifier that publishes to a topic.
    pub fn new(sns: Sns, topic_arn: impl Into<String>) -> Self {
        ChatTopic { sns, topic_arn: topic_arn.into() }
    }
}

impl ChatTopic {
    const CALL: &str = "sns Publish to the chat";

    /// Publishes a message with its attributes. Amazon Q Developer accepts only the message itself: no MessageStructure, and it does not
    /// show the subject.
    async fn publish(&self, message: String, attributes: &[Attribute]) -> Result<(), PortError> {
        let client = self.sns.client().await;
        let publish = client
            .publish()
            .topic_arn(&self.topic_arn)
            .message(message)
            .set_message_attributes(Some(values(attributes, Self::CALL)?))
            .customize()
            .config_override(chat_limits());
        publish.send().await.map(drop).map_err(|error| port_error(Self::CALL, &error))
    }
}

impl Notifier for ChatTopic {
    fn send<'a>(&'a self, notification: &'a RenderedNotification) -> Sending<'a> {
        Box::pin(
            async move { self.publish(notification.chat(), &attributes(notification.document.routing.values())).await },
        )
    }

    fn send_digest<'a>(&'a self, digest: &'a RenderedDigest) -> Sending<'a> {
        Box::pin(async move { self.publish(digest.chat(), &attributes(digest.document.routing.values())).await })
    }
}

/// Adds the throttling error codes that the SDK does not retry by itself: of SNS, and of KMS for an encrypted topic
/// (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>).
fn throttled() -> AwsErrorCodeClassifier<PublishError> {
    AwsErrorCodeClassifier::builder().transient_errors(&["Throttled", "KMSThrottling"][..]).build()
}

/// Returns the chat topic's timeouts and retries, which are shorter than those for emails.
fn chat_limits() -> Builder {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(CHAT_ATTEMPT_TIMEOUT)
        .operation_timeout(CHAT_TIMEOUT);
    Builder::new()
        .retry_config(RetryConfig::standard().with_max_attempts(CHAT_ATTEMPTS))
        .timeout_config(timeouts.build())
}

fn values(attributes: &[Attribute], call: &'static str) -> Result<HashMap<String, MessageAttributeValue>, PortError> {
    let named = |one: &Attribute| {
        let value =
            MessageAttributeValue::builder().data_type(one.data_type()).string_value(one.string_value()).build()?;
        Ok((one.name.to_owned(), value))
    };
    let values: Result<_, BuildError> = attributes.iter().map(named).collect();
    values.map_err(|error| PortError { call, reason: error.to_string() })
}
