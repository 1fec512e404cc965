//! The Logs Insights query that finds the records of an email again.

use std::{collections::BTreeSet, fmt::Write as _, net::IpAddr};

use flow_log::{Field, LogFormat};

use crate::detection::{Finding, is_icmp};

/// Records that a query shows: the most that Logs Insights returns
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Limit.html>).
pub(crate) const MAX_RECORDS: u64 = 10_000;

/// Addresses that a query names around one common address, and pairs that it names without one; past them it narrows by
/// interface only. Email readers and browsers take links of a few thousand characters.
const MAX_ADDRESSES: usize = 20;

const MAX_PAIRS: usize = 8;

/// Ports that a query names; past them it does not narrow by ports.
const MAX_PORTS: usize = 20;

/// A query for all records of the findings' address pairs, in both directions, accepted and rejected: ICMP, or TCP and UDP on the server's
/// ports.
pub(crate) fn insights(findings: &[Finding], format: &LogFormat) -> String {
    let names = Names::of(format, !is_about_icmp(findings));
    let Names { protocol, action, source, target, packets, .. } = names;
    let mut query = names.parse.clone();
    let _ = write!(
        query,
        "fields @timestamp, {action}, {source}, {target}{}\n\
         | filter {} and ({}){}\n\
         | sort @timestamp asc\n\
         | limit {MAX_RECORDS}",
        port_fields(&names) + &packets.map(|packets| format!(", {packets}")).unwrap_or_default(),
        protocols(findings, protocol),
        condition(findings, &names),
        ports(findings, &names).map(|ports| format!(" and {ports}")).unwrap_or_default()
    );
    query
}

fn is_about_icmp(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| is_icmp(finding.flow.protocol))
}

/// A condition on the protocol: that of ICMP both, as a host's pings may be of either.
fn protocols(findings: &[Finding], name: &str) -> String {
    if is_about_icmp(findings) {
        return format!("({name} = 1 or {name} = 58)");
    }
    let numbers: BTreeSet<u8> = findings.iter().map(|finding| finding.flow.protocol.0).collect();
    let each: Vec<String> = numbers.iter().map(|number| format!("{name} = {number}")).collect();
    if let [only] = &each[..] { only.clone() } else { format!("({})", each.join(" or ")) }
}

/// The fields of the ports, where there are such.
fn port_fields(names: &Names) -> String {
    match names.ports {
        Some((source, target)) => format!(", {source}, {target}"),
        None => String::new(),
    }
}

/// A condition that one of the ports is a server's of the findings. The packets the other way come from it.
fn ports(findings: &[Finding], names: &Names) -> Option<String> {
    let (source, target) = names.ports?;
    let ports = findings.iter().map(|finding| finding.service().map(|service| service.port.port));
    let ports: BTreeSet<u16> = ports.collect::<Option<_>>()?;
    let listed = ports.iter().map(u16::to_string).collect::<Vec<_>>();
    let is = match &listed[..] {
        [only] => format!("= {only}"),
        several => format!("in [{}]", several.join(", ")),
    };
    (ports.len() <= MAX_PORTS).then(|| format!("({source} {is} or {target} {is})"))
}

/// What the query calls the fields.
struct Names {
    /// Takes the records apart first; empty where Logs Insights does so by itself.
    parse: String,
    protocol: &'static str,
    action: &'static str,
    source: &'static str,
    target: &'static str,
    /// The source port and the destination port.
    ports: Option<(&'static str, &'static str)>,
    packets: Option<&'static str>,
}

impl Names {
    /// Logs Insights knows the fields of the default format
    /// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html>). Records of
    /// another format are split at their spaces, into names that it neither discovers nor has a command for (`source` is one).
    fn of(format: &LogFormat, with_ports: bool) -> Names {
        let is_default = format.fields().eq(Field::DEFAULT_FORMAT.iter().copied().map(Some));
        if is_default {
            return Names {
                parse: String::new(),
                protocol: "protocol",
                action: "action",
                source: "srcAddr",
                target: "dstAddr",
                ports: with_ports.then_some(("srcPort", "dstPort")),
                packets: Some("packets"),
            };
        }
        let column =
            |field: Field| column(field).filter(|_| with_ports || !matches!(field, Field::SrcPort | Field::DstPort));
        let columns: Vec<String> = format
            .fields()
            .enumerate()
            .map(|(index, field)| field.and_then(column).map_or_else(|| format!("f{}", index + 1), str::to_owned))
            .collect();
        let globs = vec!["*"; columns.len()].join(" ");
        Names {
            parse: format!("parse @message \"{globs}\" as {}\n| ", columns.join(", ")),
            protocol: "ip_protocol",
            action: "verdict",
            source: "src_address",
            target: "dst_address",
            ports: format
                .position(Field::SrcPort)
                .and(format.position(Field::DstPort))
                .and_then(|_| Some((column(Field::SrcPort)?, column(Field::DstPort)?))),
            packets: format.position(Field::Packets).and_then(|_| column(Field::Packets)),
        }
    }
}

