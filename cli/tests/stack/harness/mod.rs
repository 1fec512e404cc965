//! The binary, and a fake AWS.

mod aws;
mod clock;
mod cloudformation;
mod queue;
mod table;

use std::{
    fs,
    process::{Child, Command, Output, Stdio},
};

pub(crate) use aws::{Answer, Aws, Call};
pub(crate) use clock::now;
pub(crate) use cloudformation::{describe_stacks, stack};
pub(crate) use queue::Queues;
pub(crate) use table::Table;
use tempfile::TempDir;

/// What the binary printed.
#[derive(Debug)]
pub(crate) struct Printed {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The binary with the environment of a person who has credentials, and nothing else.
pub(crate) struct Tool {
    home: TempDir,
    environment: Vec<(&'static str, String)>,
}

impl Tool {
    /// Calls this AWS, in us-east-1.
    pub(crate) fn new(aws: &Aws) -> Tool {
        let home = tempfile::tempdir().unwrap();
        let environment = vec![
            ("AWS_ENDPOINT_URL", aws.url()),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("USER", "alice".to_owned()),
        ];
        Tool { home, environment }
    }

    /// Sets or removes a variable.
    pub(crate) fn with(mut self, name: &'static str, value: Option<&str>) -> Tool {
        self.environment.retain(|(known, _)| *known != name);
        self.environment.extend(value.map(|value| (name, value.to_owned())));
        self
    }

    /// Writes `~/.aws/config`.
    pub(crate) fn with_config(self, config: &str) -> Tool {
        let folder = self.home.path().join(".aws");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config"), config).unwrap();
        self
    }

    /// Runs a command.
    pub(crate) fn run(&self, args: &[&str]) -> Printed {
        self.wait(self.start(args))
    }

    /// Starts a command.
    pub(crate) fn start(&self, args: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vpc-flow-alerts"));
        command.args(args).env_clear().env("HOME", self.home.path()).current_dir(self.home.path());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Waits for the end of a command.
    pub(crate) fn wait(&self, child: Child) -> Printed {
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Printed { code: status.code().unwrap(), out: text(stdout), err: text(stderr) }
    }
}

impl Printed {
    /// What a command printed that succeeded.
    #[track_caller]
    pub(crate) fn success(&self) -> &str {
        assert_eq!(self.code, 0, "{self:?}");
        &self.out
    }

    /// The message of a failure, which is one line, the last one.
    #[track_caller]
    pub(crate) fn failure(&self) -> &str {
        assert_eq!(self.code, 1, "{self:?}");
        let last = self.err.strip_suffix('\n').unwrap().lines().last().unwrap();
        last.strip_prefix("vpc-flow-alerts: ").unwrap_or_else(|| panic!("{self:?}"))
    }
}
