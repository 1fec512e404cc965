//! What all AWS clients here share: timeouts, retries, and error texts.

use std::{error::Error, sync::Arc, time::Duration};

use alerting::{ports::PortError, text::one_line};
use aws_config::{
    BehaviorVersion, ConfigLoader, Region, SdkConfig, meta::region::ProvideRegion, profile::ProfileFileRegionProvider,
    retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use tokio::sync::OnceCell;

/// Timeout for opening a connection. The SDK's default is 3.1 s.
pub const CONNECT_TIMEOUT: Duration = Duration::from_millis(1_000);
/// Timeout for one attempt. The SDK has no default: a service that accepts a connection and never responds would hang the function.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(3_000);
/// Timeout for a call with all its attempts. Below the function's timeout of 30 s.
pub const OPERATION_TIMEOUT: Duration = Duration::from_millis(12_000);
/// Maximum attempts of one call. Three retries cover a second or two of throttling.
pub const MAX_ATTEMPTS: u32 = 4;

/// Maximum length of an error's reason, in characters.
const MAX_REASON_CHARS: usize = 400;

/// The configuration that all clients share, loaded when the first client is needed.
///
/// Most batches have no findings and make no call, so neither they nor the function's start-up should pay for the clients.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    config: Arc<OnceCell<SdkConfig>>,
    /// Profile and region, where they are not those of the environment.
    chosen: Option<(Option<String>, String)>,
}

impl Shared {
    /// Wraps an existing configuration.
    #[cfg(test)]
    pub(crate) fn of(config: SdkConfig) -> Shared {
        Shared { config: Arc::new(OnceCell::new_with(Some(config))), chosen: None }
    }

    /// The configuration of a profile, or of the environment's, in a region.
    pub fn with(profile: Option<String>, region: String) -> Shared {
        Shared { config: Arc::default(), chosen: Some((profile, region)) }
    }

    /// Returns the SDK's default configuration with the limits of [`limited`].
    pub(crate) async fn load(&self) -> &SdkConfig {
        let load = || {
            let mut loader = aws_config::defaults(BehaviorVersion::latest());
            if let Some((profile, region)) = self.chosen.clone() {
                loader = loader.region(Region::new(region));
                loader = profile.into_iter().fold(loader, ConfigLoader::profile_name);
            }
            limited(loader).load()
        };
        self.config.get_or_init(load).await
    }
}

/// Returns the region as the AWS CLI finds it: `AWS_REGION`, `AWS_DEFAULT_REGION`, or that of the profile. An empty variable is none. The
/// machine's own region is not asked for: a person means none of these.
/// <https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html>
#[expect(clippy::disallowed_methods, reason = "the AWS CLI's variables; the functions do not call this")]
pub async fn region(profile: Option<&str>) -> Option<String> {
    let named = |name: &str| std::env::var(name).ok().filter(|region| !region.is_empty());
    if let Some(region) = named("AWS_REGION").or_else(|| named("AWS_DEFAULT_REGION")) {
        return Some(region);
    }
    let provider = profile
        .into_iter()
        .fold(ProfileFileRegionProvider::builder(), |builder, profile| builder.profile_name(profile));
    provider.build().region().await.map(|region| region.to_string())
}

/// Sets the HTTP client, timeouts and retries of all clients.
///
/// Standard retries, because adaptive ones never retry at a function's call rate (docs/decisions.md).
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

/// Describes an SDK error on one line: the service's error code and message, or the chain of causes if there was no response.
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

/// Returns the chain of causes, outermost first.
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
