//! Account, region and credentials, as the AWS CLI finds them.

use alerting::text::one_line;
use aws_adapters::{
    client::{self, Shared},
    signed::{Caller, Failure, Request, Service},
};
use serde::Deserialize;

use super::xml;

/// Maximum length of an error, in characters.
const MAX_ERROR_CHARS: usize = 400;

/// Which account and region.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct AwsArgs {
    /// The region; otherwise that of AWS_REGION, AWS_DEFAULT_REGION or the profile
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// The profile in ~/.aws/config; otherwise that of AWS_PROFILE
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

/// What calls are made with.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) shared: Shared,
    pub(crate) region: String,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The account.
    pub(crate) account: String,
    /// The end of the ARN: the name of a user, or of the session of a role.
    pub(crate) name: String,
}

impl Session {
    /// Finds the region. Credentials are not looked for before the first call.
    ///
    /// # Errors
    /// There is no region. One line.
    pub(crate) async fn new(args: &AwsArgs) -> Result<Session, String> {
        let region = match &args.region {
            Some(region) => Some(region.clone()),
            None => client::region(args.profile.as_deref()).await,
        };
        let region = region.ok_or("no region: pass --region, set AWS_REGION, or set one for your profile")?;
        Ok(Session { shared: Shared::with(args.profile.clone(), region.clone()), region })
    }

    /// Returns who calls.
    ///
    /// # Errors
    /// The call failed. One line.
    pub(crate) async fn identity(&self) -> Result<Identity, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            get_caller_identity_result: Who,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Who {
            account: String,
            arn: String,
        }
        let request = Request::query("GetCallerIdentity", "2011-06-15", []);
        let answer =
            self.caller(Service::STS).call(request).await.map_err(|error| failed("sts:GetCallerIdentity", &error))?;
        let Answer { get_caller_identity_result: Who { account, arn } } = xml::read("sts:GetCallerIdentity", &answer)?;
        let name = arn.rsplit(['/', ':']).next().unwrap_or(&arn).to_owned();
        Ok(Identity { account, name })
    }

    /// Prints to standard error where a command works, before it reads or changes anything: account, region, and of these what. Returns
    /// who calls, where that is known.
    pub(crate) async fn announce(&self, what: &str) -> Option<Identity> {
        let (account, caller) = match self.identity().await {
            Ok(caller) => (caller.account.clone(), Some(caller)),
            Err(error) => (format!("unknown ({error})"), None),
        };
        eprintln!("In account {account}, region {}, {what}:", self.region);
        caller
    }

    /// Returns a caller of a service.
    pub(crate) fn caller(&self, service: Service) -> Caller {
        Caller::new(self.shared.clone(), service)
    }
}

/// Describes a failed call on one line, with what to do where that is known.
pub(crate) fn failed(call: &str, failure: &Failure) -> String {
    let help = match failure {
        Failure::Refused { code, .. } if code.starts_with("ExpiredToken") => {
            "; your credentials have expired: log in again"
        }
        Failure::NoCredentials => "; log in, set AWS_PROFILE, or pass --profile, as for the AWS CLI",
        _ => "",
    };
    format!("{call}: {}{help}", one_line(&failure.to_string(), MAX_ERROR_CHARS))
}

/// Runs a command that makes calls.
///
/// # Errors
/// Those of the command, and that of the runtime. One line.
pub(crate) fn block_on<T>(command: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| format!("cannot start: {error}"))?.block_on(command)
}
