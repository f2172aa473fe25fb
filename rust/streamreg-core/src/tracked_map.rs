//! Merge and changelog: the bytes that are kept for each key, and which of them have changed since they were
//! last stored elsewhere: so that a checkpoint writes the changed keys only.
//!
//! A checksum over all entries, whatever their order, goes along: the sum of the entries' CRC-32. Whoever stores
//! the entries one by one sees by it that none was lost, or is an older version.

mod entry;
mod noted_keys;
mod stored;

use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Place;

use crate::checksum::crc32;

use entry::Entry;
use noted_keys::NotedKeys;

/// For each key some bytes.
///
/// The hash of the map has a random seed in every process, so that nobody can choose keys that collide; no result
/// depends on its order.
#[derive(Debug, Default)]
pub struct TrackedMap {
    entries: HashTable<Entry>,
    hash: RandomState,
    /// A new one begins when all keys are marked clean; entries say in which they have changed.
    generation: u64,
    /// The keys that have changed in this one; in order, and each once, after [`TrackedMap::changed`].
    changed: NotedKeys,
    /// What was found of these keys then; nothing if an entry has changed since.
    found: Vec<Found>,
    /// The sum of the checksums of all entries that have not changed.
    unchanged: u64,
}

/// Where the entry of a key is, and its checksum; 0 without one.
#[derive(Clone, Copy, Debug)]
struct Found {
    bucket: Option<usize>,
    checksum: u32,
}

/// What is to be stored of a key that has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// The key.
    pub key: &'a [u8],
    /// What is kept for it now; `None` if nothing is.
    pub bytes: Option<&'a [u8]>,
    /// The CRC-32 of the key followed by the bytes; 0 without any.
    pub checksum: u32,
}

/// A key of which two maps do not keep the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference<'a> {
    /// The key.
    pub key: &'a [u8],
    /// What the one keeps for it; `None` if nothing.
    pub here: Option<&'a [u8]>,
    /// What the other keeps.
    pub there: Option<&'a [u8]>,
}

/// What tells a complete set of entries from any other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// The number of keys.
    pub keys: usize,
    /// The sum of the checksums of all entries, modulo 2^64.
    pub checksum: u64,
}

impl PartialEq for TrackedMap {
    fn eq(&self, other: &Self) -> bool {
        let same = |entry: &Entry| other.get(entry.key()) == Some(entry.bytes());
        self.len() == other.len() && self.entries.iter().all(same)
    }
}

impl Eq for TrackedMap {}

