//! Stage: merge and changelog. The bytes that are kept for each key, and which of them have changed since they were
//! last stored elsewhere: so that a checkpoint writes the changed keys only.
//!
//! A checksum over all entries, whatever their order, goes along: the sum of the entries' CRC-32. Whoever stores
//! the entries one by one can tell by it that none was lost, or came back from an earlier time.

use std::collections::HashMap;

use crate::error::Error;
use crate::wire::corrupt;

/// Bytes in front of each key and of each entry, in [`Kept::load`].
const LENGTH: usize = 4;

/// For each key some bytes.
///
/// The hash of the map has a random seed in every process, so that nobody can choose keys that collide; no result
/// depends on its order.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    entries: HashMap<Box<[u8]>, Entry>,
    /// The keys whose entries have changed; in order, and each once, after [`Kept::changed`].
    changed: Vec<Box<[u8]>>,
    /// The sum of the checksums of all entries that have not changed.
    unchanged: u64,
}

#[derive(Clone, Debug)]
struct Entry {
    bytes: Box<[u8]>,
    changed: bool,
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

/// What tells a complete set of entries from any other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    /// The number of keys.
    pub keys: usize,
    /// The sum of the checksums of all entries, modulo 2^64.
    pub checksum: u64,
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.entries.keys().all(|key| self.get(key) == other.get(key))
    }
}

impl Eq for Kept {}

impl Kept {
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
        self.entries.get(key).map(|entry| entry.bytes.as_ref())
    }

    /// Keeps other bytes for a key, or none.
    pub fn put(&mut self, key: &[u8], bytes: Option<&[u8]>) {
        let Some(entry) = self.entries.get_mut(key) else {
            if let Some(bytes) = bytes {
                self.entries.insert(key.into(), Entry { bytes: bytes.into(), changed: true });
                self.changed.push(key.into());
            }
            return;
        };
        if !entry.changed {
            entry.changed = true;
            self.unchanged = self.unchanged.wrapping_sub(checksum(key, &entry.bytes).into());
            self.changed.push(key.into());
        }
        match bytes {
            Some(bytes) if bytes.len() == entry.bytes.len() => entry.bytes.copy_from_slice(bytes),
            Some(bytes) => entry.bytes = bytes.into(),
            None => {
                self.entries.remove(key);
            }
        }
    }

    /// The entries in the order of their keys.
    #[must_use]
    pub fn in_order(&self) -> Vec<(&[u8], &[u8])> {
        let mut entries: Vec<(&[u8], &[u8])> =
            self.entries.iter().map(|(key, entry)| (key.as_ref(), entry.bytes.as_ref())).collect();
        entries.sort_unstable();
        entries
    }

    /// Puts the keys that have changed in order; gives their number.
    pub fn changed(&mut self) -> usize {
        // A key that went and came again was noted twice.
        self.changed.sort_unstable();
        self.changed.dedup();
        self.changed.len()
    }

    /// What has changed of some of the keys, counted as [`Kept::changed`] has put them.
    pub fn changes(&self, keys: std::ops::Range<usize>) -> impl Iterator<Item = Change<'_>> {
        let end = keys.end.min(self.changed.len());
        self.changed[keys.start.min(end)..end].iter().map(|key| {
            let bytes = self.get(key);
            Change { key, bytes, checksum: bytes.map_or(0, |bytes| checksum(key, bytes)) }
        })
    }

    /// Takes it that all changes have been stored.
    pub fn settle(&mut self) {
        for key in std::mem::take(&mut self.changed) {
            if let Some(entry) = self.entries.get_mut(&key)
                && std::mem::take(&mut entry.changed)
            {
                self.unchanged = self.unchanged.wrapping_add(checksum(&key, &entry.bytes).into());
            }
        }
    }

    /// What tells these entries from any others.
    #[must_use]
    pub fn guard(&self) -> Guard {
        // A key that is noted twice counts once.
        let mut changed: Vec<&[u8]> = self.changed.iter().map(AsRef::as_ref).collect();
        changed.sort_unstable();
        changed.dedup();
        let sum = changed
            .into_iter()
            .filter_map(|key| self.get(key).map(|bytes| u64::from(checksum(key, bytes))))
            .fold(self.unchanged, u64::wrapping_add);
        Guard { keys: self.len(), checksum: sum }
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
            let entry = Entry { bytes: bytes.into(), changed: false };
            if kept.entries.insert(key.into(), entry).is_some() {
                return Err(corrupt("a key is stored twice"));
            }
        }
        Ok(kept)
    }
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
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(bytes);
    hasher.finalize()
}
