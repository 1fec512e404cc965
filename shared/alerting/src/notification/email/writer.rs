//! What the sections of an email read: the notification and the phrases.

use std::net::{IpAddr, SocketAddr};

use crate::{
    detection::{Finding, Service, ServicePort, Side},
    incident::{KeyPart, Ranked},
    notification::{
        email::draft::NamedLink,
        explained::ExplainedFinding,
        language::{Number, Phrases, Traffic},
        links::Link,
        notification::Notification,
        ranking::Ranking,
    },
};

/// Writes the sections of an email.
pub(super) struct Writer<'a> {
    pub(super) notification: &'a Notification<'a>,
    pub(super) words: &'static dyn Phrases,
    /// The findings that are listed, heaviest first.
    pub(super) flows: &'a [ExplainedFinding<'a>],
}

impl<'a> Writer<'a> {
    pub(super) fn of(notification: &'a Notification<'a>) -> Writer<'a> {
        let words = notification.site.language.phrases_about(notification.traffic());
        Writer { notification, words, flows: &notification.flows }
    }

    /// A link with its title.
    pub(super) fn link(&self, link: &Link) -> NamedLink {
        NamedLink { title: self.words.opens(&link.target), url: link.url.clone() }
    }

    /// Tells whether the flows are all there are: what holds for each of them holds for everything that is stated.
    pub(super) fn knows_all(&self) -> bool {
        self.notification.content.complete
    }

    /// The VPC of all interfaces, where EC2 knows each and it is the same.
    pub(super) fn only_vpc(&self) -> Option<&'a str> {
        let interfaces = &self.notification.content.interfaces;
        let vpc_of = |one: &Ranked<Box<str>>| self.notification.network.interfaces.get(&*one.value)?.vpc_id.as_deref();
        let first = vpc_of(interfaces.ranked.first()?)?;
        let all = interfaces.is_complete() && interfaces.ranked.iter().all(|one| vpc_of(one) == Some(first));
        Some(first).filter(|_| all)
    }

    /// The addresses of one side.
    pub(super) fn side(&self, side: Side) -> &'a Ranking<IpAddr> {
        match side {
            Side::Source => &self.notification.content.sources,
            Side::Target => &self.notification.content.targets,
        }
    }

    /// Tells whether it is about TCP or UDP.
    pub(super) fn is_about_connections(&self) -> bool {
        self.notification.traffic() == Traffic::Connections
    }

    /// The service that the incident is about, where it is one.
    fn service(&self) -> Option<Service> {
        if let KeyPart::Service(service) = self.notification.key.part { Some(service) } else { None }
    }

    /// The server's port, where everything has the same.
    pub(super) fn service_port(&self) -> Option<ServicePort> {
        self.service().map(|service| service.port).or_else(|| self.notification.content.ports.only().copied())
    }

    /// The server's address, where everything has the same.
    pub(super) fn service_host(&self) -> Option<IpAddr> {
        let hosts = || self.flows.iter().map(|flow| Some(flow.finding.service()?.address));
        let first = || hosts().next().flatten().filter(|first| hosts().all(|host| host == Some(*first)));
        self.service().map(|service| service.address).or_else(|| first().filter(|_| self.knows_all()))
    }

    /// So many of a ranking's values, and how exact that is.
    pub(super) fn number<K: Clone + Ord>(&self, ranking: &Ranking<K>, amount: u64) -> Number {
        if ranking.is_complete() {
            Number::Exactly(amount)
        } else if amount == 0 {
            Number::Unknown
        } else if ranking.exact || self.notification.content.untracked.records > 0 {
            Number::AtLeast(amount)
        } else {
            Number::About(amount)
        }
    }
}

/// A flow by its addresses, with the ports that it has: `10.0.1.10 → 10.0.2.20:5432`.
pub(super) fn flow_name(finding: &Finding) -> String {
    let flow = &finding.flow;
    let side = |address: IpAddr, port: Option<u16>| match port {
        Some(port) => SocketAddr::new(address, port).to_string(),
        None => address.to_string(),
    };
    format!("{} → {}", side(flow.sender(), flow.srcport), side(flow.receiver(), flow.dstport))
}
