//! TCP and UDP of a network: what the internet sends to its public hosts, what is accepted, and packets that come late.

use alerting::detection::{Detection, Detector, LogSource, Origin, Rule, Rules};
use flow_log::{Formats, LogEvent};

use super::{START, world::Random};

/// Packets of scanners for one public address in a day, and on average in a record (docs/decisions.md).
const TCP_PACKETS_A_DAY: u64 = 21_000;
const UDP_PACKETS_A_DAY: u64 = 2_200;
const PACKETS_A_RECORD: u64 = 2;
/// Answers to packets that somebody sent in the host's name, in a day: an attack on their sender.
const BACKSCATTER_A_DAY: u64 = 200;
pub(crate) const DATABASE: &str = "10.0.2.20";

/// The format of the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// AWS's default: nothing tells the direction and the flags.
    Default,
    /// With `tcp-flags` and `flow-direction`.
    Flags,
}

impl Format {
    pub(crate) fn formats(self) -> Formats {
        let more = if self == Format::Flags { " ${tcp-flags} ${flow-direction}" } else { "" };
        let text = format!(
            "${{version}} ${{account-id}} ${{interface-id}} ${{srcaddr}} ${{dstaddr}} ${{srcport}} ${{dstport}} ${{protocol}} \
             ${{packets}} ${{bytes}} ${{start}} ${{end}} ${{action}} ${{log-status}}{more}"
        );
        Formats::parse(&text).unwrap()
    }
}

/// A record of one interface.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    source: String,
    target: String,
    ports: (u64, u64),
    protocol: u8,
    packets: u64,
    bytes: u64,
    flags: u8,
    accepted: bool,
    later_seconds: u64,
    /// What it counts as; nothing if it was accepted.
    pub(crate) counts: Option<(Rule, Origin)>,
}

impl Record {
    /// Reads `10.0.1.10:41022>10.0.2.20:5432 tcp 4/240 R 2`: the ends, protocol, packets and bytes, R or A, the flags, and where they are
    /// not 0 the seconds since the minute began. `{p}` is a port of a client.
    pub(crate) fn read(text: &str, client_port: u64, counts: (Rule, Origin)) -> Record {
        let text = text.replace("{p}", &client_port.to_string());
        let words: Vec<&str> = text.split_whitespace().collect();
        let [ends, protocol, size, action, flags, later @ ..] = &words[..] else { panic!("not a record: {text}") };
        let end =
            |end: &str| end.rsplit_once(':').map(|(host, port)| (host.to_owned(), port.parse().unwrap())).unwrap();
        let (source, target) = ends.split_once('>').unwrap();
        let ((source, from), (target, to)) = (end(source), end(target));
        let (packets, bytes) = size.split_once('/').unwrap();
        let accepted = *action == "A";
        Record {
            source,
            target,
            ports: (from, to),
            protocol: if *protocol == "tcp" { 6 } else { 17 },
            packets: packets.parse().unwrap(),
            bytes: bytes.parse().unwrap(),
            flags: flags.parse().unwrap(),
            accepted,
            later_seconds: later.first().map_or(0, |seconds| seconds.parse().unwrap()),
            counts: Some(counts).filter(|_| !accepted),
        }
    }

    pub(crate) fn ping((source, target, packets, action): &super::week::Ping, counts: (Rule, Origin)) -> Record {
        let read = |text: &str| Record::read(text, 0, counts);
        let packets_and_bytes = format!("{packets}/{}", packets * 84);
        let text = format!("{source}:0>{target}:0 icmp {packets_and_bytes} {} 0", &action[..1]);
        Record { protocol: 1, ..read(&text) }
    }

    pub(crate) fn is_ping(&self) -> bool {
        self.protocol == 1
    }

    fn line(&self, own: &str, minute: u64, format: Format) -> String {
        let Record { source, target, ports: (from, to), protocol, packets, bytes, flags, .. } = self;
        let start = START / 1_000 + 60 * minute + self.later_seconds;
        let action = if self.accepted { "ACCEPT" } else { "REJECT" };
        let direction = if source == own { "egress" } else { "ingress" };
        let end = start + 50;
        let line = format!(
            "2 1 eni-{own} {source} {target} {from} {to} {protocol} {packets} {bytes} {start} {end} {action} OK"
        );
        if format == Format::Flags { format!("{line} {flags} {direction}") } else { line }
    }
}

/// Returns the batch of an interface with one address.
pub(crate) fn batch(
    own: &str,
    minute: u64,
    records: &[Record],
    (format, formats, rules): (Format, &Formats, Rules),
) -> (String, Detection) {
    let mut detector = Detector::new(formats).with_rules(rules);
    for record in records {
        detector.observe(&LogEvent::new("1", 0, record.line(own, minute, format)));
    }
    let source =
        LogSource { log_stream: format!("eni-{own}-all"), ..LogSource::logged_in("1", "eu-west-1", "group-0") };
    (format!("batch {own} {minute}"), detector.finish(source))
}

/// A port that a client is given.
pub(crate) fn client_port(random: &mut Random) -> u64 {
    32_768 + random.below(28_000)
}

/// A port that no connection of the minute has.
fn past_port(random: &mut Random) -> u64 {
    61_000 + random.below(4_000)
}

/// So many in a minute as there are in a day, on average; few at once.
fn in_a_minute(random: &mut Random, in_a_day: u64) -> u64 {
    (0..48).filter(|_| random.below(48 * 1_440) < in_a_day).count() as u64
}

