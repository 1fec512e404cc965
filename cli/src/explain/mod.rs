//! `vpc-flow-alerts explain`.

mod input;
mod json;
mod network;
mod text;

use std::{
    io::{self, BufWriter, Write},
    path::PathBuf,
    process::ExitCode,
};

use alerting::{
    address::Networks,
    detection::{Detection, Detector, LogSource},
    enrichment::{MissingReason, Network, response::TagKeys},
    notification::{Language, StandaloneExplanation},
    text::one_line,
};
use flow_log::{Formats, Line, LogEvent, LogFormat, Protocol};

/// Exit code if no record has a verdict, as none is rejected ICMP.
const NO_VERDICT: u8 = 2;

const EXAMPLES: &str = "\
Examples:
  vpc-flow-alerts explain '2 123456789010 eni-1235b8ca123456789 203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ACCEPT OK' \\
    '2 123456789010 eni-1235b8ca123456789 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK'

  mkdir network
  for noun in network-interfaces network-acls security-groups subnets tags; do
    aws ec2 describe-$noun --output json > network/$noun.json
  done
  vpc-flow-alerts explain --network network --json - < records.txt

Exit codes:
  0  there is a verdict for at least one record
  1  something failed, or nothing could be read
  2  no record is rejected ICMP, so there is no verdict";

/// Explains why records were rejected.
///
/// Prints for each rejected flow what its email would state: what happened, which layer and which rule blocked it, how sure that is, and
/// what to do. All records together are one batch: ICMP that was accepted the other way shows whether packets are pings or answers. Only
/// rejected ICMP has a verdict.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Flow records, a record each in quotation marks; - or none reads standard input, a record a line.
    #[arg(value_name = "LINE")]
    lines: Vec<String>,

    /// The format of the records, as the flow log declares it: '${version} ${account-id} ...'. Repeat it if there are several.
    #[arg(long = "format", value_name = "FORMAT", value_parser = LogFormat::parse)]
    formats: Vec<LogFormat>,

    /// A directory with what the AWS CLI prints about the network (see the examples); any of the five files may be missing. Without it
    /// the records alone are evidence.
    #[arg(long, value_name = "DIR")]
    network: Option<PathBuf>,

    /// Your networks beside the private ones, as the parameter OwnNetworks has them.
    #[arg(long, value_name = "CIDR,...", value_parser = own_networks, default_value = "", hide_default_value = true)]
    own_networks: Networks,

    /// Keys of the tags that name an owner, as the parameter OwnerTagKeys has them.
    #[arg(long, value_name = "KEY,...", value_delimiter = ',', default_value = "owner,team")]
    owner_tag_keys: Vec<String>,

    /// The language: en or ja.
    #[arg(long, value_name = "CODE", value_parser = language, default_value = "en")]
    language: Language,

    /// Print one JSON object a line for each rejected flow.
    #[arg(long)]
    json: bool,
}

fn language(code: &str) -> Result<Language, String> {
    Language::parse(code).ok_or_else(|| format!("one of {}", Language::codes().join(", ")))
}

fn own_networks(text: &str) -> Result<Networks, String> {
    Networks::parse(text).ok_or_else(|| format!("CIDR blocks, separated by commas, at most {}", Networks::MAX))
}

/// Runs the command.
///
/// # Errors
/// One line with what to do.
pub(crate) fn run(args: &Args) -> Result<ExitCode, String> {
    let formats = match &args.formats[..] {
        [] => Formats::default(),
        some => Formats::new(some.to_vec()).map_err(|error| format!("--format: {error}"))?,
    };
    let network = match &args.network {
        Some(directory) => network::read(directory, &TagKeys::new(args.owner_tag_keys.clone()))?,
        None => Network::unknown(MissingReason::NotGiven),
    };
    let input = input::read(&args.lines)?;
    let detection = detect(&input, &formats, &args.own_networks);
    warn(&detection, other_protocols(&input, &formats));
    if detection.findings.is_empty() {
        return without_verdict(&detection);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    match print(&mut out, &detection, network, args).and_then(|()| out.flush()) {
        // Whoever reads it has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(format!("standard output: {error}")),
        Ok(()) => Ok(ExitCode::SUCCESS),
    }
}

fn detect(input: &str, formats: &Formats, own_networks: &Networks) -> Detection {
    let mut detector = Detector::new(formats).with_own_networks(own_networks);
    for line in input.lines().filter(|line| !line.trim().is_empty()) {
        detector.observe(&LogEvent::new("", 0, line));
    }
    detector.finish(LogSource::default())
}

/// The end where no record is rejected ICMP.
fn without_verdict(detection: &Detection) -> Result<ExitCode, String> {
    let tally = &detection.tally;
    if tally.records == 0 {
        return Err("there is no record: pass records as arguments or on standard input".to_owned());
    }
    if tally.unparsed == tally.records {
        return Err("no record could be read: declare their format with --format".to_owned());
    }
    eprintln!("vpc-flow-alerts: no record is rejected ICMP, so there is no verdict");
    Ok(ExitCode::from(NO_VERDICT))
}

/// Prints the explanation of each finding, the heaviest first.
fn print(out: &mut impl Write, detection: &Detection, mut network: Network, args: &Args) -> io::Result<()> {
    let of_all = network.missing.clone();
    for (index, finding) in detection.findings.iter().enumerate() {
        network.missing.clone_from(&of_all);
        network::add_missing(&mut network, finding);
        let standalone = StandaloneExplanation::of(detection, finding, &network, args.language);
        if args.json {
            json::print(out, finding, &standalone)?;
        } else {
            text::print(out, (index + 1, detection.findings.len()), &standalone.draft, args.language)?;
        }
    }
    Ok(())
}

/// Counts the records of other protocols than ICMP.
fn other_protocols(input: &str, formats: &Formats) -> usize {
    let is_other = |line: &&str| match formats.read(line) {
        Ok(Line::Flow(line)) => !matches!(line.protocol(), Protocol::ICMP | Protocol::ICMPV6),
        _ => false,
    };
    input.lines().filter(is_other).count()
}

/// Writes to standard error which records have no verdict, and why.
fn warn(detection: &Detection, other_protocols: usize) {
    let tally = &detection.tally;
    for (reason, line) in &tally.unparsed_samples {
        eprintln!("vpc-flow-alerts: cannot be read, {}: {line}", one_line(reason, 200));
    }
    let unnamed = tally.unparsed.saturating_sub(tally.unparsed_samples.len() as u64);
    if unnamed > 0 {
        eprintln!("vpc-flow-alerts: {unnamed} more records cannot be read");
    }
    if other_protocols > 0 {
        eprintln!(
            "vpc-flow-alerts: no verdict for {other_protocols} records of other protocols: only rejected ICMP has one"
        );
    }
    let untracked: u64 = detection.untracked.values().map(|untracked| untracked.totals.records).sum();
    if untracked > 0 {
        eprintln!("vpc-flow-alerts: {untracked} records are of too many different flows and are left out");
    }
}
