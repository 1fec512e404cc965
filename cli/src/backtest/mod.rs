//! `vpc-flow-alerts backtest`: what would have been emailed about past records.
//!
//! ```text
//! records: files -> lines -> records of ICMP   play: batches -> engine on a virtual clock -> emails   report
//! ```

mod play;
mod report;
mod settings;
mod silence;
mod time_arg;

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use alerting::detection::{Rule, Rules, Treatment};
use flow_log::Formats;

use crate::records::{self, Tally};
use play::{Delivery, Event, Player};
use report::{EmailFiles, Results, Side};
pub(crate) use settings::Settings;
use silence::SilenceArg;
use time_arg::millis;

const EXAMPLES: &str = "\
Examples:
  vpc-flow-alerts backtest flow-logs/ --set TimeZone=Asia/Tokyo
  aws logs filter-log-events --log-group-name Log-Group | vpc-flow-alerts backtest - --json
  vpc-flow-alerts backtest flow-logs/ --html week.html --silence 'source=10.0.0.5 from=2026-11-23T02:00Z for=8h'
  vpc-flow-alerts backtest flow-logs/ --compare 'QuietMinutes=15' 'QuietMinutes=60 ResolvedEmails=no'

Exit codes:
  0  done, whether or not there are emails
  1  an argument is wrong, or something could not be read or written";

/// Shows what would have been emailed about past records
///
/// Reads VPC flow logs as lines, as S3 files with a header, as exports of CloudWatch Logs, as the output of `aws logs filter-log-events`,
/// `get-log-events`, `get-query-results` or `tail`, or as events of a subscription; each of them plain or gzip. Directories are read with
/// all files in them. Files are merged by the time of their records. The emails lack what the functions read from EC2.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
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
    /// A silence that is in force while records are played: 'source=10.0.0.5 for=8h reason="load test"'; repeatable. Without from
    /// it begins with the first record, without for and until it lasts 30 days
    #[arg(long = "silence", value_name = "CONDITIONS", value_parser = SilenceArg::parse)]
    silences: Vec<SilenceArg>,
    /// Writes the report as one page with charts and emails, for a browser
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
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
    silence::check(&args.silences)?;
    let formats = formats(&args.format)?;
    if let [a, b] = &args.compare[..] { compare(args, &formats, [a, b]) } else { show(args, &formats) }
}

/// Shows what one list of settings comes to.
fn show(args: &Args, formats: &Formats) -> Result<(), String> {
    let settings = [Settings::parse(args.settings.iter().map(String::as_str))?];
    let mut results = Results::new(&settings[0], args.html.is_some());
    let mut files = args.emails.clone().map(EmailFiles::create).transpose()?;
    let tally = play(args, formats, &settings, |_, event| {
        results.add(&event);
        if let Event::Email(email) = &event {
            if let Some(files) = &mut files {
                files.write(email)?;
            }
            if args.json {
                print(&(report::json_email(email)? + "\n"))?;
            }
        }
        Ok(())
    })?;
    if let Some(path) = &args.html {
        let side = Side { settings: &args.settings.join(" "), results: &results };
        write(path, &report::page(&tally, side, &args.silences)?)?;
    }
    if args.json {
        print(&(report::json_summary(&tally, &results)? + "\n"))
    } else {
        print(&report::report(&tally, &results, &args.silences)?)
    }
}

/// Shows what two lists of settings come to, side by side.
fn compare(args: &Args, formats: &Formats, lists: [&str; 2]) -> Result<(), String> {
    let common = || args.settings.iter().map(String::as_str);
    let parse = |list: &str| Settings::parse(common().chain(list.split_whitespace()));
    let settings = [parse(lists[0])?, parse(lists[1])?];
    let mut results = [0, 1].map(|which: usize| Results::new(&settings[which], args.html.is_some()));
    let tally = play(args, formats, &settings, |which, event| {
        results[which].add(&event);
        Ok(())
    })?;
    let sides = [0, 1].map(|which| Side { settings: lists[which], results: &results[which] });
    if let Some(path) = &args.html {
        write(path, &report::comparison_page(&tally, sides, &args.silences)?)?;
    }
    print(&report::comparison(&tally, sides, &args.silences))
}

/// Plays the inputs once, with each of the settings. Calls `on_event` with the place of the settings.
fn play(
    args: &Args,
    formats: &Formats,
    settings: &[Settings],
    mut on_event: impl FnMut(usize, Event) -> Result<(), String>,
) -> Result<Tally, String> {
    let delivery = Delivery { delay_millis: args.delay, window_millis: args.window };
    let new = |settings| Player::new(settings, delivery, &args.silences, (&args.region, formats));
    let mut players: Vec<Player<'_>> = settings.iter().map(new).collect::<Result<_, _>>()?;
    let tally = records::read(&args.inputs, formats, rules(settings), |record| {
        let mut players = players.iter_mut().enumerate();
        players.try_for_each(|(which, player)| player.add(record, &mut |event| on_event(which, event)))
    })?;
    for (which, player) in players.iter_mut().enumerate() {
        player.finish(&mut |event| on_event(which, event))?;
    }
    Ok(tally)
}

/// The rules that one of the settings has. Pings are always counted.
fn rules(settings: &[Settings]) -> Rules {
    let of = |settings: &Settings| Rule::CHOICES.map(|rule| (rule, settings.signals.rules.is_on(rule)));
    let on = settings.iter().flat_map(of).filter(|(_, is_on)| *is_on);
    on.fold(Rules::default(), |all, (rule, _)| all.with(rule, Treatment::Count))
}

/// Reads the declared formats.
fn formats(declared: &[String]) -> Result<Formats, String> {
    if declared.is_empty() {
        return Ok(Formats::default());
    }
    Formats::parse(&declared.join("\n")).map_err(|error| format!("--format: {error}"))
}

/// Checks a region's code, because links contain it.
fn region(text: &str) -> Result<String, String> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if is_plain && !text.is_empty() {
        Ok(text.to_owned())
    } else {
        Err("a region's code, such as eu-west-1".to_owned())
    }
}

/// Writes a page.
fn write(path: &Path, page: &str) -> Result<(), String> {
    fs::write(path, page).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Prints to standard output. A reader that has seen enough, such as `head`, ends the program without a message.
fn print(text: &str) -> Result<(), String> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        written => written.map_err(|error| format!("cannot write to standard output: {error}")),
    }
}
