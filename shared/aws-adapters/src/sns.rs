//! Mails through Amazon SNS.

use alerting::{
    mail::Mail,
    ports::{AlertSink, PortError},
};
use aws_sdk_sns::Client;
use tokio::sync::OnceCell;

use crate::client::{Shared, port_error};

/// Publishes each mail to one topic; the topic's subscriptions are its readers.
#[derive(Clone, Debug)]
pub struct SnsAlerts {
    shared: Shared,
    client: OnceCell<Client>,
    topic_arn: String,
}

impl SnsAlerts {
    /// An adapter that publishes to a topic.
    pub fn new(shared: Shared, topic_arn: impl Into<String>) -> Self {
        SnsAlerts { shared, client: OnceCell::new(), topic_arn: topic_arn.into() }
    }

    async fn client(&self) -> &Client {
        self.client.get_or_init(|| async { Client::new(self.shared.load().await) }).await
    }
}

impl AlertSink for SnsAlerts {
    async fn send(&self, mail: &Mail) -> Result<(), PortError> {
        self.client()
            .await
            .publish()
            .topic_arn(&self.topic_arn)
            .subject(&mail.subject)
            .message(&mail.body)
            .send()
            .await
            .map(drop)
            .map_err(|error| port_error("sns Publish", &error))
    }
}
