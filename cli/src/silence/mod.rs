//! `vpc-flow-alerts silence`: a person's time-limited rules not to be notified.
//!
//! ```text
//! arguments -> new: a silence    change: the stored list, read and written until nobody else was first    show
//! ```

mod change;
mod common;
mod new;
mod show;

use std::process::ExitCode;

use alerting::incident::Silence;
use clap::Subcommand;

use self::common::Common;
use crate::{
    aws::{Table, block_on},
    clock, output,
};

const EXAMPLES: &str = "\
Examples:
  vpc-flow-alerts silence add --source 172.31.16.139 --for 8h --reason 'load test'
  vpc-flow-alerts silence add --destination 10.0.0.0/24 --origin private --until '2026-11-24 09:00' --time-zone Asia/Tokyo \\
    --reason 'the new subnet has no rules yet'
  vpc-flow-alerts silence list --json
  vpc-flow-alerts silence end k3f9

Exit codes:
  0  done
  1  an argument is wrong, or a call failed; nothing has changed unless the message says that this is not known";

/// Lists the silences of a stack, adds one or ends one.
///
/// A silence stops the emails about traffic that you know of: for up to 30 days, at most 50 at a time. What it covers is counted, and no
/// email reports it. Account and region are printed first, the silences that are left last.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Adds a silence. A rejected ping is silenced if all of its conditions hold
    #[command(after_help = EXAMPLES)]
    Add(Box<new::Args>),
    /// Lists the silences that have not ended
    List(Common),
    /// Ends a silence
    End {
        /// The id in the list and in emails, such as k3f9
        id: String,
        #[command(flatten)]
        common: Common,
    },
}

/// Runs the command.
///
/// # Errors
/// One line with what to do.
pub(crate) fn run(args: &Args) -> Result<ExitCode, String> {
    block_on(async {
        let common = match &args.action {
            Action::Add(new) => &new.common,
            Action::List(common) | Action::End { common, .. } => common,
        };
        let table = common.table.open().await?;
        let left = act(&args.action, &table).await?;
        output::print(&if common.json { show::json(&left) } else { show::text(&left, &table.zone) })?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Does what is asked for. Returns the silences that are left.
async fn act(action: &Action, table: &Table) -> Result<Vec<Silence>, String> {
    let (store, now) = (&table.incidents, clock::now());
    match action {
        Action::List(_) => change::read(store, now).await,
        Action::Add(new) => {
            let silence = new.silence(&table.zone, table.caller.as_ref(), now)?;
            change::change(store, now, |stored| change::add(stored, &silence)).await
        }
        Action::End { id, .. } => change::change(store, now, |stored| change::end(stored, id)).await,
    }
}
