//! Reduce: one key of a reduction by keys, opened alone.

use super::KeyedReduction;
use crate::error::Error;
use crate::reduce::key::check_keys;
use crate::reduce::{KeyColumn, Reduction};

impl KeyedReduction {
    /// The key that cells make: columns of one row each.
    ///
    /// # Errors
    /// [`Error::Columns`] if they are not of the number, types and length.
    pub fn key(&self, cells: &[KeyColumn<'_>]) -> Result<Vec<u8>, Error> {
        check_keys(&self.keys, cells, 1)?;
        let mut key = Vec::new();
        for cell in cells {
            cell.encode(0, &mut key);
        }
        Ok(key)
    }

    /// The aggregates over the rows of a key; `None` if there are no such rows.
    ///
    /// # Errors
    /// None but for states that are damaged in memory.
    pub fn single(&self, key: &[u8]) -> Result<Option<Reduction>, Error> {
        self.states.get(key).map(|state| self.unpacked.single(state)).transpose()
    }
}
