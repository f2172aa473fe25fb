//! Reduce: a reduction by keys cut by a hash of the keys, for those who keep a part of the keys each.

use super::KeyedReduction;
use crate::checksum::crc32;
use crate::error::Error;
use crate::wire::Writer;

/// In which of so many parts a key is: the one whose number is the CRC-32 of its bytes modulo the number of parts, the
/// same on every machine and in every process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts(u32);

impl Parts {
    /// So many.
    ///
    /// # Errors
    /// [`Error::Invalid`] of no parts, or more than 2^32 - 1.
    pub(crate) fn new(parts: usize) -> Result<Self, Error> {
        match u32::try_from(parts) {
            Ok(count) if count > 0 => Ok(Self(count)),
            _ => Err(Error::Invalid(format!("keys cannot be cut in {parts} parts"))),
        }
    }

    /// The part of a key.
    pub(crate) fn of(self, key: &[u8]) -> usize {
        (crc32(0, key) % self.0) as usize
    }
}

impl KeyedReduction {
    /// All keys in so many parts, each as [`KeyedReduction::to_bytes`] gives it of these keys alone.
    ///
    /// A key is in the part whose number is the CRC-32 of its bytes modulo the number of parts: the same on every
    /// machine and in every process.
    ///
    /// # Errors
    /// [`Error::Invalid`] of no parts, or more than 2^32 - 1.
    pub fn split(&self, parts: usize) -> Result<Vec<Vec<u8>>, Error> {
        let place = Parts::new(parts)?;
        let entries = self.states.in_order();
        let mut keys = vec![0; parts];
        for (key, _) in &entries {
            keys[place.of(key)] += 1;
        }
        let mut writers: Vec<_> = keys.into_iter().map(|keys| self.begin(keys)).collect();
        for (key, state) in entries {
            let writer = &mut writers[place.of(key)];
            writer.bytes(key);
            writer.append(state);
        }
        Ok(writers.into_iter().map(Writer::finish).collect())
    }
}
