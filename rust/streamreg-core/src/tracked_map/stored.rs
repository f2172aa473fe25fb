//! Merge and changelog: a map of what was stored elsewhere.

use super::entry::Entry;
use super::{TrackedMap, checksum};
use crate::error::Error;
use crate::wire::corrupt;
use std::hash::BuildHasher;

/// Bytes in front of each key and of what is kept for it, in [`TrackedMap::load`].
const LENGTH: usize = 4;

/// The generation of what was loaded, and has not changed since.
const LOADED: u64 = u64::MAX;

impl TrackedMap {
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
            kept.insert(kept.hash.hash_one(key), Entry::new(key, bytes, LOADED));
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
        self.found = Vec::new();
        self.unchanged = self.unchanged.wrapping_add(loaded.unchanged);
        for entry in loaded.entries {
            self.insert(self.hash.hash_one(entry.key()), entry);
        }
        Ok(())
    }

    /// The bytes that all entries take in the form that [`TrackedMap::load`] reads.
    #[must_use]
    pub fn stored_len(&self) -> usize {
        self.entries.iter().map(|entry| entry.len() + 2 * LENGTH).sum()
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
