//! The binaries under test, built once per run.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The function, built if it has to be.
pub(crate) fn function() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| built(&["--bins", "--tests", "--package", "flow-alerts"], "flow-alerts"))
}

/// The example that looks things up in EC2, built if it has to be.
pub(crate) fn look_up_example() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        built(&["--tests", "--examples", "--package", "flow-alerts", "--package", "aws-adapters"], "look-up")
    })
}

/// Has cargo build something and says where the named executable is.
///
/// This package is named in the command although nothing of it is needed: cargo unites the features of what it builds
/// together, and without it the AWS SDK would be compiled a second time with other ones than `cargo test` just used.
fn built(what: &[&str], name: &str) -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "integration-tests"])
        .args(what)
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{name} does not build");
    let messages = String::from_utf8(output.stdout).expect("cargo writes JSON");
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == name && message["profile"]["test"] == false)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("cargo names the binary it built")
}
