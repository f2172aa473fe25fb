//! Merge and changelog: the bytes that are kept for each key, and which of them have changed since they were
//! last stored elsewhere: so that a checkpoint writes the changed keys only.
//!
//! A checksum over all entries, whatever their order, goes along: the sum of the entries' CRC-32. Whoever stores
//! the entries one by one sees by it that none was lost, or is an older version.

use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use hashbrown::HashTable;

use crate::checksum::crc32;
use crate::error::Error;
use crate::wire::corrupt;

/// Bytes in front of each key and of what is kept for it, in [`TrackedMap::load`].
const LENGTH: usize = 4;

/// For each key some bytes.
///
/// The hash of the map has a random seed in every process, so that nobody can choose keys that collide; no result
/// depends on its order.
#[derive(Clone, Debug, Default)]
pub struct TrackedMap {
    entries: HashTable<Entry>,
    hash: RandomState,
    /// The keys whose entries have changed; in order, and each once, after [`TrackedMap::changed`].
    changed: Vec<Box<[u8]>>,
    /// The sum of the checksums of all entries that have not changed.
    unchanged: u64,
}

/// A key and its bytes in one piece of memory: there are many, and half of the time goes into waiting for it.
///
/// `whether it has changed (1) | length of the key (4, little endian) | key | bytes`
#[derive(Clone, Debug)]
struct Entry(Box<[u8]>);

const HEAD: usize = 1 + LENGTH;

impl Entry {
    fn new(key: &[u8], bytes: &[u8], changed: bool) -> Self {
        let mut entry = Vec::with_capacity(HEAD + key.len() + bytes.len());
        entry.push(u8::from(changed));
        // Longer keys do not come out of a batch, nor out of `load`.
        entry.extend_from_slice(&u32::try_from(key.len()).unwrap_or(u32::MAX).to_le_bytes());
        entry.extend_from_slice(key);
        entry.extend_from_slice(bytes);
        Self(entry.into())
    }

    /// Where the key ends.
    fn end(&self) -> usize {
        let &[_, a, b, c, d, ..] = self.0.as_ref() else { return HEAD };
        HEAD + u32::from_le_bytes([a, b, c, d]) as usize
    }

    fn key(&self) -> &[u8] {
        &self.0[HEAD..self.end()]
    }

    fn bytes(&self) -> &[u8] {
        &self.0[self.end()..]
    }

    fn changed(&self) -> bool {
        self.0[0] == 1
    }

    fn set_changed(&mut self, changed: bool) {
        self.0[0] = u8::from(changed);
    }

