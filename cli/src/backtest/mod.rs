//! `vpc-flow-alerts backtest`: what would have been emailed about past records.
//!
//! ```text
//! input: files -> lines -> records of ICMP   play: batches -> engine on a virtual clock -> emails   report
//! ```

mod input;
mod play;
mod report;
mod settings;

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use alerting::time::{HOUR_MILLIS, MINUTE_MILLIS, SECOND_MILLIS};
use flow_log::Formats;

use input::Tally;
use play::{Delivery, Player, SentEmail};
use report::{Counts, EmailFiles};
use settings::Settings;

/// Shows what would have been emailed about past records.
///
/// Reads VPC flow logs as lines, as S3 files with a header, as exports of CloudWatch Logs, as the output of `aws logs
/// filter-log-events` or `aws logs tail`, or as events of a subscription; each of them plain or gzip. Directories are read with all
/// files in them, sorted by path. `-` is standard input. The emails lack what the functions read from EC2.
///
/// Examples:
///
///   vpc-flow-alerts backtest flow-logs/ --set TimeZone=Asia/Tokyo
///
///   aws logs filter-log-events --log-group-name Log-Group | vpc-flow-alerts backtest - --json
///
///   vpc-flow-alerts backtest flow-logs/ --compare 'QuietMinutes=15' 'QuietMinutes=60 ResolvedEmails=no'
#[derive(clap::Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Files and directories; `-` is standard input
    #[arg(required = true, value_name = "FILE|DIR|-")]
    inputs: Vec<PathBuf>,
    /// A parameter of the template, such as InternetPings=alert; repeatable
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// The format of the records, if it is not the default one; repeatable. A header line in a file replaces it
    #[arg(long, value_name = "FORMAT")]
    format: Vec<String>,
    /// Time from the end of the last record of an interface's minute to its delivery
    #[arg(long, value_name = "TIME", default_value = "6m", value_parser = millis)]
    delay: u64,
    /// By how much a record may be older than a record before it in the input
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = millis)]
    window: u64,
    /// The region that links in emails open
    #[arg(long, default_value = "us-east-1", value_parser = region)]
    region: String,
    /// Writes each email as a text file into this directory, which must be empty or new
    #[arg(long, value_name = "DIR")]
    emails: Option<PathBuf>,
    /// Prints one JSON object a line: each email, then a summary
    #[arg(long)]
    json: bool,
    /// Compares two lists of settings, each in quotes; both begin with those of --set
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["json", "emails"])]
    compare: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// One line with what to do.
pub(crate) fn run(args: &Args) -> Result<(), String> {
    let formats = formats(&args.format)?;
    let pairs = || args.settings.iter().map(String::as_str);
    if let [a, b] = &args.compare[..] {
        let parse = |more: &str| Settings::parse(pairs().chain(more.split_whitespace()));
        let settings = [parse(a)?, parse(b)?];
        let mut counts = [Counts::default(), Counts::default()];
        let tally = play(args, &formats, &settings, |which, email| {
            counts[which].add(&email, &settings[which].zone);
            Ok(())
        })?;
        return print(&report::comparison(&tally, &settings[0].zone, [(a, &counts[0]), (b, &counts[1])]));
    }
    let settings = [Settings::parse(pairs())?];
    let zone = &settings[0].zone;
    let mut counts = Counts::default();
    let mut files = args.emails.clone().map(EmailFiles::create).transpose()?;
    let tally = play(args, &formats, &settings, |_, email| {
        counts.add(&email, zone);
        if let Some(files) = &mut files {
            files.write(&email)?;
        }
        if args.json { print(&(report::json_email(&email)? + "\n")) } else { Ok(()) }
    })?;
    if args.json {
        print(&(report::json_summary(&tally, &counts, zone)? + "\n"))
    } else {
        print(&report::report(&tally, &counts, zone))
    }
}

/// Plays the inputs once, with each of the settings. Calls `on_email` with the place of the settings.
fn play(
    args: &Args,
    formats: &Formats,
    settings: &[Settings],
    mut on_email: impl FnMut(usize, SentEmail) -> Result<(), String>,
) -> Result<Tally, String> {
    let delivery = Delivery { delay_millis: args.delay, window_millis: args.window };
    let new = |settings| Player::new(settings, delivery, (&args.region, formats));
    let mut players: Vec<Player<'_>> = settings.iter().map(new).collect::<Result<_, _>>()?;
    let tally = input::read(&args.inputs, formats, |record| {
        let mut players = players.iter_mut().enumerate();
        players.try_for_each(|(which, player)| player.add(&record, &mut |email| on_email(which, email)))
    })?;
    for (which, player) in players.iter_mut().enumerate() {
        player.finish(&mut |email| on_email(which, email))?;
    }
    Ok(tally)
}

/// Reads the declared formats.
fn formats(declared: &[String]) -> Result<Formats, String> {
    if declared.is_empty() {
        return Ok(Formats::default());
    }
    Formats::parse(&declared.join("\n")).map_err(|error| format!("--format: {error}"))
}

/// Reads a time such as `90s`, `15m`, `6h` or `2d`.
fn millis(text: &str) -> Result<u64, String> {
    let units = [('s', SECOND_MILLIS), ('m', MINUTE_MILLIS), ('h', HOUR_MILLIS), ('d', 24 * HOUR_MILLIS)];
    let read = units.iter().find_map(|(unit, millis)| {
        text.strip_suffix(*unit)?.parse::<u64>().ok()?.checked_mul(*millis).filter(|millis| *millis <= MAX_TIME_MILLIS)
    });
    read.ok_or_else(|| "a whole number with s, m, h or d, at most 3650d, such as 15m".to_owned())
}

/// Maximum of a time on the command line: ten years.
const MAX_TIME_MILLIS: u64 = 3_650 * 24 * HOUR_MILLIS;

/// Checks a region's code, because links contain it.
fn region(text: &str) -> Result<String, String> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if is_plain && !text.is_empty() {
        Ok(text.to_owned())
    } else {
        Err("a region's code, such as eu-west-1".to_owned())
    }
}

/// Prints to standard output. A reader that has seen enough, such as `head`, ends the program without a message.
fn print(text: &str) -> Result<(), String> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        written => written.map_err(|error| format!("cannot write to standard output: {error}")),
    }
}
