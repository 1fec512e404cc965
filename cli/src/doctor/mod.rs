//! `vpc-flow-alerts doctor`.

mod check;
mod expected;
mod facts;
mod read;
mod report;
mod send_test;

use std::{
    io::{self, BufWriter, Write},
    process::ExitCode,
};

use report::Report;
use send_test::TestResult;

use crate::aws::{Session, Stack, StackArgs, block_on};

/// Exit code if a check or the test failed.
const FAILURES: u8 = 2;

const EXAMPLES: &str = "\
Examples:
  vpc-flow-alerts doctor --stack ping-deny
  vpc-flow-alerts doctor --stack ping-deny --send-test
  vpc-flow-alerts doctor --stack ping-deny --json | jq '.checks[] | select(.status != \"ok\")'

A check that a missing permission prevents is \"not checked\", with the permission. docs/operations.md has the list of permissions, and
what to do about each failure.

Exit codes:
  0  no failure; there may be warnings, and checks that could not be made
  1  the command could not run, for example because there is no such stack
  2  a check failed, or the test email was not sent";

/// Checks whether a deployment can do its job.
///
/// Prints a line for each check, with what to do below it: the flow log and its format, the way from the log group to the function, both
/// functions, queues of what failed, who gets the emails, and the alarms. It changes nothing. --send-test also writes a test record and
/// waits for its email.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    stack: StackArgs,

    /// Send a test email through the whole path, to all subscribers
    #[arg(long)]
    send_test: bool,

    /// Do not ask before the test is sent
    #[arg(long, requires = "send_test")]
    yes: bool,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// One line with what to do.
pub(crate) fn run(args: &Args) -> Result<ExitCode, String> {
    block_on(doctor(args))
}

async fn doctor(args: &Args) -> Result<ExitCode, String> {
    let session = Session::new(&args.stack.aws).await?;
    let stack = Stack::describe(&session, &args.stack.stack).await?;
    let now = crate::clock::now();
    let facts = read::facts(&session, stack, now).await?;
    let checks = check::all(&facts, now);
    let mut report = Report::of(&facts.stack.name, &facts.region, &checks);
    // What is wrong with the deployment is worth knowing before a test is sent.
    if !args.json {
        print(|out| report.text(out))?;
    }
    let test = match args.send_test {
        true => Some(send_test::run(&session, &facts.stack, args.yes).await?),
        false => None,
    };
    report.test = test.as_ref();
    match (args.json, &test) {
        (true, _) => print(|out| report.json(out))?,
        (false, Some(test)) => print(|out| print_test(test, out))?,
        (false, None) => {}
    }
    Ok(if report.is_failure() { ExitCode::from(FAILURES) } else { ExitCode::SUCCESS })
}

fn print_test(test: &TestResult, out: &mut impl Write) -> io::Result<()> {
    let label = if test.sent { "ok" } else { "FAILURE" };
    let incident = test.incident.as_ref().map(|id| format!(" (#{id})")).unwrap_or_default();
    writeln!(out, "\n{label}: test{incident}: {}", test.what)
}

/// Writes to standard output.
fn print(write: impl FnOnce(&mut BufWriter<io::StdoutLock<'static>>) -> io::Result<()>) -> Result<(), String> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        // Whoever reads it has seen enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("standard output: {error}")),
        _ => Ok(()),
    }
}