fn column(field: Field) -> Option<&'static str> {
    match field {
        Field::Action => Some("verdict"),
        Field::SrcAddr => Some("src_address"),
        Field::DstAddr => Some("dst_address"),
        Field::SrcPort => Some("src_port"),
        Field::DstPort => Some("dst_port"),
        Field::Packets => Some("packet_count"),
        Field::Protocol => Some("ip_protocol"),
        _ => None,
    }
}

fn condition(findings: &[Finding], names: &Names) -> String {
    let pairs: BTreeSet<(IpAddr, IpAddr)> = findings
        .iter()
        .map(|finding| {
            let (a, b) = (finding.flow.srcaddr, finding.flow.dstaddr);
            (a.min(b), a.max(b))
        })
        .collect();
    let (source, target) = (names.source, names.target);
    // Mostly one address, the interface's own, is in every pair.
    let common =
        pairs.first().and_then(|(a, b)| [*a, *b].into_iter().find(|x| pairs.iter().all(|(a, b)| a == x || b == x)));
    if let Some(common) = common
        && pairs.len() <= MAX_ADDRESSES
    {
        let others: Vec<IpAddr> = pairs.iter().map(|(a, b)| if *a == common { *b } else { *a }).collect();
        return format!(
            "({} and {}) or ({} and {})",
            is_one_of(source, &[common]),
            is_one_of(target, &others),
            is_one_of(target, &[common]),
            is_one_of(source, &others)
        );
    }
    if pairs.len() <= MAX_PAIRS {
        let either = |(a, b): &(IpAddr, IpAddr)| {
            format!("({} and {})", is_one_of(source, &[*a, *b]), is_one_of(target, &[*a, *b]))
        };
        return pairs.iter().map(either).collect::<Vec<_>>().join(" or ");
    }
    let interfaces: BTreeSet<&str> = findings
        .iter()
        .filter_map(|finding| finding.flow.interface_id.as_deref())
        .filter(|id| is_plain(id))
        .take(MAX_ADDRESSES)
        .collect();
    let mut condition = format!("{} = \"REJECT\"", names.action);
    if let (Some(only), 1) = (interfaces.first(), interfaces.len()) {
        let _ = write!(condition, " and @message like \"{only}\"");
    }
    condition
}

/// A condition that a field is one of some addresses; in brackets wherever that matters.
fn is_one_of(name: &str, addresses: &[IpAddr]) -> String {
    if addresses.iter().all(IpAddr::is_ipv4) {
        return match addresses {
            [only] => format!("{name} = \"{only}\""),
            _ => {
                let quoted: Vec<String> = addresses.iter().map(|address| format!("\"{address}\"")).collect();
                format!("{name} in [{}]", quoted.join(", "))
            }
        };
    }
    let each: Vec<String> = addresses
        .iter()
        .map(|address| match address {
            IpAddr::V4(v4) => format!("{name} = \"{v4}\""),
            // A record may spell an IPv6 address in more than one way.
            IpAddr::V6(v6) => format!("isIpv6InSubnet({name}, \"{v6}/128\")"),
        })
        .collect();
    if let [only] = &each[..] { only.clone() } else { format!("({})", each.join(" or ")) }
}

