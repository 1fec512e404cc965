//! Which of a list's entries has a five-tuple.

use std::num::NonZeroU32;

use hashbrown::HashTable;

use crate::detection::{flow_key::FiveTuple, limits::FIRST_FLOWS};

/// A place in a list. It takes four bytes, also where there may be none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(NonZeroU32);

impl Place {
    pub(super) fn new(index: usize) -> Place {
        Place(u32::try_from(index + 1).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MAX))
    }

    pub(super) fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// An index of a list: the places of its entries by their five-tuples, which the list has.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(HashTable<Entry>);

/// An entry. Its hash tells it from most others without a look at the list, and is there when the table grows.
#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: TupleHash,
    place: Place,
}

/// The hash under which a five-tuple is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TupleHash(u32);

impl TupleHash {
    #[inline]
    pub(super) fn of(tuple: &FiveTuple) -> TupleHash {
        TupleHash(tuple.hash() as u32)
    }

    /// A table looks at the lowest and the highest bits.
    fn spread(self) -> u64 {
        u64::from(self.0) << 32 | u64::from(self.0)
    }
}

impl Places {
    /// An index with room for this many entries.
    pub(super) fn with_capacity(entries: usize) -> Places {
        Places(HashTable::with_capacity(entries))
    }

    /// The place of the entry that `is` tells to be the one, among those with this hash.
    #[inline]
    pub(super) fn find(&self, hash: TupleHash, is: impl Fn(usize) -> bool) -> Option<usize> {
        let found = self.0.find(hash.spread(), |known| known.hash == hash && is(known.place.index()));
        found.map(|known| known.place.index())
    }

    /// Adds a place.
    pub(super) fn insert(&mut self, hash: TupleHash, place: usize) {
        let entry = Entry { hash, place: Place::new(place) };
        if self.0.len() == self.0.capacity() {
            // Growing less often than twofold: each time every entry moves.
            self.0.reserve(FIRST_FLOWS.max(3 * self.0.len()), |known| known.hash.spread());
        }
        self.0.insert_unique(hash.spread(), entry, |known| known.hash.spread());
    }
}
