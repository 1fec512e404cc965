//! A folder, the binary, and traffic.

use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use tempfile::TempDir;

/// 2026-11-23 02:32:00 UTC.
pub(crate) const START: u64 = 1_795_401_120;

/// A folder with inputs.
pub(crate) struct Folder(TempDir);

/// What the binary printed.
#[derive(Debug)]
pub(crate) struct Printed {
    pub(crate) succeeded: bool,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Folder {
    pub(crate) fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    /// A folder with `flow.log`.
    pub(crate) fn with(lines: &[String]) -> Folder {
        let folder = Folder::new();
        folder.write("flow.log", text(lines));
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Runs a backtest within the folder.
    pub(crate) fn run(&self, args: &[&str]) -> Printed {
        self.run_with(args, &[])
    }

    /// The same, with this on standard input.
    pub(crate) fn run_with(&self, args: &[&str], input: &[u8]) -> Printed {
        self.command("backtest", args, input)
    }

    /// Runs a command within the folder.
    pub(crate) fn command(&self, name: &str, args: &[&str], input: &[u8]) -> Printed {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vpc-flow-alerts"));
        command.arg(name).args(args).current_dir(self.0.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A run that fails before it reads closes its end.
        let _ = child.stdin.take().unwrap().write_all(input);
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Printed { succeeded: status.success(), out: text(stdout), err: text(stderr) }
    }

    /// Runs a backtest of `flow.log` and returns its emails and its summary.
    pub(crate) fn json(&self, args: &[&str]) -> (Vec<Value>, Value) {
        self.run(&[&["flow.log", "--json"], args].concat()).json()
    }
}

impl Printed {
    /// The emails and the summary.
    pub(crate) fn json(&self) -> (Vec<Value>, Value) {
        assert!(self.succeeded, "{}", self.err);
        let mut lines: Vec<Value> = self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let summary = lines.pop().unwrap()["summary"].take();
        (lines, summary)
    }

    /// The message of a failure, which is one line.
    pub(crate) fn failure(&self) -> &str {
        assert!(!self.succeeded && self.out.is_empty(), "{self:?}");
        let message = self.err.strip_suffix('\n').unwrap().strip_prefix("vpc-flow-alerts: ").unwrap();
        assert!(!message.contains('\n'), "{message}");
        message
    }
}

/// A record of ICMP that starts so many seconds after [`START`].
pub(crate) fn icmp(second: u64, interface: &str, addresses: &str, packets: u64, action: &str) -> String {
    let start = START + second;
    format!("2 123456789012 {interface} {addresses} 0 0 1 {packets} 84 {start} {} {action} OK", start + 50)
}

/// The first line of a file in S3.
pub(crate) const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";

/// The start of a record in seconds.
pub(crate) fn start(line: &str) -> u64 {
    line.split(' ').nth(10).unwrap().parse().unwrap()
}

/// A time of day of the same day as [`START`], as tools write it before a record.
pub(crate) fn prefix(line: &str, suffix: &str) -> String {
    let second = 2 * 3_600 + 32 * 60 + start(line) - START;
    format!("2026-11-23T{:02}:{:02}:{:02}{suffix}", second / 3_600, second / 60 % 60, second % 60)
}

/// Lines as a text file.
pub(crate) fn text(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// Worlds that a test plays: so many, or those of `SEEDS=n`.
pub(crate) fn seeds(default: u64) -> u64 {
    std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(default)
}

/// Five days of traffic with bursts and pauses, in order.
pub(crate) fn traffic(random: &mut Random) -> Vec<String> {
    let mut lines = Vec::new();
    let mut second = 0;
    while second < 5 * 86_400 {
        second += [5, 60, 600, 6_000][random.below(4) as usize] + random.below(50);
        let (interface, host) = (random.below(3), random.below(4));
        let addresses = match random.below(3) {
            0 => format!("10.0.{interface}.5 8.8.8.{host}"),
            1 => format!("10.9.0.{host} 10.0.{interface}.5"),
            _ => format!("9.9.9.{host} 10.0.{interface}.5"),
        };
        let action = if random.below(10) == 0 { "ACCEPT" } else { "REJECT" };
        // Accepted packets between other addresses, so that no answer is among them.
        let addresses = if action == "ACCEPT" { "10.0.9.9 10.0.9.8" } else { &addresses };
        lines.push(icmp(second, &format!("eni-{interface}"), addresses, 1 + random.below(3), action));
    }
    lines
}

/// Three hours of two interfaces: two incidents, background, accepted traffic, and records without traffic.
pub(crate) fn three_hours() -> Vec<String> {
    let mut lines = Vec::new();
    for minute in 0..180 {
        let second = minute * 60;
        let start = START + second;
        lines.push(format!(
            "2 123456789012 eni-a 10.0.0.5 93.184.216.34 40001 443 6 9 840 {start} {} ACCEPT OK",
            start + 55
        ));
        if minute % 7 == 0 {
            lines.push(format!("2 123456789012 eni-b - - - - - - - {start} {} - NODATA", start + 59));
            lines.push(icmp(second + 5, "eni-b", "9.9.9.9 10.0.0.6", 2, "REJECT"));
        }
        if (20..40).contains(&minute) {
            lines.push(icmp(second + 9, "eni-a", "10.0.0.5 8.8.8.8", 4, "REJECT"));
        }
        if minute == 30 || minute == 100 {
            lines.push(icmp(second + 12, "eni-b", "10.7.0.1 10.0.0.6", 3, "REJECT"));
        }
    }
    lines
}
