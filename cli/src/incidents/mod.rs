//! `vpc-flow-alerts incidents`: what is open, and what comes next.
//!
//! ```text
//! read: the table -> incidents    list: one line each    story: all that is known of one    json
//! ```

mod json;
mod list;
mod read;
mod story;
mod words;

use std::process::ExitCode;

use alerting::{incident::short_id, time::EpochMillis};

use self::read::{Entry, Incident};
use crate::{
    aws::{TableArgs, block_on},
    clock, output,
};

const EXAMPLES: &str = "\
Examples:
  vpc-flow-alerts incidents
  vpc-flow-alerts incidents k3f9 --stack ping-deny-trial
  vpc-flow-alerts incidents --json | jq -r 'select(.state == \"open\") | .id'

Exit codes:
  0  done; also if there is no incident
  1  an argument is wrong, a call failed, or there is no incident with this id";

/// Lists open incidents, and those resolved within the last hour; with an id, all that is known of one.
///
/// Reads what the functions have stored, and changes nothing. Settings, such as the minutes between updates, are the stack's.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The id at the end of an email's subject, such as k3f9 or '#k3f9', or the whole id that documents have
    id: Option<String>,
    #[command(flatten)]
    table: TableArgs,
    /// Print one JSON object a line for each incident
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// One line with what to do.
pub(crate) fn run(args: &Args) -> Result<ExitCode, String> {
    block_on(async {
        let table = args.table.open().await?;
        let policy = table.settings.policy()?;
        let now = clock::now();
        let entries = read::entries(&table.incidents, &policy).await?;
        let chosen = match &args.id {
            Some(id) => vec![one(&entries, id)?],
            None => recent(&entries, now),
        };
        let text = match (args.json, &args.id) {
            (true, _) => json::lines(&chosen),
            (false, Some(_)) => chosen.iter().map(|entry| story::story(entry, &table.zone, now)).collect(),
            (false, None) => list::text(&chosen, &table.zone, now),
        };
        output::print(&text)?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Those that are open, unreadable, or resolved so recently that they may still be reopened; open ones first, the latest first.
fn recent(entries: &[Entry], now: EpochMillis) -> Vec<&Entry> {
    let mut recent: Vec<&Entry> = entries.iter().filter(|entry| entry.is_recent(now)).collect();
    recent.sort_by_key(|entry| entry.rank());
    recent
}

/// The one that an id means.
fn one<'e>(entries: &'e [Entry], id: &str) -> Result<&'e Entry, String> {
    let wanted = id.trim_start_matches('#');
    let is_meant = |incident: &Incident| {
        let seen = incident.seen_id();
        wanted == seen || wanted == incident.id() || wanted.eq_ignore_ascii_case(&short_id(seen))
    };
    let meant: Vec<&Entry> = entries.iter().filter(|entry| entry.incident().is_some_and(is_meant)).collect();
    match &meant[..] {
        [only] => Ok(only),
        [] => Err(format!(
            "there is no incident {id}: it is older than 30 days, of another stack, or replaced by a later one of the same kind"
        )),
        several => {
            let ids: Vec<&str> = several.iter().filter_map(|entry| Some(entry.incident()?.seen_id())).collect();
            Err(format!("{id} may be any of several incidents: pass a whole id of {}", ids.join(", ")))
        }
    }
}
