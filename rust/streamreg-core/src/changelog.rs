//! Stage: changelog. What changed since the last answer: for each key its last row, and the lines that
//! take it to the next one.

use crate::error::Error;
use crate::kept::Kept;
use crate::wire::{Reader, Writer, corrupt};
use crate::write::{Packed, Stamp};

/// The kind byte of the sealed state.
const KIND: u8 = 3;

/// The last row of each key, as CSV text.
///
/// Two changelogs that hold the same rows have the same bytes, whatever led there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changelog {
    rows: Kept,
}

impl Changelog {
    /// No key has a row.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of keys that have a row.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no key has a row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows, and which have changed since they were last settled.
    #[must_use]
    pub fn kept(&self) -> &Kept {
        &self.rows
    }

    /// The same, to be put in order or settled.
    pub fn kept_mut(&mut self) -> &mut Kept {
        &mut self.rows
    }

    /// Reads rows that were stored one by one, in the form that [`Kept::load`] tells.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if they are not in that form.
    pub fn load(rows: &[u8]) -> Result<Self, Error> {
        Ok(Self { rows: Kept::load(rows)? })
    }

    /// The CSV lines that take each key, in the given order, from its last row to its new one: the old with
    /// -1, then the new with +1; none if they are the same. `present` says which keys have a new row, the
    /// packed `rows` hold those.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the three do not fit each other, [`Error::Corrupt`] or [`Error::Version`] if
    /// the rows are no packed rows; then nothing has changed.
    pub fn update(
        &mut self,
        keys: &[impl AsRef<[u8]>],
        present: &[bool],
        rows: &[u8],
        time: i64,
    ) -> Result<Vec<u8>, Error> {
        let rows = Packed::from_bytes(rows)?;
        let expected = present.iter().filter(|&&present| present).count();
        if keys.len() != present.len() || rows.len() != expected {
            return Err(Error::Mismatch(format!(
                "{} keys, of which {expected} of {} are present, and {} rows",
                keys.len(),
                present.len(),
                rows.len()
            )));
        }
        let (removed, inserted) = (Stamp::new(time, -1), Stamp::new(time, 1));
        let mut lines = Vec::new();
        let mut rows = rows.iter();
        for (key, &present) in keys.iter().zip(present) {
            let key = key.as_ref();
            let new = if present { rows.next() } else { None };
            let old = self.rows.get(key);
            if old == new {
                continue;
            }
            if let Some(old) = old {
                removed.write(old, &mut lines);
            }
            if let Some(new) = new {
                inserted.write(new, &mut lines);
            }
            self.rows.put(key, new);
        }
        Ok(lines)
    }

    /// The state: keys and rows in the order of the keys.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(KIND);
        writer.unsigned(self.rows.len() as u64);
        for (key, row) in self.rows.in_order() {
            writer.bytes(key);
            writer.bytes(row);
        }
        writer.seal()
    }

    /// Reads what [`Changelog::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Error::Version`] for a newer format, [`Error::Corrupt`] for anything else that is no such state.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::open(KIND, bytes)?;
        let mut rows = Kept::default();
        let mut last: Option<&[u8]> = None;
        // A key and a row take at least the byte of their length.
        for _ in 0..reader.count(2)? {
            let (key, row) = (reader.bytes()?, reader.bytes()?);
            if last.is_some_and(|last| last >= key) {
                return Err(corrupt("keys are not in order"));
            }
            last = Some(key);
            rows.put(key, Some(row));
        }
        rows.settle();
        reader.finish()?;
        Ok(Self { rows })
    }
}
