//! A fake EC2 in memory, behind the SDK's HTTP client. Time is tokio's, which the tests pause and measure.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use alerting::time::EpochMillis;
use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;

use super::super::Ec2Network;
use crate::client::{ATTEMPT_TIMEOUT, MAX_ATTEMPTS, OPERATION_TIMEOUT, Shared};

/// A received request.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) url: String,
    pub(super) authorization: String,
    pub(super) security_token: String,
    pub(super) form: BTreeMap<String, String>,
}

impl Call {
    pub(super) fn action(&self) -> &str {
        &self.form["Action"]
    }

    /// Returns the values of a filter.
    pub(super) fn filter(&self, name: &str) -> Vec<&str> {
        let number = (1..9).find(|n| self.form.get(&format!("Filter.{n}.Name")).is_some_and(|found| found == name));
        let number = number.unwrap_or_else(|| panic!("no filter {name} in {:?}", self.form));
        (1..).map_while(|m| self.form.get(&format!("Filter.{number}.Value.{m}"))).map(String::as_str).collect()
    }
}

/// The response to a call.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Xml(String),
    /// An error with an HTTP status and a code.
    Error(u16, &'static str),
    Hang,
}

type Answers = dyn Fn(&Call) -> Answer + Send + Sync;

/// The service: its responses, its latency, and the calls it received.
#[derive(Clone)]
pub(super) struct Ec2 {
    answers: Arc<Answers>,
    delay: Duration,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl std::fmt::Debug for Ec2 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ec2")
    }
}

impl Ec2 {
    pub(super) fn new(answers: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Ec2 {
        Ec2 { answers: Arc::new(answers), delay: Duration::from_millis(100), calls: Arc::default() }
    }

    /// Returns an adapter that calls this service, with the given clock.
    pub(super) fn network(&self, clock: fn() -> EpochMillis) -> Ec2Network {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT);
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("ap-northeast-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "AKIAIOSFODNN7EXAMPLE",
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                Some("the-session-token".to_owned()),
                None,
                "test",
            )))
            .http_client(self.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS))
            .timeout_config(timeouts.operation_timeout(OPERATION_TIMEOUT).build())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .build();
        let keys = vec!["owner".to_owned(), "team".to_owned()];
        Ec2Network::new(Shared::of(config), keys, clock)
    }

    /// Takes the calls received since the last time they were taken.
    pub(super) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    /// Takes these calls and returns their actions, sorted.
    pub(super) fn actions(&self) -> Vec<String> {
        let mut actions: Vec<String> = self.calls().iter().map(|call| call.action().to_owned()).collect();
        actions.sort();
        actions
    }
}

impl HttpClient for Ec2 {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Ec2 {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let header = |name: &str| request.headers().get(name).unwrap_or_default().to_owned();
        let call = Call {
            url: format!("{} {}", request.method(), request.uri()),
            authorization: header("authorization"),
            security_token: header("x-amz-security-token"),
            form: form_urlencoded::parse(request.body().bytes().unwrap()).into_owned().collect(),
        };
        let answer = (self.answers)(&call);
        self.calls.lock().unwrap().push(call);
        let delay = self.delay;
        HttpConnectorFuture::new(async move {
            tokio::time::sleep(delay).await;
            let (status, body) = match answer {
                Answer::Xml(xml) => (200, xml),
                Answer::Hang => std::future::pending().await,
                Answer::Error(status, code) => {
                    let error = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
                    (status, format!("<Response><Errors>{error}</Errors><RequestID>1</RequestID></Response>"))
                }
            };
            Ok(HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body)))
        })
    }
}
