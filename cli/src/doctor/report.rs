//! The checks as text, or as JSON.

use std::io::{self, Write};

use alerting::text::one_line;
use serde::Serialize;

use super::{
    check::{Check, Status},
    send_test::TestResult,
};

/// Characters of what a check saw, or of what to do.
const MAX_TEXT_CHARS: usize = 600;

/// Everything that the command found.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'r> {
    pub(crate) stack: &'r str,
    pub(crate) region: &'r str,
    pub(crate) failures: usize,
    pub(crate) warnings: usize,
    /// Checks that could not be made.
    pub(crate) unknown: usize,
    pub(crate) checks: &'r [Check],
    /// The test email, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) test: Option<&'r TestResult>,
}

impl<'r> Report<'r> {
    pub(crate) fn of(stack: &'r str, region: &'r str, checks: &'r [Check]) -> Report<'r> {
        let number = |status: Status| checks.iter().filter(|check| check.status == status).count();
        let (failures, warnings) = (number(Status::Failure), number(Status::Warning));
        Report { stack, region, failures, warnings, unknown: number(Status::Unknown), checks, test: None }
    }

    /// Tells whether the deployment failed a check or the test.
    pub(crate) fn is_failure(&self) -> bool {
        self.failures > 0 || self.test.is_some_and(|test| !test.sent)
    }

    /// Prints it as JSON.
    pub(crate) fn json(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }

    /// Prints the checks as text: a line each, and an indented one with what to do.
    pub(crate) fn text(&self, out: &mut impl Write) -> io::Result<()> {
        let width = self.checks.iter().map(|check| check.name.len()).max().unwrap_or_default();
        for Check { name, status, what, action } in self.checks {
            writeln!(out, "{:<11}  {name:<width$}  {}", label(*status), one_line(what, MAX_TEXT_CHARS))?;
            if let Some(action) = action {
                writeln!(out, "{:<11}    {}", "", one_line(action, MAX_TEXT_CHARS))?;
            }
        }
        writeln!(out, "\n{}", self.summary())
    }

    fn summary(&self) -> String {
        let counted = |number: usize, one: &str, many: &str| match number {
            0 => None,
            1 => Some(format!("1 {one}")),
            number => Some(format!("{number} {many}")),
        };
        let parts = [
            counted(self.failures, "failure", "failures"),
            counted(self.warnings, "warning", "warnings"),
            counted(self.unknown, "check not made", "checks not made"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        match parts.is_empty() {
            true => format!("{} in {}: all is well.", self.stack, self.region),
            false => format!("{} in {}: {}.", self.stack, self.region, parts.join(", ")),
        }
    }
}

fn label(status: Status) -> &'static str {
    match status {
        Status::Ok => "ok",
        Status::Warning => "warning",
        Status::Failure => "FAILURE",
        Status::Unknown => "not checked",
    }
}
