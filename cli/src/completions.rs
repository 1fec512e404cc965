//! `vpc-flow-alerts completions`.

use std::process::ExitCode;

use clap_complete::Shell;

use crate::output;

const EXAMPLES: &str = "\
Examples:
  vpc-flow-alerts completions bash > ~/.local/share/bash-completion/completions/vpc-flow-alerts
  vpc-flow-alerts completions zsh > ~/.zfunc/_vpc-flow-alerts
  vpc-flow-alerts completions fish > ~/.config/fish/completions/vpc-flow-alerts.fish";

/// Prints the completions of a shell.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

/// Runs the command.
///
/// # Errors
/// They cannot be printed.
pub(crate) fn run(args: &Args, command: &mut clap::Command) -> Result<ExitCode, String> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "vpc-flow-alerts", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