/// Tells whether an id can stand in a query or a link as it is: letters, digits and hyphens only.
pub(crate) fn is_plain(id: &str) -> bool {
    !id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use flow_log::{Formats, LogEvent};

    use super::insights;
    use crate::detection::{Detector, LogSource, Rules};

    fn query(formats: &Formats, lines: &[String]) -> String {
        let mut detector = Detector::new(formats).with_rules(Rules::all());
        for line in lines {
            detector.observe(&LogEvent::new("1", 1_795_401_134_000, line));
        }
        let detection = detector.finish(LogSource::default());
        let findings: Vec<_> = detection.findings().into_iter().cloned().collect();
        insights(&findings, detection.format.as_ref().unwrap())
    }

    /// The part of the query that tells these address pairs from others.
    fn condition(pairs: &[(&str, &str)]) -> String {
        let line = |(a, b): &(&str, &str)| format!("2 1 eni-1 {a} {b} 0 0 1 1 84 1 2 REJECT OK");
        let query = query(&Formats::default(), &pairs.iter().map(line).collect::<Vec<_>>());
        let filter = query.lines().find_map(|line| line.strip_prefix("| filter (protocol = 1 or protocol = 58) and "));
        filter.unwrap().to_owned()
    }

    #[test]
    fn the_default_format_uses_the_fields_that_logs_insights_knows() {
        let lines = ["2 1 eni-1 10.0.0.1 8.8.8.8 0 0 1 1 84 1 2 REJECT OK".to_owned()];
        assert_eq!(
            query(&Formats::default(), &lines),
            "fields @timestamp, action, srcAddr, dstAddr, packets\n\
             | filter (protocol = 1 or protocol = 58) and \
             ((srcAddr = \"8.8.8.8\" and dstAddr = \"10.0.0.1\") or (dstAddr = \"8.8.8.8\" and srcAddr = \"10.0.0.1\"))\n\
             | sort @timestamp asc\n\
             | limit 10000"
        );
    }

    #[test]
    fn tcp_and_udp_are_found_by_the_port_of_the_server_both_ways() {
        let line = |ports: &str, protocol: u8| {
            format!("2 1 eni-1 10.0.1.10 10.0.2.20 {ports} {protocol} 4 240 1795401134 1795401182 REJECT OK")
        };
        let one = query(&Formats::default(), &[line("41022 5432", 6), line("41023 5432", 6)]);
        assert_eq!(
            one.lines().collect::<Vec<_>>()[..2],
            [
                "fields @timestamp, action, srcAddr, dstAddr, srcPort, dstPort, packets",
                "| filter protocol = 6 and ((srcAddr = \"10.0.1.10\" and dstAddr = \"10.0.2.20\") or \
                 (dstAddr = \"10.0.1.10\" and srcAddr = \"10.0.2.20\")) and (srcPort = 5432 or dstPort = 5432)",
            ]
        );
        let both = query(&Formats::default(), &[line("41022 5432", 6), line("41023 53", 17)]);
        assert!(both.contains("| filter (protocol = 6 or protocol = 17) and "), "{both}");
        assert!(both.contains(" and (srcPort in [53, 5432] or dstPort in [53, 5432])\n"), "{both}");
        let without = Formats::parse("${srcaddr} ${dstaddr} ${protocol} ${action} ${log-status}").unwrap();
        let query = query(&without, &["10.0.1.10 10.0.2.20 6 REJECT OK".to_owned()]);
        assert!(!query.contains("port"), "{query}");
    }

    #[test]
    fn another_format_is_taken_apart_first() {
        let formats = Formats::parse("${srcaddr} ${dstaddr} ${protocol} ${new-field} ${action} ${log-status}").unwrap();
        let query = query(&formats, &["10.0.0.1 8.8.8.8 1 x REJECT OK".to_owned()]);
        assert_eq!(
            query.lines().collect::<Vec<_>>()[..2],
            [
                "parse @message \"* * * * * *\" as src_address, dst_address, ip_protocol, f4, verdict, f6",
                "| fields @timestamp, verdict, src_address, dst_address",
            ]
        );
    }

    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html>; a name that is a command's breaks the
    /// query.
    #[test]
    fn no_field_is_named_like_a_command_of_logs_insights() {
        let formats = Formats::parse("${srcaddr} ${dstaddr} ${protocol} ${packets} ${action} ${log-status}").unwrap();
        let query = query(&formats, &["10.0.0.1 8.8.8.8 1 4 REJECT OK".to_owned()]);
        let (_, names) = query.lines().next().unwrap().rsplit_once("\" as ").unwrap();
        let commands = "anomaly dedup diff display fields filter filterindex join limit lookup parse pattern sort source \
                        stats unmask unnest";
        for name in names.split(", ") {
            assert!(
                commands.split(' ').all(|command| !command.eq_ignore_ascii_case(name)),
                "{name} is a command: {query}"
            );
        }
        assert_eq!(names.split(", ").count(), 6);
    }

    #[test]
    fn pairs_around_one_address_are_named_by_it() {
        assert_eq!(
            condition(&[("10.0.0.1", "10.0.0.9"), ("10.0.0.2", "10.0.0.9"), ("10.0.0.9", "10.0.0.3")]),
            "((srcAddr = \"10.0.0.9\" and dstAddr in [\"10.0.0.1\", \"10.0.0.2\", \"10.0.0.3\"]) or \
             (dstAddr = \"10.0.0.9\" and srcAddr in [\"10.0.0.1\", \"10.0.0.2\", \"10.0.0.3\"]))"
        );
    }

    #[test]
    fn pairs_without_a_common_address_are_named_one_by_one() {
        assert_eq!(
            condition(&[("10.0.0.1", "10.0.0.2"), ("10.0.0.4", "10.0.0.3")]),
            "((srcAddr in [\"10.0.0.1\", \"10.0.0.2\"] and dstAddr in [\"10.0.0.1\", \"10.0.0.2\"]) or \
             (srcAddr in [\"10.0.0.3\", \"10.0.0.4\"] and dstAddr in [\"10.0.0.3\", \"10.0.0.4\"]))"
        );
    }

    #[test]
    fn ipv6_addresses_are_compared_as_addresses() {
        assert_eq!(
            condition(&[("2001:db8::1", "2001:0db8:0::2")]),
            "((isIpv6InSubnet(srcAddr, \"2001:db8::1/128\") and isIpv6InSubnet(dstAddr, \"2001:db8::2/128\")) or \
             (isIpv6InSubnet(dstAddr, \"2001:db8::1/128\") and isIpv6InSubnet(srcAddr, \"2001:db8::2/128\")))"
        );
    }

    #[test]
    fn many_addresses_are_found_by_their_interface() {
        let sources: Vec<String> = (0..=super::MAX_ADDRESSES).map(|n| format!("10.0.1.{n}")).collect();
        let pairs: Vec<(&str, &str)> = sources.iter().map(|source| (source.as_str(), "10.0.0.9")).collect();
        assert_eq!(condition(&pairs), "(action = \"REJECT\" and @message like \"eni-1\")");
    }
}
