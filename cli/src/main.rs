//! `vpc-flow-alerts`: the core of the functions on the command line.

mod aws;
mod backtest;
mod clock;
mod columns;
mod completions;
mod doctor;
mod explain;
mod incidents;
mod output;
mod records;
mod replay;
mod silence;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// Exit code of a command that failed.
const FAILED: u8 = 1;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  an argument is wrong, or something failed: one line on standard error says what
The --help of a command has its other ones, and examples. All commands on one page, with their permissions: docs/command-line.md";

/// Looks at VPC flow logs as the deployed functions do, and at a deployed stack.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Backtest(backtest::Args),
    Explain(explain::Args),
    Doctor(doctor::Args),
    Silence(silence::Args),
    Incidents(incidents::Args),
    Replay(replay::Args),
    Completions(completions::Args),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version are no failure. A wrong argument is: its exit code is that of every other failure.
        Err(error) => {
            let code = if error.use_stderr() { ExitCode::from(FAILED) } else { ExitCode::SUCCESS };
            // Nobody is left to be shown what cannot be printed.
            let _ = error.print();
            return code;
        }
    };
    let done = match cli.command {
        Command::Backtest(args) => backtest::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Explain(args) => explain::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Silence(args) => silence::run(&args),
        Command::Incidents(args) => incidents::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Completions(args) => completions::run(&args, &mut Cli::command()),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("vpc-flow-alerts: {error}");
            ExitCode::from(FAILED)
        }
    }
}
