//! One signed call to EC2, built from the parts of the SDK's own clients: retries, timeouts, credentials, signing and HTTP client.
//! `aws-sdk-ec2` itself takes minutes to compile for each profile (docs/explanations.md).

use std::{fmt, time::Duration};

use alerting::{enrichment::MissingReason, text::one_line};
use aws_config::{SdkConfig, retry::RetryConfig};
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
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        auth::{AuthSchemeOptionResolverParams, static_resolver::StaticAuthSchemeOptionResolver},
        orchestrator::{HttpRequest, HttpResponse, OrchestratorError},
        result::SdkError,
        runtime_components::RuntimeComponentsBuilder,
        runtime_plugin::StaticRuntimePlugin,
    },
};
use aws_smithy_types::{
    body::SdkBody,
    config_bag::Layer,
    error::{ErrorMetadata, metadata::ProvideErrorMetadata},
    timeout::TimeoutConfig,
};
use aws_types::{SigningName, region::SigningRegion};

use super::{endpoint::endpoint, query::Query, xml};
use crate::client::{MAX_ATTEMPTS, causes};

/// Maximum pause before the first retry; doubles with each further retry. The SDK's default of 1 s would use up the time limit.
const INITIAL_BACKOFF: Duration = Duration::from_millis(200);
/// Maximum length of a reason that is not an EC2 error code, in characters.
const MAX_REASON_CHARS: usize = 80;

/// A sender of queries to EC2.
#[derive(Clone, Debug)]
pub(super) struct Sender(Operation<String, Vec<u8>, Ec2Error>);

impl Sender {
    /// Creates a sender from the SDK's configuration.
    ///
    /// # Errors
    /// The configuration lacks a part that every call needs.
    pub(super) fn new(config: &SdkConfig) -> Result<Sender, MissingReason> {
        let lacking = |what: &str| MissingReason::Failed(format!("the function has no {what}").into());
        let url = endpoint(config).ok_or_else(|| lacking("region"))?;
        let region = config.region().cloned().ok_or_else(|| lacking("region"))?;
        let http_client = config.http_client().ok_or_else(|| lacking("HTTP client"))?;
        let credentials = config.credentials_provider().ok_or_else(|| lacking("credentials"))?;

        let mut layer = Layer::new("EC2");
        layer.store_put(AuthSchemeOptionResolverParams::new(()));
        layer.store_put(SigV4OperationSigningConfig::default());
        layer.store_put(SigningName::from_static("ec2"));
        layer.store_put(SigningRegion::from(region));
        layer.store_put(ApiMetadata::new("ec2", env!("CARGO_PKG_VERSION")));
        let mut components = RuntimeComponentsBuilder::new("EC2")
            .with_auth_scheme(SigV4AuthScheme::new())
            .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])))
            .with_identity_resolver(SCHEME_ID, credentials)
            .with_retry_classifier(ServiceClockSkewClassifier::<Ec2Error>::new())
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
        let retries = retries.with_max_attempts(MAX_ATTEMPTS).with_initial_backoff(INITIAL_BACKOFF);
        let mut builder: OperationBuilder = Operation::builder()
            .service_name("EC2")
            .operation_name("Describe")
            .http_client(http_client)
            .endpoint_url(&url)
            .standard_retry(&retries)
            .timeout_config(config.timeout_config().cloned().unwrap_or_else(TimeoutConfig::disabled))
            .retry_classifier(TransientErrorClassifier::<Ec2Error>::new())
            .retry_classifier(AwsErrorCodeClassifier::<Ec2Error>::new())
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
        Ok(Sender(builder.serializer(request).deserializer(answer).build()))
    }

    /// Sends one query, or requests its next page. Returns the body of the response.
    ///
    /// # Errors
    /// The reason why there is no response.
    pub(super) async fn send(&self, query: &Query, next_token: Option<&str>) -> Result<Vec<u8>, MissingReason> {
        self.0.invoke(query.form(next_token)).await.map_err(|error| missing(query, &error))
    }
}

fn request(form: String) -> Result<HttpRequest, BoxError> {
    let mut request = HttpRequest::new(SdkBody::from(form));
    request.set_method("POST")?;
    request.set_uri("/")?;
    request.headers_mut().insert("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    Ok(request)
}

fn answer(response: &HttpResponse) -> Result<Vec<u8>, OrchestratorError<Ec2Error>> {
    let body = response.body().bytes().unwrap_or_default();
    if response.status().is_success() {
        return Ok(body.to_vec());
    }
    let (code, message) = xml::error(body).unwrap_or_else(|| (format!("HTTP {}", response.status()), String::new()));
    Err(OrchestratorError::operation(Ec2Error(ErrorMetadata::builder().code(code).message(message).build())))
}

fn missing(query: &Query, error: &SdkError<Ec2Error, HttpResponse>) -> MissingReason {
    // Error codes of a missing permission, of EC2 and of other services
    // (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>).
    const DENIED: [&str; 4] = ["UnauthorizedOperation", "AuthFailure", "AccessDenied", "AccessDeniedException"];
    let failed = |reason: &str| MissingReason::Failed(one_line(reason, MAX_REASON_CHARS).into());
    match error {
        SdkError::ServiceError(error) => match error.err().code() {
            Some(code) if DENIED.contains(&code) => {
                MissingReason::Denied(format!("ec2:{}", query.action.name()).into())
            }
            code => failed(code.unwrap_or("no code")),
        },
        SdkError::TimeoutError(_) => MissingReason::TooSlow,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => MissingReason::TooSlow,
        SdkError::DispatchFailure(failure) if failure.is_io() => failed("no connection"),
        _ => failed(&causes(error)),
    }
}

/// An error response of EC2.
#[derive(Debug)]
struct Ec2Error(ErrorMetadata);

impl fmt::Display for Ec2Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Ec2Error {}

impl ProvideErrorMetadata for Ec2Error {
    fn meta(&self) -> &ErrorMetadata {
        &self.0
    }
}
