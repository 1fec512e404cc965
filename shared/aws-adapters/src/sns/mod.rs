//! Notifiers on Amazon SNS: email and document to one topic, a chat's messages to another.

mod attribute;
mod envelope;

use std::{collections::HashMap, sync::Arc, time::Duration};

use alerting::{
    notification::RenderedNotification,
    ports::{Notifier, PortError, Sending},
};
use aws_config::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_sdk_sns::{
    Client, config::Builder, error::BuildError, operation::publish::PublishError, types::MessageAttributeValue,
};
use tokio::sync::OnceCell;

use self::attribute::{Attribute, attributes};
pub use self::envelope::MACHINES;
use crate::client::{CONNECT_TIMEOUT, Shared, port_error};

/// For publishing to the chat's topic, with all attempts. Only the end of the invocation waits for it.
pub const CHAT_TIMEOUT: Duration = Duration::from_millis(3_000);
/// Attempts at publishing to the chat's topic.
pub const CHAT_ATTEMPTS: u32 = 2;
/// For one of them.
pub const CHAT_ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1_400);

/// The client that all topics share; made when it is first needed.
#[derive(Clone, Debug)]
pub struct Sns(Arc<(Shared, OnceCell<Client>)>);

impl Sns {
    /// Nothing is connected yet.
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

/// The topic of emails and documents.
#[derive(Clone, Debug)]
pub struct AlertTopic {
    sns: Sns,
    topic_arn: String,
}

impl AlertTopic {
    /// A notifier that publishes to a topic.
    pub fn new(sns: Sns, topic_arn: impl Into<String>) -> Self {
        AlertTopic { sns, topic_arn: topic_arn.into() }
    }
}

impl Notifier for AlertTopic {
    fn send<'a>(&'a self, notification: &'a RenderedNotification) -> Sending<'a> {
        const CALL: &str = "sns Publish";
        Box::pin(async move {
            let client = self.sns.client().await;
            let attributes = attributes(&notification.document.routing);
            let publish = client
                .publish()
                .topic_arn(&self.topic_arn)
                .subject(&notification.email.subject)
                .message(envelope::pack(&notification.email, notification.document.clone(), &attributes))
                .message_structure(envelope::STRUCTURE)
                .set_message_attributes(Some(values(&attributes, CALL)?));
            publish.send().await.map(drop).map_err(|error| port_error(CALL, &error))
        })
    }
}

/// The topic of a chat's messages.
#[derive(Clone, Debug)]
pub struct ChatTopic {
    sns: Sns,
    topic_arn: String,
}

impl ChatTopic {
    /// A notifier that publishes to a topic.
    pub fn new(sns: Sns, topic_arn: impl Into<String>) -> Self {
        ChatTopic { sns, topic_arn: topic_arn.into() }
    }
}

impl Notifier for ChatTopic {
    fn send<'a>(&'a self, notification: &'a RenderedNotification) -> Sending<'a> {
        const CALL: &str = "sns Publish to the chat";
        Box::pin(async move {
            // Amazon Q Developer takes no text but the message itself: no MessageStructure, and the subject is not shown.
            let client = self.sns.client().await;
            let publish = client
                .publish()
                .topic_arn(&self.topic_arn)
                .message(notification.chat())
                .set_message_attributes(Some(values(&attributes(&notification.document.routing), CALL)?))
                .customize()
                .config_override(hurried());
            publish.send().await.map(drop).map_err(|error| port_error(CALL, &error))
        })
    }
}

/// Names what the SDK does not know to pass by itself: too many calls of SNS, and of KMS where it encrypts the topic
/// (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>).
fn throttled() -> AwsErrorCodeClassifier<PublishError> {
    AwsErrorCodeClassifier::builder().transient_errors(&["Throttled", "KMSThrottling"][..]).build()
}

/// Less time than for an email.
fn hurried() -> Builder {
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
