//! The Logs Insights query that finds the records of an email again where their format is not known: by their text.

use std::net::IpAddr;

use flow_log::{Field, Formats, LogFormat, Protocol};

use crate::{
    detection::{ServicePort, is_icmp},
    notification::{
        content::NotificationContent,
        links::{
            Target,
            query::{MAX_RECORDS, is_plain},
        },
        ranking::Ranking,
    },
};

/// Addresses of one side that a query names; past them it is not narrowed to that side.
const MAX_ADDRESSES: usize = 12;

/// Ports that a query names; past them it is not narrowed to ports.
const MAX_PORTS: usize = 12;

/// What the query finds, and the query. It finds the protocols of the content alone, with ICMP all ICMP, by their place in the declared
/// formats, and of TCP and UDP the server's ports.
pub(crate) fn insights(content: &NotificationContent, formats: &Formats) -> (Target, String) {
    let sides: Vec<String> =
        [&content.sources, &content.targets].into_iter().filter_map(|side| one_of(content, side)).collect();
    let pair = sides.len() == 2 && content.sources.only().is_some() && content.targets.only().is_some();
    // Of a single pair what was accepted tells as much as what was not.
    let rejected = (!pair).then(|| word("REJECT"));
    let interface = content.interfaces.only().filter(|id| sides.is_empty() && is_plain(id)).map(|id| word(id));
    let conditions: Vec<String> =
        [protocols(content, formats)].into_iter().chain(rejected).chain(sides).chain(interface).collect();
    let query = format!(
        "fields @timestamp, @message\n| filter {}\n| sort @timestamp asc\n| limit {MAX_RECORDS}",
        conditions.join(" and ")
    );
    (if pair { Target::Records } else { Target::Rejected }, query)
}

/// A condition on the protocol and the ports: each stands where one of the formats has it.
fn protocols(content: &NotificationContent, formats: &Formats) -> String {
    let icmp = content.protocols.iter().all(|number| is_icmp(Protocol(*number)));
    let numbers: Vec<String> = content.protocols.iter().map(u8::to_string).collect();
    let protocol = if icmp { "1|58".to_owned() } else { numbers.join("|") };
    let ports = Some(&content.ports).filter(|_| !icmp).and_then(server_ports);
    let places = formats.as_slice().iter().flat_map(|format: &LogFormat| {
        let protocol = |port: Option<(Field, &str)>| {
            let fields = [Some((Field::Protocol, protocol.as_str())), port].into_iter().flatten();
            let places = fields.map(|(field, value)| Some((format.position(field)?, value)));
            line(places.collect::<Option<Vec<_>>>()?, format.fields().count())
        };
        match &ports {
            Some(ports) => vec![protocol(Some((Field::SrcPort, ports))), protocol(Some((Field::DstPort, ports)))],
            None => vec![protocol(None)],
        }
    });
    format!("@message like /^({})$/", places.flatten().collect::<Vec<_>>().join("|"))
}

/// An expression for a whole record of so many fields with one of some values at each of these places.
fn line(mut places: Vec<(usize, &str)>, fields: usize) -> Option<String> {
    places.sort_unstable();
    let mut text = String::new();
    let mut at = 0;
    for (place, values) in places {
        text.push_str(&format!("( *[^ ]+){{{}}} +({values})", place - at));
        at = place + 1;
    }
    Some(format!("{text}( +[^ ]+){{{}}} *", fields.checked_sub(at)?))
}

/// The server's ports. None where they are not all known, or too many.
fn server_ports(ports: &Ranking<ServicePort>) -> Option<String> {
    let all = ports.is_complete() && ports.ranked.len() as u64 == ports.distinct && ports.ranked.len() <= MAX_PORTS;
    let spelled: Vec<String> = ports.ranked.iter().map(|one| one.value.port.to_string()).collect();
    (all && !spelled.is_empty()).then(|| spelled.join("|"))
}

/// A condition that one of some addresses stands in the record. None where they are not all known, or too many.
fn one_of(content: &NotificationContent, side: &Ranking<IpAddr>) -> Option<String> {
    let all = side.exact && side.ranked.len() as u64 == side.distinct && side.ranked.len() <= MAX_ADDRESSES;
    let spelled: Vec<String> = side.ranked.iter().map(|one| spelling(content, one.value)).collect();
    (all && !spelled.is_empty()).then(|| word(&spelled.join("|")))
}

/// An address as the records spell it, which for IPv6 need not be the way it is spelled here.
fn spelling(content: &NotificationContent, address: IpAddr) -> String {
    let opposites =
        content.findings.iter().filter_map(|finding| finding.opposite.as_ref().map(|accepted| &*accepted.line));
    let mut words = content.lines.iter().map(String::as_str).chain(opposites).flat_map(str::split_ascii_whitespace);
    let spelled = words.find(|word| word.parse::<IpAddr>().is_ok_and(|parsed| parsed == address));
    spelled.map_or_else(|| address.to_string(), str::to_owned)
}

