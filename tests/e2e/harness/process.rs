//! The function as a child process, with its own environment variables.

use std::collections::BTreeMap;
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

/// The function of the package that these tests belong to.
const BINARY: Option<&str> = match option_env!("CARGO_BIN_EXE_flow-alerts") {
    Some(path) => Some(path),
    None => option_env!("CARGO_BIN_EXE_incident-timer"),
};

/// The complete output of a process.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<String>,
    pub(crate) stderr: Vec<String>,
}

impl Output {
    /// Returns the lines of both streams.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        self.stdout.iter().chain(&self.stderr).map(String::as_str)
    }
}

/// A running function. It is killed when this value is dropped.
pub(crate) struct Process {
    child: Child,
    stdout: JoinHandle<Vec<String>>,
    stderr: JoinHandle<Vec<String>>,
}

impl Process {
    /// Starts the function.
    pub(crate) fn start(environment: &BTreeMap<String, String>) -> Self {
        Self::of(
            &variable("FUNCTION").unwrap_or_else(|| BINARY.expect("cargo builds the function").to_owned()),
            environment,
        )
    }

    /// Starts a command whose arguments are separated by spaces.
    pub(crate) fn of(command: &str, environment: &BTreeMap<String, String>) -> Self {
        let mut words = command.split(' ');
        let mut child = Command::new(words.next().expect("a command has a first word"))
            .args(words)
            .env_clear()
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the function starts");
        let stdout = collect(child.stdout.take().expect("stdout is piped"));
        let stderr = collect(child.stderr.take().expect("stderr is piped"));
        Self { child, stdout, stderr }
    }

    /// Waits for the process to end by itself.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        self.child.wait().await.expect("a child can be waited for")
    }

    /// Returns the peak resident memory of the process in bytes (Linux only).
    pub(crate) fn peak_memory_bytes(&self) -> u64 {
        let id = self.child.id().expect("the process runs");
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("procfs has the process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the status has VmHWM");
        line.trim().trim_end_matches(" kB").trim().parse::<u64>().expect("a number of kB") * 1024
    }

    /// Kills the process and reads the rest of its output.
    pub(crate) async fn stop(mut self) -> Output {
        // An error means that the process has already ended.
        let _ = self.child.start_kill();
        let status = self.ended().await;
        Output {
            status,
            stdout: self.stdout.await.expect("reading ends"),
            stderr: self.stderr.await.expect("reading ends"),
        }
    }
}

/// Returns an environment variable of the tests. `FUNCTION` is the command to run instead of the binary that cargo built: one for
/// another processor (`make arm64-check`), or a release build (`make numbers`).
#[expect(clippy::disallowed_methods, reason = "the Makefile says which binary is tested")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn collect(stream: impl AsyncRead + Unpin + Send + 'static) -> JoinHandle<Vec<String>> {
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).split(b'\n');
        let mut all = Vec::new();
        while let Ok(Some(line)) = lines.next_segment().await {
            all.push(String::from_utf8_lossy(&line).into_owned());
        }
        all
    })
}
