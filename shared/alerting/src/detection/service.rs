//! Services: a port with its protocol, and where it is offered.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use flow_log::Protocol;
use serde::{Deserialize, Serialize};

/// A port of TCP or UDP: `5432/tcp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ServicePort {
    /// The port.
    pub port: u16,
    /// TCP or UDP.
    pub protocol: Protocol,
}

impl ServicePort {
    /// The protocol's name in texts: `tcp`.
    pub fn protocol_word(self) -> &'static str {
        if self.protocol == Protocol::UDP { "udp" } else { "tcp" }
    }

    /// The service that is usually offered on the port, as IANA names it; none for a port of no well-known service.
    pub fn name(self) -> Option<&'static str> {
        let (tcp, udp) = (self.protocol == Protocol::TCP, self.protocol == Protocol::UDP);
        // Most ports are those of clients, which are higher than all of these.
        if KNOWN.last().is_none_or(|last| self.port > last.0) {
            return None;
        }
        let row = KNOWN.binary_search_by_key(&self.port, |row| row.0).ok().map(|place| KNOWN[place])?;
        let offered = matches!((row.1, tcp, udp), (On::Tcp, true, _) | (On::Udp, _, true) | (On::Both, ..));
        offered.then_some(row.2)
    }
}

impl fmt::Display for ServicePort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.port, self.protocol_word())
    }
}

impl From<ServicePort> for String {
    fn from(port: ServicePort) -> String {
        port.to_string()
    }
}

impl FromStr for ServicePort {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<ServicePort, &'static str> {
        let (port, protocol) = text.split_once('/').ok_or("a port with its protocol, as 5432/tcp")?;
        let protocol = match protocol {
            "tcp" => Protocol::TCP,
            "udp" => Protocol::UDP,
            _ => return Err("tcp or udp"),
        };
        Ok(ServicePort { port: port.parse().map_err(|_| "a port from 0 to 65535")?, protocol })
    }
}

impl TryFrom<String> for ServicePort {
    type Error = &'static str;

    fn try_from(text: String) -> Result<ServicePort, &'static str> {
        text.parse()
    }
}

/// A port of a host: `10.0.2.20:5432/tcp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Service {
    /// The host.
    pub address: IpAddr,
    /// The port.
    pub port: ServicePort,
}

impl Service {
    /// The service on a port of a host.
    pub fn new(address: IpAddr, port: u16, protocol: Protocol) -> Service {
        Service { address, port: ServicePort { port, protocol } }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", SocketAddr::new(self.address, self.port.port), self.port.protocol_word())
    }
}

impl From<Service> for String {
    fn from(service: Service) -> String {
        service.to_string()
    }
}

impl FromStr for Service {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Service, &'static str> {
        let (host, _) = text.rsplit_once('/').ok_or("a host, a port and a protocol, as 10.0.2.20:5432/tcp")?;
        let host: SocketAddr = host.parse().map_err(|_| "an address with a port, as 10.0.2.20:5432")?;
        let (_, port) = text.rsplit_once(':').ok_or("an address with a port, as 10.0.2.20:5432")?;
        Ok(Service { address: host.ip(), port: port.parse()? })
    }
}

impl TryFrom<String> for Service {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Service, &'static str> {
        text.parse()
    }
}

/// The protocols that a service is offered on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum On {
    Tcp,
    Udp,
    Both,
}

