//! A function with all services that it calls.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::cloudwatch::CloudWatch;
use super::ec2::Ec2;
use super::http::{Request, Response, answer, serve};
use super::process::{Output, Process};
use super::runtime_api::{Outcome, RuntimeApi};
use super::sns::{Sns, TOPIC};

/// Default time limit of an invocation. Debug builds on a busy machine are slow.
const DEADLINE: Duration = Duration::from_secs(60);

/// The function's environment before it starts.
pub(crate) struct Setup(BTreeMap<String, String>);

impl Setup {
    /// Returns the environment that `template.yaml` configures.
    pub(crate) fn aws() -> Self {
        let pairs = [
            ("PUBLISH_TO", "aws"),
            ("ALERT_TOPIC_ARN", TOPIC),
            ("METRIC_NAMESPACE", "Ping-Deny-Metrics"),
            ("METRIC_NAME", "Ping-Deny"),
            ("AWS_LAMBDA_FUNCTION_NAME", "flow-alerts"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/flow-alerts"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/23/[$LATEST]0123456789abcdef"),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
            ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
            ("AWS_REGION", "ap-northeast-1"),
            ("AWS_DEFAULT_REGION", "ap-northeast-1"),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            ("AWS_SESSION_TOKEN", "token"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("HOME", "/nonexistent"),
        ];
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }

    /// Returns the environment for local development.
    pub(crate) fn console() -> Self {
        Self::aws().set("PUBLISH_TO", "console").unset("ALERT_TOPIC_ARN")
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn unset(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    /// Starts a command with only a runtime API. Returns the time until it requested its first event.
    pub(crate) async fn time_to_first_event(self, command: &str) -> Duration {
        let runtime = RuntimeApi::start().await;
        let setup = self.set("AWS_LAMBDA_RUNTIME_API", &runtime.address.to_string());
        let start = Instant::now();
        let process = Process::of(command, &setup.0);
        timeout(DEADLINE, runtime.polled(1)).await.expect("the function requests an event");
        let took = start.elapsed();
        process.stop().await;
        took
    }

    /// Starts the services, then the function.
    pub(crate) async fn start(mut self) -> World {
        let (runtime, sns, cloudwatch) = (RuntimeApi::start().await, Sns::start().await, CloudWatch::start().await);
        let ec2 = Ec2::start().await;
        let strays = Arc::new(Mutex::default());
        let elsewhere = serve(Arc::clone(&strays), note_stray).await;
        self = self
            .set("AWS_LAMBDA_RUNTIME_API", &runtime.address.to_string())
            .set("AWS_ENDPOINT_URL_SNS", &format!("http://{}", sns.address))
            .set("AWS_ENDPOINT_URL_CLOUDWATCH", &format!("http://{}", cloudwatch.address))
            .set("AWS_ENDPOINT_URL_EC2", &format!("http://{}", ec2.address))
            .set("AWS_ENDPOINT_URL", &format!("http://{elsewhere}"));
        World { process: Process::start(&self.0), runtime, sns, cloudwatch, ec2, strays }
    }
}

/// A running function and its services.
pub(crate) struct World {
    pub(crate) sns: Sns,
    pub(crate) cloudwatch: CloudWatch,
    pub(crate) ec2: Ec2,
    runtime: RuntimeApi,
    process: Process,
    strays: Arc<Mutex<Vec<String>>>,
}

impl World {
    /// Starts the function as `template.yaml` configures it.
    pub(crate) async fn start() -> Self {
        Setup::aws().start().await
    }

    /// Sends an event and returns the outcome.
    pub(crate) async fn send(&mut self, event: &str) -> Outcome {
        self.send_within(event, DEADLINE).await.0
    }

    /// Sends an event with a deadline. Returns the outcome and the time that the function took.
    ///
    /// Lambda would kill the process at the deadline; here the test fails.
    pub(crate) async fn send_within(&mut self, event: &str, deadline: Duration) -> (Outcome, Duration) {
        let start = Instant::now();
        let outcome = self.runtime.invoke(event, deadline);
        tokio::select! {
            outcome = outcome => (outcome.expect("the API returns an outcome"), start.elapsed()),
            status = self.process.ended() => panic!("the function ended with {status} instead of responding"),
            () = tokio::time::sleep(deadline) => panic!("no response before the deadline, {deadline:?} after the event"),
        }
    }

    /// Returns the number of calls to any AWS service, accepted or not.
    pub(crate) fn calls(&self) -> usize {
        let known = self.sns.attempts().len() + self.cloudwatch.attempts().len() + self.ec2.attempts().len();
        known + self.strays().len()
    }

    /// Returns the calls to services that the function should not call.
    pub(crate) fn strays(&self) -> Vec<String> {
        self.strays.lock().expect("no poisoned lock").clone()
    }

    /// Returns the peak resident memory of the function in bytes.
    pub(crate) fn peak_memory_bytes(&self) -> u64 {
        self.process.peak_memory_bytes()
    }

    /// Waits for a function that cannot start. Returns its output and its report to `/init/error`.
    pub(crate) async fn failed_start(mut self) -> (Output, Option<String>) {
        tokio::select! {
            ended = timeout(DEADLINE, self.process.ended()) => drop(ended.expect("the function ends or requests an event")),
            () = self.runtime.polled(1) => panic!("the function started although its configuration is invalid"),
        };
        let output = self.process.stop().await;
        (output, self.runtime.init_error())
    }

    /// Stops the function once it is idle, and returns its output.
    pub(crate) async fn stop(self) -> Output {
        let idle = self.runtime.polled(self.runtime.sent() + 1);
        timeout(DEADLINE, idle).await.expect("the function requests another event");
        self.process.stop().await
    }
}

async fn note_stray(strays: Arc<Mutex<Vec<String>>>, request: Request) -> Response {
    let line = format!("{} {} {}", request.method, request.path, request.header("x-amz-target"));
    strays.lock().expect("no poisoned lock").push(line);
    answer(400, &[], "")
}
