//! The function's binary, built once per run.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Builds the function if it has to be built and says where it is.
///
/// This package is named in the command although nothing of it is needed: cargo unites the features of what it builds
/// together, and without it the AWS SDK would be compiled a second time with other ones than `cargo test` just used.
pub(crate) fn function() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let output = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--bins",
                "--tests",
                "--package",
                "flow-alerts",
                "--package",
                "integration-tests",
            ])
            .args(["--message-format", "json-render-diagnostics"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stderr(Stdio::inherit())
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "the function does not build");
        let messages = String::from_utf8(output.stdout).expect("cargo writes JSON");
        messages
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|message| message["target"]["name"] == "flow-alerts" && message["profile"]["test"] == false)
            .find_map(|message| message["executable"].as_str().map(PathBuf::from))
            .expect("cargo names the binary it built")
    })
}