/// Services that are usual in a network of one's own, by port, with their names
/// (<https://www.iana.org/assignments/service-names-port-numbers>; where IANA's name is unknown to most, the product's).
const KNOWN: &[(u16, On, &str)] = &[
    (20, On::Tcp, "ftp-data"),
    (21, On::Tcp, "ftp"),
    (22, On::Tcp, "ssh"),
    (23, On::Tcp, "telnet"),
    (25, On::Tcp, "smtp"),
    (53, On::Both, "domain"),
    (67, On::Udp, "bootps"),
    (69, On::Udp, "tftp"),
    (80, On::Tcp, "http"),
    (88, On::Both, "kerberos"),
    (110, On::Tcp, "pop3"),
    (111, On::Both, "sunrpc"),
    (123, On::Udp, "ntp"),
    (135, On::Tcp, "epmap"),
    (137, On::Udp, "netbios-ns"),
    (138, On::Udp, "netbios-dgm"),
    (139, On::Tcp, "netbios-ssn"),
    (143, On::Tcp, "imap"),
    (161, On::Udp, "snmp"),
    (162, On::Udp, "snmptrap"),
    (179, On::Tcp, "bgp"),
    (389, On::Both, "ldap"),
    (443, On::Both, "https"),
    (445, On::Tcp, "microsoft-ds"),
    (464, On::Both, "kpasswd"),
    (465, On::Tcp, "submissions"),
    (500, On::Udp, "isakmp"),
    (514, On::Both, "syslog"),
    (587, On::Tcp, "submission"),
    (636, On::Tcp, "ldaps"),
    (853, On::Both, "domain-s"),
    (873, On::Tcp, "rsync"),
    (989, On::Tcp, "ftps-data"),
    (990, On::Tcp, "ftps"),
    (993, On::Tcp, "imaps"),
    (995, On::Tcp, "pop3s"),
    (1194, On::Both, "openvpn"),
    (1433, On::Tcp, "ms-sql-s"),
    (1434, On::Udp, "ms-sql-m"),
    (1521, On::Tcp, "oracle"),
    (1812, On::Udp, "radius"),
    (1813, On::Udp, "radius-acct"),
    (1883, On::Tcp, "mqtt"),
    (2049, On::Both, "nfs"),
    (2181, On::Tcp, "zookeeper"),
    (2375, On::Tcp, "docker"),
    (2376, On::Tcp, "docker-s"),
    (2379, On::Tcp, "etcd-client"),
    (2380, On::Tcp, "etcd-server"),
    (3260, On::Tcp, "iscsi-target"),
    (3268, On::Tcp, "msft-gc"),
    (3269, On::Tcp, "msft-gc-ssl"),
    (3306, On::Tcp, "mysql"),
    (3389, On::Both, "ms-wbt-server"),
    (4222, On::Tcp, "nats"),
    (4317, On::Tcp, "otlp"),
    (4318, On::Tcp, "otlp-http"),
    (4500, On::Udp, "ipsec-nat-t"),
    (5060, On::Both, "sip"),
    (5061, On::Tcp, "sips"),
    (5432, On::Tcp, "postgresql"),
    (5439, On::Tcp, "redshift"),
    (5601, On::Tcp, "kibana"),
    (5671, On::Tcp, "amqps"),
    (5672, On::Tcp, "amqp"),
    (5900, On::Tcp, "rfb"),
    (5985, On::Tcp, "wsman"),
    (5986, On::Tcp, "wsmans"),
    (6379, On::Tcp, "redis"),
    (6443, On::Tcp, "kubernetes"),
    (6514, On::Tcp, "syslog-tls"),
    (8080, On::Tcp, "http-alt"),
    (8125, On::Udp, "statsd"),
    (8200, On::Tcp, "vault"),
    (8443, On::Tcp, "https-alt"),
    (8500, On::Tcp, "consul"),
    (8883, On::Tcp, "secure-mqtt"),
    (9042, On::Tcp, "cassandra"),
    (9090, On::Tcp, "prometheus"),
    (9092, On::Tcp, "kafka"),
    (9094, On::Tcp, "kafka-tls"),
    (9098, On::Tcp, "kafka-iam"),
    (9100, On::Tcp, "node-exporter"),
    (9200, On::Tcp, "elasticsearch"),
    (9300, On::Tcp, "elasticsearch-node"),
    (10050, On::Tcp, "zabbix-agent"),
    (10051, On::Tcp, "zabbix-trapper"),
    (10250, On::Tcp, "kubelet"),
    (11211, On::Both, "memcache"),
    (15672, On::Tcp, "rabbitmq"),
    (27017, On::Tcp, "mongodb"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_its_ports() {
        assert!(KNOWN.is_sorted_by(|one, next| one.0 < next.0));
    }

    #[test]
    fn a_port_has_the_name_of_its_protocol_s_service() {
        let name = |text: &str| text.parse::<ServicePort>().unwrap().name();
        assert_eq!(name("5432/tcp"), Some("postgresql"));
        assert_eq!(name("5432/udp"), None);
        assert_eq!((name("53/tcp"), name("53/udp")), (Some("domain"), Some("domain")));
        assert_eq!((name("123/udp"), name("123/tcp")), (Some("ntp"), None));
        assert_eq!((name("0/tcp"), name("65535/udp"), name("41022/tcp")), (None, None, None));
    }

    #[test]
    fn a_service_is_read_as_it_is_written() {
        for text in ["10.0.2.20:5432/tcp", "[2001:db8::1]:53/udp", "10.0.0.1:0/tcp"] {
            assert_eq!(text.parse::<Service>().map(|service| service.to_string()).as_deref(), Ok(text));
        }
        for wrong in
            ["10.0.2.20:5432", "10.0.2.20/tcp", "10.0.2.20:5432/sctp", "10.0.2.20:70000/tcp", "db:5432/tcp", ""]
        {
            assert!(wrong.parse::<Service>().is_err(), "{wrong}");
        }
    }
}