    /// Keeps other bytes for the same key.
    fn replace(&mut self, bytes: &[u8]) {
        let end = self.end();
        if self.0.len() == end + bytes.len() {
            self.0[end..].copy_from_slice(bytes);
        } else {
            *self = Self::new(self.key(), bytes, self.changed());
        }
    }
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
        let hash = self.hash.hash_one(key);
        let Ok(mut found) = self.entries.find_entry(hash, |entry| entry.key() == key) else {
            if let Some(bytes) = bytes {
                self.insert(hash, Entry::new(key, bytes, true));
                self.changed.push(key.into());
            }
            return;
        };
        let entry = found.get_mut();
        if !entry.changed() {
            entry.set_changed(true);
            self.unchanged = self.unchanged.wrapping_sub(checksum(key, entry.bytes()).into());
            self.changed.push(key.into());
        }
        match bytes {
            Some(bytes) => entry.replace(bytes),
            None => {
                found.remove();
            }
        }
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
        entries.extend(self.changed.iter().filter(|key| self.get(key).is_none()).map(|key| (&**key, None)));
        entries.sort_unstable();
        // A key that went twice was noted twice.
        entries.dedup();
        entries
    }

    /// Puts the keys that have changed in order; gives their number.
    pub fn changed(&mut self) -> usize {
        // A key that went and came again was noted twice.
        self.changed.sort_unstable();
        self.changed.dedup();
        self.changed.len()
    }

    /// What has changed of some of the keys, counted as [`TrackedMap::changed`] has put them.
    #[must_use]
    pub fn changes(&self, keys: Range<usize>) -> impl ExactSizeIterator<Item = Change<'_>> {
        let end = keys.end.min(self.changed.len());
        self.changed[keys.start.min(end)..end].iter().map(|key| {
            let bytes = self.get(key);
            Change { key, bytes, checksum: bytes.map_or(0, |bytes| checksum(key, bytes)) }
        })
    }

    /// Marks all keys clean: their changes have been stored.
    pub fn mark_clean(&mut self) {
        for key in std::mem::take(&mut self.changed) {
            let hash = self.hash.hash_one(key.as_ref());
            if let Some(entry) = self.entries.find_mut(hash, |entry| entry.key() == key.as_ref())
                && entry.changed()
            {
                entry.set_changed(false);
                self.unchanged = self.unchanged.wrapping_add(checksum(&key, entry.bytes()).into());
            }
        }
    }

    /// The checksum of these entries.
    #[must_use]
    pub fn digest(&self) -> Digest {
        // A key that is noted twice counts once.
        let mut changed: Vec<&[u8]> = self.changed.iter().map(AsRef::as_ref).collect();
        changed.sort_unstable();
        changed.dedup();
        let sum = changed
            .into_iter()
            .filter_map(|key| self.get(key).map(|bytes| u64::from(checksum(key, bytes))))
            .fold(self.unchanged, u64::wrapping_add);
        Digest { keys: self.len(), checksum: sum }
    }

    /// Entries as they were stored, none of them changed: key and bytes of each in turn, before each its length (4
    /// bytes, little endian).
    ///
    /// # Errors
    /// [`Error::Corrupt`] if the lengths do not fit, or a key comes twice.
    pub fn load(mut rows: &[u8]) -> Result<Self, Error> {
        let mut kept = Self::default();
        while !rows.is_empty() {
            let (key, bytes) = (piece(&mut rows)?, piece(&mut rows)?);
            kept.unchanged = kept.unchanged.wrapping_add(checksum(key, bytes).into());
            if kept.get(key).is_some() {
                return Err(stored_twice());
            }
            kept.insert(kept.hash.hash_one(key), Entry::new(key, bytes, false));
        }
        Ok(kept)
    }

    /// Takes in entries of other keys that were [loaded](Self::load), so that what is stored of many keys need not be
    /// in memory all at once.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if there is one of a key that is here already; nothing is taken in then.
    pub fn extend(&mut self, loaded: Self) -> Result<(), Error> {
        if loaded.entries.iter().any(|entry| self.get(entry.key()).is_some()) {
            return Err(stored_twice());
        }
        self.unchanged = self.unchanged.wrapping_add(loaded.unchanged);
        for entry in loaded.entries {
            self.insert(self.hash.hash_one(entry.key()), entry);
        }
        Ok(())
    }

    /// The bytes that all entries take in the form that [`TrackedMap::load`] reads.
    #[must_use]
    pub fn stored_len(&self) -> usize {
        self.entries.iter().map(|entry| entry.0.len() - HEAD + 2 * LENGTH).sum()
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

fn stored_twice() -> Error {
    corrupt("a key is stored twice")
}

fn piece<'a>(rows: &mut &'a [u8]) -> Result<&'a [u8], Error> {
    let cut = || corrupt("a stored key ends too early");
    let (length, rest) = rows.split_first_chunk::<LENGTH>().ok_or_else(cut)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| cut())?;
    let (piece, rest) = rest.split_at_checked(length).ok_or_else(cut)?;
    *rows = rest;
    Ok(piece)
}

fn checksum(key: &[u8], bytes: &[u8]) -> u32 {
    crc32(crc32(0, key), bytes)
}
