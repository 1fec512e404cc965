//! Messages through Amazon SNS: mail and document to one topic, a chat's notifications to another.

use std::{collections::HashMap, time::Duration};

use alerting::{
    notification::{Attribute, RenderedNotification, envelope},
    ports::{Notifier, PortError},
};
use aws_config::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_sdk_sns::{
    Client, config::Builder, error::BuildError, operation::publish::PublishError, types::MessageAttributeValue,
};
use tokio::sync::OnceCell;

use crate::client::{CONNECT_TIMEOUT, Shared, port_error};

/// For telling the chat, with all attempts. Only the end of the invocation waits for it.
pub const CHAT_TIMEOUT: Duration = Duration::from_millis(3_000);
/// Attempts at telling the chat.
pub const CHAT_ATTEMPTS: u32 = 2;
/// For one of them.
pub const CHAT_ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1_400);

/// Publishes to topics; their subscriptions are the readers.
#[derive(Clone, Debug)]
pub struct SnsAlerts {
    shared: Shared,
    client: OnceCell<Client>,
    topic_arn: String,
    chat_topic_arn: Option<String>,
}

impl SnsAlerts {
    /// An adapter that publishes to a topic, and tells a chat by another one.
    pub fn new(shared: Shared, topic_arn: impl Into<String>, chat_topic_arn: Option<String>) -> Self {
        SnsAlerts { shared, client: OnceCell::new(), topic_arn: topic_arn.into(), chat_topic_arn }
    }

    async fn client(&self) -> &Client {
        self.client
            .get_or_init(|| async {
                let config = Builder::from(self.shared.load().await).retry_classifier(throttled());
                Client::from_conf(config.build())
            })
            .await
    }
}

impl Notifier for SnsAlerts {
    async fn send(&self, notice: &RenderedNotification) -> Result<(), PortError> {
        const CALL: &str = "sns Publish";
        self.client()
            .await
            .publish()
            .topic_arn(&self.topic_arn)
            .subject(&notice.email.subject)
            .message(notice.sns_message())
            .message_structure(envelope::STRUCTURE)
            .set_message_attributes(Some(attributes(notice, CALL)?))
            .send()
            .await
            .map(drop)
            .map_err(|error| port_error(CALL, &error))
    }

    async fn tell_chat(&self, notice: &RenderedNotification) -> Result<(), PortError> {
        const CALL: &str = "sns Publish to the chat";
        let Some(topic_arn) = &self.chat_topic_arn else { return Ok(()) };
        // Amazon Q Developer takes no text but the notification itself: no MessageStructure, and the subject is not shown.
        self.client()
            .await
            .publish()
            .topic_arn(topic_arn)
            .message(notice.chat())
            .set_message_attributes(Some(attributes(notice, CALL)?))
            .customize()
            .config_override(hurried())
            .send()
            .await
            .map(drop)
            .map_err(|error| port_error(CALL, &error))
    }
}

/// Names what the SDK does not know to pass by itself: too many calls of SNS, and of KMS where it encrypts the topic
/// (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>).
fn throttled() -> AwsErrorCodeClassifier<PublishError> {
    AwsErrorCodeClassifier::builder().transient_errors(&["Throttled", "KMSThrottling"][..]).build()
}

/// Less time than for a mail.
fn hurried() -> Builder {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(CHAT_ATTEMPT_TIMEOUT)
        .operation_timeout(CHAT_TIMEOUT);
    Builder::new()
        .retry_config(RetryConfig::standard().with_max_attempts(CHAT_ATTEMPTS))
        .timeout_config(timeouts.build())
}

fn attributes(
    notice: &RenderedNotification,
    call: &'static str,
) -> Result<HashMap<String, MessageAttributeValue>, PortError> {
    let named = |one: &Attribute| Ok((one.name.to_owned(), value(one)?));
    let attributes: Result<_, BuildError> = notice.attributes().iter().map(named).collect();
    attributes.map_err(|error| PortError { call, reason: error.to_string() })
}

fn value(attribute: &Attribute) -> Result<MessageAttributeValue, BuildError> {
    MessageAttributeValue::builder().data_type(attribute.data_type()).string_value(attribute.string_value()).build()
}