/// A condition that a word stands in the record, between spaces or at its ends. A full stop stands for itself.
fn word(word: &str) -> String {
    format!("@message like /(^| )({})( |$)/", word.replace('.', "\\."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::Ranked;

    fn ranking<K>(values: impl IntoIterator<Item = K>, exact: bool) -> Ranking<K> {
        let ranked = values.into_iter().map(|value| Ranked { value, weight: 1, exact: true, home: None, named: false });
        let ranked: Vec<Ranked<K>> = ranked.collect();
        Ranking { distinct: ranked.len() as u64, ranked, exact, unknown: false }
    }

    fn side(addresses: &[&str], exact: bool) -> Ranking<IpAddr> {
        ranking(addresses.iter().map(|address| address.parse().unwrap()), exact)
    }

    fn filter(content: &NotificationContent) -> (bool, String) {
        let (target, query) = insights(content, &Formats::default());
        let filter = query.lines().find_map(|line| line.strip_prefix("| filter ")).unwrap();
        let filter = filter.strip_prefix("@message like /^(( *[^ ]+){7} +(1|58)( +[^ ]+){6} *)$/ and ");
        (target == Target::Records, filter.expect("it finds ICMP alone").to_owned())
    }

    #[test]
    fn a_pair_is_found_in_both_directions_whatever_became_of_it() {
        let content = NotificationContent {
            sources: side(&["10.0.0.1"], true),
            targets: side(&["8.8.8.8"], true),
            ..NotificationContent::default()
        };
        let expect = r"@message like /(^| )(10\.0\.0\.1)( |$)/ and @message like /(^| )(8\.8\.8\.8)( |$)/";
        assert_eq!(filter(&content), (true, expect.to_owned()));
    }

    #[test]
    fn a_side_with_too_many_addresses_is_left_open() {
        let content = NotificationContent {
            sources: side(&["10.0.0.1", "10.0.0.2"], false),
            targets: side(&["8.8.8.8", "9.9.9.9"], true),
            ..NotificationContent::default()
        };
        let expect = r"@message like /(^| )(REJECT)( |$)/ and @message like /(^| )(8\.8\.8\.8|9\.9\.9\.9)( |$)/";
        assert_eq!(filter(&content), (false, expect.to_owned()));
    }

    #[test]
    fn where_no_side_is_known_the_interface_narrows() {
        let content =
            NotificationContent { interfaces: ranking(["eni-1".into()], true), ..NotificationContent::default() };
        let expect = r"@message like /(^| )(REJECT)( |$)/ and @message like /(^| )(eni-1)( |$)/";
        assert_eq!(filter(&content), (false, expect.to_owned()));
        let hostile =
            NotificationContent { interfaces: ranking(["/ or 1".into()], true), ..NotificationContent::default() };
        assert_eq!(filter(&hostile), (false, r"@message like /(^| )(REJECT)( |$)/".to_owned()));
    }

    #[test]
    fn tcp_is_found_by_the_server_s_port_at_its_two_places() {
        let content = NotificationContent {
            sources: side(&["10.0.1.10"], true),
            targets: side(&["10.0.2.20"], true),
            ports: ranking(["5432/tcp".parse().unwrap()], true),
            protocols: [6].into(),
            ..NotificationContent::default()
        };
        let (target, query) = insights(&content, &Formats::default());
        assert_eq!(target, Target::Records);
        let expect = "| filter @message like /^(( *[^ ]+){5} +(5432)( *[^ ]+){1} +(6)( +[^ ]+){6} *\
                      |( *[^ ]+){6} +(5432)( *[^ ]+){0} +(6)( +[^ ]+){6} *)$/ and ";
        assert!(query.contains(expect), "{query}");
        let unknown = NotificationContent { ports: Ranking::default(), ..content };
        let (_, query) = insights(&unknown, &Formats::default());
        assert!(query.contains("like /^(( *[^ ]+){7} +(6)( +[^ ]+){6} *)$/ and "), "{query}");
    }

    #[test]
    fn an_ipv6_address_is_spelled_as_in_the_records() {
        let content = NotificationContent {
            sources: side(&["2001:db8::1"], true),
            lines: vec!["2 1 eni-1 2001:0db8:0:0:0:0:0:1 10.0.0.1 0 0 58 1 84 1 2 REJECT OK".to_owned()],
            ..NotificationContent::default()
        };
        assert!(filter(&content).1.contains("(2001:0db8:0:0:0:0:0:1)"), "{content:?}");
    }
}
