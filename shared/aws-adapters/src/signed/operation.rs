//! One call with all that the SDK's clients do around it.

use std::time::Duration;

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_runtime::{
    auth::{
        SigV4OperationSigningConfig,
        sigv4::{SCHEME_ID, SigV4AuthScheme},
    },
    invocation_id::InvocationIdInterceptor,
    recursion_detection::RecursionDetectionInterceptor,
    request_info::RequestInfoInterceptor,
    retries::classifiers::AwsErrorCodeClassifier,
    service_clock_skew::{ServiceClockSkewClassifier, ServiceClockSkewInterceptor},
    user_agent::{ApiMetadata, UserAgentInterceptor},
};
use aws_smithy_runtime::client::{
    orchestrator::operation::{Operation, OperationBuilder},
    retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier},
};
use aws_smithy_runtime_api::client::{
    auth::{AuthSchemeOptionResolverParams, static_resolver::StaticAuthSchemeOptionResolver},
    runtime_components::RuntimeComponentsBuilder,
    runtime_plugin::StaticRuntimePlugin,
};
use aws_smithy_types::config_bag::Layer;
use aws_types::SigningName;

use super::{
    endpoint::{self, endpoint},
    error::{self, Failure, ServiceError},
    limits::Limits,
    request::Request,
    service::Service,
};

/// Maximum pause before the first retry; doubles with each further retry. The SDK's default of 1 s would use up the time limit of an
/// enrichment.
const INITIAL_BACKOFF: Duration = Duration::from_millis(200);

/// Sends requests to one service.
pub(super) type Sending = Operation<Request, Vec<u8>, ServiceError>;

/// Builds the operation that sends requests to a service.
///
/// # Errors
/// The configuration lacks a part that every call needs.
pub(super) fn build(config: &SdkConfig, service: Service, limits: Limits) -> Result<Sending, Failure> {
    let lacking = |what: &str| Failure::NotSent(format!("there is no {what}"));
    let url = endpoint(config, service).ok_or_else(|| lacking("region"))?;
    let region = endpoint::signing_region(config, service).ok_or_else(|| lacking("region"))?;
    let http_client = config.http_client().ok_or_else(|| lacking("HTTP client"))?;
    let credentials = config.credentials_provider().ok_or_else(|| lacking("source of credentials"))?;

    let mut layer = Layer::new(service.id);
    layer.store_put(AuthSchemeOptionResolverParams::new(()));
    layer.store_put(SigV4OperationSigningConfig::default());
    layer.store_put(SigningName::from_static(service.signing_name));
    layer.store_put(region);
    layer.store_put(ApiMetadata::new(service.host, env!("CARGO_PKG_VERSION")));
    let mut components = RuntimeComponentsBuilder::new(service.id)
        .with_auth_scheme(SigV4AuthScheme::new())
        .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])))
        .with_identity_resolver(SCHEME_ID, credentials)
        .with_retry_classifier(ServiceClockSkewClassifier::<ServiceError>::new())
        .with_interceptor(ServiceClockSkewInterceptor::new())
        .with_interceptor(RequestInfoInterceptor::new())
        .with_interceptor(UserAgentInterceptor::new())
        .with_interceptor(InvocationIdInterceptor::new())
        .with_interceptor(RecursionDetectionInterceptor::new());
    if let Some(cache) = config.identity_cache() {
        components.set_identity_cache(Some(cache));
    }
    let plugin = StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components);

    let retries = config.retry_config().cloned().unwrap_or_else(RetryConfig::standard);
    let retries = retries.with_max_attempts(limits.max_attempts).with_initial_backoff(INITIAL_BACKOFF);
    let mut builder: OperationBuilder = Operation::builder()
        .service_name(service.id)
        .operation_name("Call")
        .http_client(http_client)
        .endpoint_url(&url)
        .standard_retry(&retries)
        .timeout_config(timeouts(config, limits))
        .retry_classifier(TransientErrorClassifier::<ServiceError>::new())
        .retry_classifier(AwsErrorCodeClassifier::<ServiceError>::new())
        .retry_classifier(HttpStatusCodeClassifier::default())
        .with_connection_poisoning()
        .runtime_plugin(plugin);
    if let Some(version) = config.behavior_version() {
        builder = builder.behavior_version(version);
    }
    if let Some(sleep) = config.sleep_impl() {
        builder = builder.sleep_impl(sleep);
    }
    if let Some(time) = config.time_source() {
        builder = builder.time_source(time);
    }
    Ok(builder.serializer(Request::into_http).deserializer(error::body).build())
}

/// The configured timeout for connections, and the limits.
fn timeouts(config: &SdkConfig, limits: Limits) -> TimeoutConfig {
    let mut timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(limits.attempt_timeout)
        .operation_timeout(limits.operation_timeout);
    timeouts.set_connect_timeout(config.timeout_config().and_then(TimeoutConfig::connect_timeout));
    timeouts.build()
}
