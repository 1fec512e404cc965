//! `vpc-flow-alerts`: the core of the functions on the command line.

mod backtest;
mod explain;
mod records;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Exit code of a command that failed.
const FAILED: u8 = 1;

/// Looks at VPC flow logs as the deployed functions do.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Backtest(backtest::Args),
    Explain(explain::Args),
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
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("vpc-flow-alerts: {error}");
            ExitCode::from(FAILED)
        }
    }
}