/// A sender of the internet that scans: one of a hundred sends almost everything.
fn scanner(random: &mut Random) -> String {
    let number = if random.permille(970) { random.below(100) } else { 100 + random.below(10_000) };
    format!("45.9.{}.{}", number >> 8, number & 255)
}

/// Returns what scanners send to a public host in a minute, and the answers to what others sent in its name.
pub(crate) fn scanners(random: &mut Random, host: &str) -> Vec<Record> {
    let mut records = Vec::new();
    for (protocol, packets_a_day, ports) in
        [("tcp", TCP_PACKETS_A_DAY, &[23, 22, 80, 443, 445][..]), ("udp", UDP_PACKETS_A_DAY, &[9_000, 123, 53])]
    {
        for _ in 0..in_a_minute(random, packets_a_day / PACKETS_A_RECORD) {
            let (source, packets) = (scanner(random), 1 + random.below(2 * PACKETS_A_RECORD - 1));
            let usual = ports[random.below(ports.len() as u64) as usize];
            let port = if random.permille(600) { usual } else { 1 + random.below(32_000) };
            let text = format!("{source}:{{p}}>{host}:{port} {protocol} {packets}/{} R 2", packets * 40);
            records.push(Record::read(&text, client_port(random), (Rule::Request, Origin::Internet)));
        }
    }
    records
}

/// Returns the answers to what others sent in the name of a public host, in a minute: they come from services, to any port.
pub(crate) fn backscatter(random: &mut Random, host: &str, format: Format) -> Vec<Record> {
    // Without flags they look like answers that come late.
    let as_answer =
        if format == Format::Flags { (Rule::Request, Origin::Internet) } else { (Rule::Late, Origin::OwnRequest) };
    let number = in_a_minute(random, BACKSCATTER_A_DAY);
    let each = (0..number).map(|_| {
        let (source, packets) = (scanner(random), 1 + random.below(5));
        let (flags, counts) =
            if random.permille(700) { (18, as_answer) } else { (4, (Rule::Late, Origin::OwnRequest)) };
        let port = [80, 443][random.below(2) as usize];
        let text = format!("{source}:{port}>{host}:{{p}} tcp {packets}/{} R {flags}", packets * 44);
        Record::read(&text, past_port(random), counts)
    });
    each.collect()
}

/// Returns what a public host exchanges with others in a minute.
pub(crate) fn accepted(random: &mut Random, host: &str) -> Vec<Record> {
    let client = format!("81.2.{}.{}", random.below(200), random.below(200));
    let connections = [
        (format!("{client}:{{p}}>{host}:443"), format!("{host}:443>{client}:{{p}}"), "tcp"),
        (format!("{host}:{{p}}>9.9.9.9:443"), format!("9.9.9.9:443>{host}:{{p}}"), "tcp"),
        (format!("{host}:{{p}}>{DATABASE}:5432"), format!("{DATABASE}:5432>{host}:{{p}}"), "tcp"),
        (format!("{host}:{{p}}>9.9.9.9:53"), format!("9.9.9.9:53>{host}:{{p}}"), "udp"),
    ];
    connections
        .iter()
        .flat_map(|(there, back, protocol)| {
            let port = client_port(random);
            let read = |ends: &str, flags| {
                let text = format!("{ends} {protocol} 12/2400 A {flags}");
                Record::read(&text, port, (Rule::Request, Origin::Internet))
            };
            [read(there, 3), read(back, 19)]
        })
        .collect()
}

/// Returns what comes late to a public host in a minute: of connections that were closed or idle for too long, and answers of servers of
/// names.
pub(crate) fn late(random: &mut Random, host: &str, format: Format) -> Vec<Record> {
    let answer = (Rule::Late, Origin::OwnRequest);
    // Without flags the last packet of somebody's connection is one of any client.
    let of_client = if format == Format::Flags { Rule::Late } else { Rule::Request };
    let kinds: [(&[&str], (Rule, Origin)); 6] = [
        (&["10.0.2.20:5432>{host}:{p} tcp 3/1200 R 0"], answer),
        (&["9.9.9.9:443>{host}:{p} tcp 1/40 R 4"], answer),
        (&["9.9.9.9:443>{host}:{p} tcp 3/156 R 1"], answer),
        (&["9.9.9.9:53>{host}:{p} udp 2/240 R 0"], answer),
        (&["{host}:{p}>9.9.9.9:53 udp 1/70 A 0", "9.9.9.9:53>{host}:{p} udp 2/240 R 0 200"], answer),
        (&["81.2.3.4:{p}>{host}:443 tcp 2/104 R 1"], (of_client, Origin::Internet)),
    ];
    let mut records = Vec::new();
    for (texts, counts) in kinds {
        if random.permille(100) {
            let port = past_port(random);
            records.extend(texts.iter().map(|text| Record::read(&text.replace("{host}", host), port, counts)));
        }
    }
    records
}

/// Returns what the database exchanges with a host in a minute, with packets that come after the connection has ended.
pub(crate) fn at_the_database(random: &mut Random, host: &str) -> Vec<Record> {
    let port = client_port(random);
    let counts = (Rule::Late, Origin::Private);
    let mut texts = vec![
        format!("{host}:{{p}}>{DATABASE}:5432 tcp 12/2400 A 3"),
        format!("{DATABASE}:5432>{host}:{{p}} tcp 12/4800 A 19"),
    ];
    if random.permille(100) {
        texts.push(format!("{host}:{{p}}>{DATABASE}:5432 tcp 2/104 R {}", [0, 1, 4][random.below(3) as usize]));
    }
    texts.iter().map(|text| Record::read(text, port, counts)).collect()
}
