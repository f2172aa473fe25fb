//! Reduce: what the rows of one batch come to, key by key.

use super::KeyedReduction;
use crate::column::Numbers;
use crate::error::Error;
use crate::reduce::block::{Block, SortedRows};
use crate::reduce::group::Groups;
use crate::reduce::key::{self, KeyColumn};

impl KeyedReduction {
    /// What a batch of `rows` rows comes to, as bytes to be [merged](Self::merge). Nothing is kept of it.
    ///
    /// # Errors
    /// [`Error::Columns`] if the columns are not of the reduction's number, types, and length,
    /// [`Error::Overflow`] for a batch of 2^32 rows or more.
    pub fn partial(
        &mut self,
        keys: &[KeyColumn<'_>],
        columns: &[Numbers<'_>],
        rows: usize,
    ) -> Result<Vec<u8>, Error> {
        self.partial_with_missing(keys, columns, &[], rows)
    }

    /// The same of rows of which some values are missing: of each column which, `None` if none is.
    ///
    /// # Errors
    /// As [`KeyedReduction::partial`]; [`Error::Columns`] too if values of the column cannot be missing.
    pub fn partial_with_missing(
        &mut self,
        keys: &[KeyColumn<'_>],
        columns: &[Numbers<'_>],
        missing: &[Option<&[bool]>],
        rows: usize,
    ) -> Result<Vec<u8>, Error> {
        key::check_keys(&self.keys, keys, rows)?;
        let block = Block { columns, missing, rows };
        self.unpacked.check_rows(block)?;
        let groups = Groups::new(keys, rows)?;
        let sorted = SortedRows::by_group(block, &groups);
        let (mut writer, mut parts) = (self.begin(groups.len()), sorted.parts());
        for (key, places) in groups.iter() {
            writer.bytes(key);
            let own = sorted.part(places, &mut parts);
            self.unpacked.write_rows(own, key == key::NOTHING, &mut writer)?;
        }
        Ok(writer.finish())
    }
}