impl TrackedMap {
    /// Number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What is kept for a key.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.entries.find(self.hash.hash_one(key), |entry| entry.key() == key).map(Entry::bytes)
    }

    /// Keeps other bytes for a key, or none.
    pub fn put(&mut self, key: &[u8], bytes: Option<&[u8]>) {
        self.put_if(key, bytes, |_| true);
    }

    /// The same if those that are kept, if any, are such that it is `wanted`; gives whether they were.
    pub fn put_if(
        &mut self,
        key: &[u8],
        bytes: Option<&[u8]>,
        wanted: impl FnOnce(Option<&[u8]>) -> bool,
    ) -> bool {
        // Also where nothing is put: room for another entry may have moved all others.
        self.found = Vec::new();
        let hash = self.hash.hash_one(key);
        let same = |entry: &Entry| entry.key() == key;
        match self.entries.entry(hash, same, |entry| self.hash.hash_one(entry.key())) {
            Place::Occupied(mut place) => {
                let entry = place.get_mut();
                if !wanted(Some(entry.bytes())) {
                    return false;
                }
                if !entry.is_of(self.generation) {
                    self.unchanged = self.unchanged.wrapping_sub(checksum(key, entry.bytes()).into());
                    self.changed.push(key);
                }
                match bytes {
                    Some(bytes) => entry.replace(bytes, self.generation),
                    None => {
                        place.remove();
                    }
                }
            }
            Place::Vacant(place) => {
                if !wanted(None) {
                    return false;
                }
                if let Some(bytes) = bytes {
                    place.insert(Entry::new(key, bytes, self.generation));
                    self.changed.push(key);
                }
            }
        }
        true
    }

    fn insert(&mut self, hash: u64, entry: Entry) {
        self.entries.insert_unique(hash, entry, |entry| self.hash.hash_one(entry.key()));
    }

    /// The entries in the order of their keys.
    #[must_use]
    pub fn in_order(&self) -> Vec<(&[u8], &[u8])> {
        let mut entries: Vec<(&[u8], &[u8])> =
            self.entries.iter().map(|entry| (entry.key(), entry.bytes())).collect();
        entries.sort_unstable();
        entries
    }

    /// The first entries in the order of their keys, at most so many.
    #[must_use]
    pub fn first(&self, most: Option<usize>) -> Vec<(&[u8], &[u8])> {
        let mut entries = self.in_order();
        entries.truncate(most.unwrap_or(usize::MAX));
        entries
    }

    /// All keys in order, also those that have changed to nothing, which have no bytes.
    #[must_use]
    pub fn with_gone(&self) -> Vec<(&[u8], Option<&[u8]>)> {
        let mut entries: Vec<_> =
            self.entries.iter().map(|entry| (entry.key(), Some(entry.bytes()))).collect();
        entries.extend(self.changed.iter().filter(|key| self.get(key).is_none()).map(|key| (key, None)));
        entries.sort_unstable();
        // A key that went twice was noted twice.
        entries.dedup();
        entries
    }

    /// Puts the keys that have changed in order, and looks for them; gives their number.
    pub fn changed(&mut self) -> usize {
        if self.found.is_empty() {
            // A key that went and came again was noted twice.
            self.changed.sort();
            self.found = self.changed.iter().map(|key| self.find(key)).collect();
        }
        self.found.len()
    }

    fn find(&self, key: &[u8]) -> Found {
        let bucket = self.entries.find_bucket_index(self.hash.hash_one(key), |entry| entry.key() == key);
        Found { bucket, checksum: self.at(bucket).map_or(0, |bytes| checksum(key, bytes)) }
    }

    fn at(&self, bucket: Option<usize>) -> Option<&[u8]> {
        self.entries.get_bucket(bucket?).map(Entry::bytes)
    }

    /// What has changed of some of the keys, counted as [`TrackedMap::changed`] has put them.
    #[must_use]
    pub fn changes(&self, keys: Range<usize>) -> impl ExactSizeIterator<Item = Change<'_>> {
        let end = keys.end.min(self.changed.len());
        (keys.start.min(end)..end).map(|index| {
            let key = self.changed.get(index);
            let found = self.found.get(index).copied().unwrap_or_else(|| self.find(key));
            Change { key, bytes: self.at(found.bucket), checksum: found.checksum }
        })
    }

    /// Marks all keys clean: their changes have been stored.
    pub fn mark_clean(&mut self) {
        self.unchanged = self.digest().checksum;
        self.changed = NotedKeys::default();
        self.found = Vec::new();
        self.generation += 1;
    }

    /// The checksum of these entries.
    #[must_use]
    pub fn digest(&mut self) -> Digest {
        self.changed();
        let sums = self.found.iter().map(|found| u64::from(found.checksum));
        Digest { keys: self.len(), checksum: sums.fold(self.unchanged, u64::wrapping_add) }
    }

    /// The first key, in order, of which not the same is kept as in another map, with what is kept here and there.
    #[must_use]
    pub fn difference<'a>(&'a self, other: &'a Self) -> Option<Difference<'a>> {
        let here = self.entries.iter().map(|entry| Difference {
            key: entry.key(),
            here: Some(entry.bytes()),
            there: other.get(entry.key()),
        });
        let there = other.entries.iter().map(|entry| Difference {
            key: entry.key(),
            here: self.get(entry.key()),
            there: Some(entry.bytes()),
        });
        here.chain(there).filter(|found| found.here != found.there).min_by_key(|found| found.key)
    }
}

fn checksum(key: &[u8], bytes: &[u8]) -> u32 {
    crc32(crc32(0, key), bytes)
}
