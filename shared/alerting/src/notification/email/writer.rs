//! What the sections of an email read: the notification and the phrases.

use std::net::IpAddr;

use crate::{
    detection::Side,
    incident::Ranked,
    notification::{
        email::draft::NamedLink,
        explained::ExplainedFinding,
        language::{Number, Phrases},
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
        Writer { notification, words: notification.site.language.phrases(), flows: &notification.flows }
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
