//! Writes records as log lines, in the default format and in custom ones.

use std::net::IpAddr;

use super::world::{Random, Record, World};

/// The text of a declared format.
#[derive(Clone, Debug)]
pub(crate) struct Format(pub(crate) &'static str);

const FORMATS: [Format; 7] = [
    Format(
        "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}",
    ),
    Format(
        "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}",
    ),
    // All fields that the checks need.
    Format(
        "${version} ${account-id} ${vpc-id} ${subnet-id} ${instance-id} ${interface-id} ${region} ${az-id} ${srcaddr} ${dstaddr} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${pkt-srcaddr} ${pkt-dstaddr} ${flow-direction} ${reject-reason} ${resource-id} ${log-status}",
    ),
    // No direction.
    Format(
        "${account-id} ${vpc-id} ${interface-id} ${srcaddr} ${dstaddr} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${pkt-srcaddr} ${pkt-dstaddr} ${reject-reason} ${resource-id} ${log-status}",
    ),
    // No packet addresses.
    Format(
        "${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${flow-direction} ${reject-reason} ${log-status}",
    ),
    // No counters.
    Format(
        "${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${protocol} ${start} ${end} ${action} ${pkt-srcaddr} ${pkt-dstaddr} ${log-status}",
    ),
    // No interface.
    Format("${account-id} ${srcaddr} ${dstaddr} ${protocol} ${packets} ${start} ${end} ${action} ${log-status}"),
];

impl Format {
    /// Picks one format, or two with different numbers of fields.
    pub(crate) fn some(random: &mut Random) -> Vec<Format> {
        let mut formats = vec![random.pick(&FORMATS)];
        if random.permille(200) {
            let second = random.pick(&FORMATS);
            if second.names().count() != formats[0].names().count() {
                formats.push(second);
            }
        }
        formats
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.split(' ').map(|name| name.trim_start_matches("${").trim_end_matches('}'))
    }

    /// Returns the line of a record.
    pub(crate) fn line(&self, world: &World, record: &Record) -> String {
        let interface = &world.interfaces[record.interface];
        let subnet = &world.subnets[interface.subnet];
        let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
        let value = |name: &str| match name {
            "version" => "2".to_owned(),
            "account-id" if interface.account_shown => interface.account.clone(),
            "account-id" => "unknown".to_owned(),
            "interface-id" if interface.resource.is_none() => interface.id.clone(),
            "interface-id" => "-".to_owned(),
            "vpc-id" => interface.vpc.clone(),
            "subnet-id" if interface.resource.is_none() => subnet.id.clone(),
            "subnet-id" => "-".to_owned(),
            "instance-id" => or_dash(interface.instance.as_deref()),
            "resource-id" => or_dash(interface.resource.as_deref()),
            "region" => "eu-west-1".to_owned(),
            "az-id" => "euw1-az1".to_owned(),
            "srcaddr" => record.source.to_string(),
            "dstaddr" => record.target.to_string(),
            "pkt-srcaddr" => record.packet_source.to_string(),
            "pkt-dstaddr" => record.packet_target.to_string(),
            "srcport" | "dstport" => "0".to_owned(),
            "protocol" => protocol(record.source).to_string(),
            "packets" => record.packets.to_string(),
            "bytes" if record.bpa => "-".to_owned(),
            "bytes" => (record.packets * 84).to_string(),
            "start" => record.first.to_string(),
            "end" => record.last.to_string(),
            "action" => if record.accept { "ACCEPT" } else { "REJECT" }.to_owned(),
            "flow-direction" => if record.egress { "egress" } else { "ingress" }.to_owned(),
            "reject-reason" => if record.bpa { "BPA" } else { "-" }.to_owned(),
            "log-status" => "OK".to_owned(),
            other => panic!("no value for {other}"),
        };
        self.names().map(value).collect::<Vec<_>>().join(" ")
    }

    /// Returns a line that is not about ICMP: a NODATA line or rejected TCP.
    pub(crate) fn noise(&self, random: &mut Random) -> String {
        let nothing = random.permille(500);
        let value = |name: &str| match name {
            "log-status" if nothing => "NODATA",
            "log-status" => "OK",
            "account-id" => "111111111111",
            "interface-id" => "eni-noise",
            "action" if nothing => "-",
            "action" => "REJECT",
            "srcaddr" | "pkt-srcaddr" if !nothing => "10.9.9.9",
            "dstaddr" | "pkt-dstaddr" if !nothing => "10.9.9.8",
            "protocol" if !nothing => "6",
            "packets" | "bytes" | "start" | "end" if !nothing => "1795401120",
            _ => "-",
        };
        self.names().map(value).collect::<Vec<_>>().join(" ")
    }
}

fn protocol(address: IpAddr) -> u8 {
    if address.is_ipv6() { 58 } else { 1 }
}
