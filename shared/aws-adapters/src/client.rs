//! What all AWS clients here share: time-outs, retries, and how an error is told.

use std::{error::Error, sync::Arc, time::Duration};

use alerting::{ports::PortError, text::one_line};
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use tokio::sync::OnceCell;

/// To open a connection. The SDK's own default is 3.1 s.
pub const CONNECT_TIMEOUT: Duration = Duration::from_millis(1_000);
/// For one attempt. The SDK has no default: a service that accepts a connection and never answers would hang the function.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(3_000);
/// For a call with all its attempts, below the function's time-out of 30 s.
pub const OPERATION_TIMEOUT: Duration = Duration::from_millis(12_000);
/// Attempts of one call. Three more than the first ride out a second or two of throttling.
pub const MAX_ATTEMPTS: u32 = 4;

/// Characters of an error's reason.
const MAX_REASON_CHARS: usize = 400;

/// The configuration that all clients share, loaded when the first of them is needed.
///
/// Most batches have no finding and call nothing: they and the start of the function pay nothing for the clients either.
#[derive(Clone, Debug, Default)]
pub struct Shared(Arc<OnceCell<SdkConfig>>);

impl Shared {
    /// A configuration that is there already.
    #[cfg(test)]
    pub(crate) fn of(config: SdkConfig) -> Shared {
        Shared(Arc::new(OnceCell::new_with(Some(config))))
    }

    /// Region, credentials and endpoints from where the SDK looks for them, with the limits of [`limited`].
    pub(crate) async fn load(&self) -> &SdkConfig {
        self.0.get_or_init(|| limited(aws_config::defaults(BehaviorVersion::latest())).load()).await
    }
}

/// The HTTP client, the time-outs and the retries of all clients.
///
/// Standard retries, not adaptive ones: those never retry at a function's rate of calls (docs/decisions.md).
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>
pub(crate) fn limited(loader: ConfigLoader) -> ConfigLoader {
    let tls = Provider::Rustls(CryptoMode::Ring);
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT);
    loader
        .http_client(aws_smithy_http_client::Builder::new().tls_provider(tls).build_https())
        .retry_config(RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS))
        .timeout_config(timeouts.build())
}

/// Tells an SDK error on one line: the service's code and message where it answered, the chain of causes where it did not.
pub(crate) fn port_error<E, R>(call: &'static str, error: &SdkError<E, R>) -> PortError
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug + 'static,
{
    let reason = match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        (None, _) => causes(error),
    };
    PortError { call, reason: one_line(&reason, MAX_REASON_CHARS).into_owned() }
}

/// The chain of causes, the outermost first.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        reason.push_str(": ");
        reason.push_str(&error.to_string());
        cause = error.source();
    }
    reason
}
