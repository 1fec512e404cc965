//! `vpc-flow-alerts explain`.

mod ec2;
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
    detection::{Detection, Finding},
    enrichment::{MissingData, MissingReason, Network, response::TagKeys},
    notification::{Language, StandaloneExplanation},
};
use flow_log::{Formats, LogFormat};

use crate::{
    aws::AwsArgs,
    records::{Tally, Unparsed},
};

/// Exit code if no record has a verdict, as none is rejected ICMP, TCP or UDP.
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

  vpc-flow-alerts explain --offline - < records.txt

Permissions: ec2:DescribeNetworkInterfaces, ec2:DescribeTags, ec2:DescribeSecurityGroups, ec2:DescribeNetworkAcls and
ec2:GetManagedPrefixListEntries; none with --network or --offline.

Exit codes:
  0  there is a verdict for at least one record
  1  something failed, or nothing could be read
  2  no record is rejected ICMP, TCP or UDP, so there is no verdict";

/// Explains why records were rejected.
///
/// Prints for each rejected flow what its email would state: what happened, which layer and which rule blocked it, how sure that is, and
/// what to do. All records together are one batch: what was accepted the other way shows whether packets are requests or answers. Only
/// rejected ICMP, TCP and UDP have a verdict.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Flow records, a record each in quotation marks; - or none reads standard input. Standard input and files have any of the forms
    /// that backtest reads.
    #[arg(value_name = "LINE")]
    lines: Vec<String>,

    /// A file or directory with flow records; repeatable.
    #[arg(long = "file", value_name = "FILE|DIR")]
    files: Vec<PathBuf>,

    /// The format of the records, as the flow log declares it: '${version} ${account-id} ...'. Repeat it if there are several.
    #[arg(long = "format", value_name = "FORMAT", value_parser = LogFormat::parse)]
    formats: Vec<LogFormat>,

    /// A directory with what the AWS CLI prints about the network (see the examples); any of the five files may be missing. Without it
    /// EC2 is asked, within the limits that emails have.
    #[arg(long, value_name = "DIR")]
    network: Option<PathBuf>,

    /// Ask nobody: the records alone are evidence, and what is in --network.
    #[arg(long)]
    offline: bool,

    #[command(flatten)]
    aws: AwsArgs,

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
    let given = match &args.network {
        Some(directory) => Some(network::read(directory, &TagKeys::new(args.owner_tag_keys.clone()))?),
        None => args.offline.then(|| Network::unknown(MissingReason::NotGiven)),
    };
    let inputs = input::inputs(&args.lines, &args.files)?;
    let (detection, tally) = input::detect(&inputs, &formats, &args.own_networks)?;
    warn(&detection, &tally);
    let findings = detection.findings();
    if findings.is_empty() {
        return without_verdict(&tally);
    }
    let known = match given {
        Some(network) => Known::Given { missing: network.missing.clone(), network },
        None => Known::Asked(ec2::ask(&findings, &args.aws, &args.owner_tag_keys)),
    };
    let mut out = BufWriter::new(io::stdout().lock());
    match print(&mut out, (&detection, &findings), known, args).and_then(|()| out.flush()) {
        // Whoever reads it has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(format!("standard output: {error}")),
        Ok(()) => Ok(ExitCode::SUCCESS),
    }
}

/// The end where no record is rejected ICMP, TCP or UDP.
fn without_verdict(tally: &Tally) -> Result<ExitCode, String> {
    if tally.records == 0 {
        return Err("there is no record: pass records as arguments, on standard input or with --file".to_owned());
    }
    if tally.unparsed == tally.records {
        return Err(
            "no record could be read: declare their format with --format, and name files with --file".to_owned()
        );
    }
    eprintln!("vpc-flow-alerts: no record is rejected ICMP, TCP or UDP, so there is no verdict");
    Ok(ExitCode::from(NO_VERDICT))
}

/// What is known of the network.
enum Known {
    /// What a person gave, and what is missing of all of it.
    Given { network: Network, missing: Vec<MissingData> },
    /// What EC2 answered about each few flows.
    Asked(Vec<Network>),
}

impl Known {
    /// What is known about a flow.
    fn of(&mut self, index: usize, finding: &Finding) -> &Network {
        match self {
            Known::Given { network, missing } => {
                network.missing.clone_from(missing);
                network::add_missing(network, finding);
                network
            }
            Known::Asked(networks) => &networks[index / ec2::FLOWS_PER_REQUEST],
        }
    }
}

/// Prints the explanation of each finding, the heaviest first.
fn print(
    out: &mut impl Write,
    (detection, findings): (&Detection, &[&Finding]),
    mut known: Known,
    args: &Args,
) -> io::Result<()> {
    for (index, finding) in findings.iter().enumerate() {
        let standalone = StandaloneExplanation::of(detection, finding, known.of(index, finding), args.language);
        if args.json {
            json::print(out, finding, &standalone)?;
        } else {
            text::print(out, (index + 1, findings.len()), &standalone.draft, args.language)?;
        }
    }
    Ok(())
}

/// Writes to standard error which records have no verdict, and why.
fn warn(detection: &Detection, tally: &Tally) {
    for Unparsed { place, reason, text } in &tally.unparsed_samples {
        eprintln!("vpc-flow-alerts: {place} cannot be read, {reason}: {text}");
    }
    let unnamed = tally.unparsed.saturating_sub(tally.unparsed_samples.len() as u64);
    if unnamed > 0 {
        eprintln!("vpc-flow-alerts: {unnamed} more records cannot be read");
    }
    let other_protocols = tally.other_protocols;
    if other_protocols > 0 {
        eprintln!(
            "vpc-flow-alerts: no verdict for {other_protocols} records of other protocols: only rejected ICMP, TCP and UDP have one"
        );
    }
    let untracked: u64 = detection.untracked.values().map(|untracked| untracked.totals.records).sum();
    if untracked > 0 {
        eprintln!("vpc-flow-alerts: {untracked} records are of too many different flows and are left out");
    }
}
