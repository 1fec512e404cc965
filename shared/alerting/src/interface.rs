//! The interfaces of one batch, and pairs of addresses as they see them.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    net::IpAddr,
};

use flow_log::FlowRecord;

use crate::{detect::MAX_FIELD_CHARS, direction::OwnAddress, text::one_line};

/// The interfaces of a batch, each with its place in the list as its number.
#[derive(Debug, Default)]
pub(crate) struct Interfaces {
    list: Vec<Interface>,
    numbers: HashMap<Box<str>, usize>,
    /// The one seen last. A log stream has the records of one interface, so it mostly is the next one too.
    last: usize,
}

#[derive(Debug)]
pub(crate) struct Interface {
    /// `interface-id`; the empty text stands for `-`.
    pub(crate) name: Box<str>,
    pub(crate) own: OwnAddress,
}

/// Two addresses as one interface sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    /// The interface's number.
    pub(crate) interface: usize,
    pub(crate) srcaddr: IpAddr,
    pub(crate) dstaddr: IpAddr,
}

impl Interfaces {
    /// A record's addresses. The interface takes note of them.
    pub(crate) fn pair(&mut self, record: &FlowRecord<'_>) -> Pair {
        let interface = self.number(record.interface_id().unwrap_or_default());
        let (srcaddr, dstaddr) = (record.srcaddr, record.dstaddr);
        self.list[interface].own.observe(srcaddr, dstaddr);
        Pair { interface, srcaddr, dstaddr }
    }

    /// The interface of that number.
    pub(crate) fn get(&self, number: usize) -> &Interface {
        &self.list[number]
    }

    /// The number under which an interface is known in this batch.
    fn number(&mut self, id: &str) -> usize {
        if self.list.get(self.last).is_none_or(|interface| *interface.name != *id) {
            let name = one_line(id, MAX_FIELD_CHARS);
            self.last = match self.numbers.get(&*name) {
                Some(number) => *number,
                None => {
                    let name: Box<str> = name.into();
                    self.numbers.insert(name.clone(), self.list.len());
                    self.list.push(Interface { name, own: OwnAddress::default() });
                    self.list.len() - 1
                }
            };
        }
        self.last
    }
}

/// Hashes three numbers instead of the many small pieces that a derived implementation has.
impl Hash for Pair {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let bits = |address| match address {
            IpAddr::V4(v4) => u128::from(v4.to_bits()),
            IpAddr::V6(v6) => v6.to_bits(),
        };
        state.write_usize(self.interface);
        state.write_u128(bits(self.srcaddr));
        state.write_u128(bits(self.dstaddr));
    }
}
