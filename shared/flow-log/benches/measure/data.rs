//! Generated events: the same in every run, and as varied as real traffic.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The kind of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Accepted traffic, with one rejected ping in fifty lines.
    Accepted,
    /// Rejected pings only.
    Matching,
    /// As `Accepted`, with the `extractedFields` that a filter pattern with named fields adds.
    Extracted,
    /// As `Accepted`, in AWS's version 5 example format with 29 fields.
    Version5,
    /// Accepted TCP, with one rejected record in fifty lines: ICMP, TCP and UDP in turn.
    Mixed,
    /// Rejected TCP only: a connection each way with each peer, and so as many flows as in `Matching`.
    RejectedTcp,
    /// A port scan: each record is a rejected connection of one host to another port of the interface.
    Scan,
}

impl Kind {
    pub(crate) const ALL: [Kind; 7] =
        [Kind::Accepted, Kind::Matching, Kind::Extracted, Kind::Version5, Kind::Mixed, Kind::RejectedTcp, Kind::Scan];

    /// Returns whether the record at this place in the batch is rejected.
    fn is_rejected(self, at: usize) -> bool {
        matches!(self, Kind::Matching | Kind::RejectedTcp | Kind::Scan) || at % 50 == 7
    }

    /// Returns the protocol of the record at this place in the batch.
    fn protocol(self, at: usize, random: &mut Random) -> u8 {
        match (self, self.is_rejected(at)) {
            (Kind::Mixed, true) => [1, 6, 17][at / 50 % 3],
            (Kind::Mixed | Kind::RejectedTcp | Kind::Scan, _) => 6,
            (_, true) => 1,
            (_, false) => [6, 6, 6, 17][random.below(4) as usize],
        }
    }
}

pub(crate) const VERSION_5: &str = "${version} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${start} ${end} ${type} ${packets} ${bytes} ${account-id} ${vpc-id} ${subnet-id} ${instance-id} ${interface-id} ${region} ${az-id} ${sublocation-type} ${sublocation-id} ${action} ${tcp-flags} ${pkt-srcaddr} ${pkt-dstaddr} ${pkt-src-aws-service} ${pkt-dst-aws-service} ${traffic-path} ${flow-direction} ${log-status}";

const NAMES: [&str; 14] = [
    "version",
    "account",
    "eni",
    "source",
    "destination",
    "srcport",
    "destport",
    "protocol",
    "packets",
    "bytes",
    "starttime",
    "endtime",
    "action",
    "flowlogstatus",
];

/// Number of addresses that exchange traffic with the interface.
const PEERS: u64 = 300;

/// Returns the address of a peer: some private, most public.
fn peer(n: u64) -> String {
    let mut random = Random(n);
    match random.below(4) {
        0 => format!("10.1.{}.{}", random.below(4), random.below(250)),
        1 => format!("172.31.{}.{}", random.below(16), random.below(250)),
        _ => format!("{}.{}.{}.{}", 1 + random.below(220), random.below(256), random.below(256), random.below(256)),
    }
}

/// A SplitMix64 random number generator.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// Returns an event with this many lines. All are of one interface, because a log stream is.
pub(crate) fn event(kind: Kind, lines: usize, seed: u64) -> Vec<u8> {
    let mut random = Random(seed << 32 | lines as u64);
    let mut json = String::from(
        r#"{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"Log-Group","logStream":"eni-0a1b2c3d4e5f60718-all","subscriptionFilters":["ping-deny"],"logEvents":["#,
    );
    for i in 0..lines {
        let comma = if i == 0 { "" } else { "," };
        let (line, start) = line(kind, i, &mut random);
        // As in real ids, the first digits are a time; the rest makes the id unique in its batch.
        let id = format!("3891{:014}{:038}", 4_321_000_000_u64 + start, 7 * i);
        write!(json, r#"{comma}{{"id":"{id}","timestamp":{start}000,"message":"{line}""#).unwrap();
        if kind == Kind::Extracted {
            let fields: Vec<_> =
                NAMES.iter().zip(line.split(' ')).map(|(name, value)| format!(r#""{name}":"{value}""#)).collect();
            write!(json, r#","extractedFields":{{{}}}"#, fields.join(",")).unwrap();
        }
        json.push('}');
    }
    json.push_str("]}");
    let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
    let mut gz = vec![0; compressor.gzip_compress_bound(json.len())];
    let len = compressor.gzip_compress(json.as_bytes(), &mut gz).unwrap();
    format!(r#"{{"awslogs":{{"data":"{}"}}}}"#, STANDARD.encode(&gz[..len])).into_bytes()
}

fn line(kind: Kind, at: usize, random: &mut Random) -> (String, u64) {
    let own = "10.1.2.3";
    let with = random.below(PEERS);
    let peer = if kind == Kind::Scan { "10.0.9.5".to_owned() } else { peer(with).replace(own, "10.1.4.3") };
    let inward = kind == Kind::Scan || random.below(2) == 0;
    let (src, dst) = if inward { (&*peer, own) } else { (own, &*peer) };
    // A port that clients are given, and one of a service.
    let (far, near) = match kind {
        Kind::RejectedTcp => (32_768 + 7 * with, 443),
        Kind::Scan => (56_911, 1 + at as u64),
        _ => (1024 + random.below(64_000), [443, 80, 22, 5432, 53][random.below(5) as usize]),
    };
    let protocol = kind.protocol(at, random);
    let (srcport, dstport) = match (protocol, inward) {
        (1, _) => (0, 0),
        (_, true) => (far, near),
        (_, false) => (near, far),
    };
    let packets = 1 + random.below(40) * random.below(40) / 20;
    let bytes = packets * (52 + random.below(1200));
    let start = 1_780_000_000 + random.below(60);
    let end = start + random.below(60);
    let action = if kind.is_rejected(at) { "REJECT" } else { "ACCEPT" };
    let line = if kind == Kind::Version5 {
        let (path, direction) = if inward { ("-", "ingress") } else { ("8", "egress") };
        format!(
            "5 {src} {dst} {srcport} {dstport} {protocol} {start} {end} IPv4 {packets} {bytes} 123456789012 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-0c50d5961bcb2d47b eni-0a1b2c3d4e5f60718 ap-northeast-1 apne1-az4 - - {action} {} {src} {dst} - - {path} {direction} OK",
            random.below(32)
        )
    } else {
        format!(
            "2 123456789012 eni-0a1b2c3d4e5f60718 {src} {dst} {srcport} {dstport} {protocol} {packets} {bytes} {start} {end} {action} OK"
        )
    };
    (line, start)
}
