//! Timers as delayed messages in Amazon SQS.

use alerting::{
    incident::state::TimerMessage,
    ports::{PortError, Timers},
};
use aws_sdk_sqs::Client;
use tokio::sync::OnceCell;

use crate::client::{Shared, port_error};

/// A scheduler of timer messages in one queue, which invokes the incident timer.
#[derive(Clone, Debug)]
pub struct SqsTimers {
    shared: Shared,
    client: OnceCell<Client>,
    queue_url: String,
}

impl SqsTimers {
    /// Creates an adapter for a standard queue.
    pub fn new(shared: Shared, queue_url: impl Into<String>) -> Self {
        SqsTimers { shared, client: OnceCell::new(), queue_url: queue_url.into() }
    }

    async fn client(&self) -> &Client {
        self.client.get_or_init(|| async { Client::new(self.shared.load().await) }).await
    }
}

impl Timers for SqsTimers {
    async fn schedule(&self, message: &TimerMessage, delay_millis: u64) -> Result<(), PortError> {
        const CALL: &str = "sqs SendMessage";
        /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
        const MAX_DELAY_SECONDS: u64 = 900;
        let body =
            serde_json::to_string(message).map_err(|error| PortError { call: CALL, reason: error.to_string() })?;
        let seconds = delay_millis.div_ceil(1_000).min(MAX_DELAY_SECONDS);
        self.client()
            .await
            .send_message()
            .queue_url(&self.queue_url)
            .message_body(body)
            .delay_seconds(i32::try_from(seconds).unwrap_or_default())
            .send()
            .await
            .map(drop)
            .map_err(|error| port_error(CALL, &error))
    }
}
