//! Changelog: what changed since the last result: for each key its last row, and the lines that
//! take it to the next one.

use crate::error::Error;
use crate::plural::plural;
use crate::tracked_map::TrackedMap;
use crate::wire::{Reader, Versioned, Writer, corrupt, kind};
use crate::write::{Packed, Stamp};

/// Keys, and the lines by which the row of each changes.
pub type KeyLines<'a> = Vec<(&'a [u8], Vec<u8>)>;

/// The last row of each key, as CSV text.
///
/// Two changelogs that hold the same rows have the same bytes, whatever changes led to them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changelog {
    rows: TrackedMap,
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

    /// The rows, and which have changed since they were last marked clean.
    #[must_use]
    pub fn tracked(&self) -> &TrackedMap {
        &self.rows
    }

    /// Marks all rows clean: their changes have been stored.
    pub fn mark_clean(&mut self) {
        self.rows.mark_clean();
    }

    /// The same, to be put in order or marked clean.
    pub fn tracked_mut(&mut self) -> &mut TrackedMap {
        &mut self.rows
    }

    /// Takes in rows that were stored one by one, in the form that [`TrackedMap::load`] tells; there may be more to
    /// come.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if they are not in that form, or one is of a key that is here already; nothing is changed
    /// then.
    pub fn load(&mut self, rows: &[u8]) -> Result<(), Error> {
        self.rows.extend(TrackedMap::load(rows)?)
    }

    /// The CSV lines that take each key, in the given order, from its last row to its new one: the old with
    /// -1, then the new with +1; none if they are the same. `present` says which keys have a new row, the
    /// packed `rows` hold those.
    ///
    /// # Errors
    /// [`Error::Columns`] if the three do not fit each other, [`Error::Corrupt`] or [`Error::Version`] if
    /// the rows are no packed rows; then nothing has changed.
    pub fn update(
        &mut self,
        keys: &[impl AsRef<[u8]>],
        present: &[bool],
        rows: &[u8],
        time: i64,
    ) -> Result<Vec<u8>, Error> {
        let mut lines = Vec::new();
        self.change(keys, present, rows, time, &mut lines, |_, _| ())?;
        Ok(lines)
    }

    /// The same, apart for each key that has lines.
    ///
    /// # Errors
    /// As [`Changelog::update`].
    pub fn update_each<'a, K: AsRef<[u8]>>(
        &mut self,
        keys: &'a [K],
        present: &[bool],
        rows: &[u8],
        time: i64,
    ) -> Result<KeyLines<'a>, Error> {
        let (mut lines, mut found) = (Vec::new(), Vec::new());
        self.change(keys, present, rows, time, &mut lines, |key, lines| {
            found.push((key, std::mem::take(lines)));
        })?;
        Ok(found)
    }

    /// Changes the rows of the keys; `each` is told of a key whose lines are at the end of `lines`.
    fn change<'a, K: AsRef<[u8]>>(
        &mut self,
        keys: &'a [K],
        present: &[bool],
        rows: &[u8],
        time: i64,
        lines: &mut Vec<u8>,
        mut each: impl FnMut(&'a [u8], &mut Vec<u8>),
    ) -> Result<(), Error> {
        let rows = Packed::from_bytes(rows)?;
        let expected = present.iter().filter(|&&present| present).count();
        if keys.len() != present.len() || rows.len() != expected {
            return Err(Error::Columns(format!(
                "{}, of which {expected} of {} are present, and {}",
                plural(keys.len(), "key", "keys"),
                present.len(),
                plural(rows.len(), "row", "rows")
            )));
        }
        let (removed, inserted) = (Stamp::new(time, -1), Stamp::new(time, 1));
        let mut rows = rows.iter();
        for (key, &present) in keys.iter().zip(present) {
            let key = key.as_ref();
            let new = if present { rows.next() } else { None };
            let changed = self.rows.put_if(key, new, |old| {
                if let Some(old) = old.filter(|_| old != new) {
                    removed.write(old, lines);
                }
                if let Some(new) = new.filter(|_| old != new) {
                    inserted.write(new, lines);
                }
                old != new
            });
            if changed {
                each(key, lines);
            }
        }
        Ok(())
    }

    /// Lets go of the rows of keys that get no other row: what was written of them stands.
    pub fn forget(&mut self, keys: &[impl AsRef<[u8]>]) {
        for key in keys {
            self.rows.put(key.as_ref(), None);
        }
    }
}

impl Versioned for Changelog {
    const KIND: u8 = kind::CHANGELOG;

    /// Keys and rows in the order of the keys.
    fn write_whole(&self, writer: &mut Writer) {
        writer.unsigned(self.rows.len() as u64);
        for (key, row) in self.rows.in_order() {
            writer.bytes(key);
            writer.bytes(row);
        }
    }

    fn read_whole(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut rows = TrackedMap::default();
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
        rows.mark_clean();
        Ok(Self { rows })
    }
}
