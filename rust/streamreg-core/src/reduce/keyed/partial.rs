//! Reduce: what the rows of one batch come to, key by key.

use super::KeyedReduction;
use crate::column::Numbers;
use crate::error::Error;
use crate::plural::plural;
use crate::reduce::aggregate_state::Missing;
use crate::reduce::group::Groups;
use crate::reduce::key::{self, KeyColumn};
use crate::reduce::{Aggregate, Reduction};

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
        self.check_keys(keys, rows)?;
        self.one.check_columns(columns, missing, rows)?;
        let groups = Groups::new(keys, rows)?;
        let sorted: Vec<_> = columns.iter().map(|column| groups.sorted(*column)).collect();
        let masks: Vec<_> = missing.iter().map(|mask| mask.map(|mask| groups.sorted_mask(mask))).collect();
        let mut writer = self.begin(groups.len());
        let mut own = Vec::with_capacity(columns.len());
        let mut lacking = Vec::with_capacity(masks.len());
        for (key, rows) in groups.iter() {
            writer.bytes(key);
            own.clear();
            own.extend(sorted.iter().map(|column| column.numbers().rows(rows.clone())));
            lacking.clear();
            lacking.extend(masks.iter().map(|mask| mask.as_ref().map(|mask| &mask[rows.clone()])));
            self.put(key, &own, &lacking, rows.len())?;
            self.one.states.iter().for_each(|state| state.write(&mut writer));
        }
        Ok(writer.finish())
    }

    /// The states of the rows of one key.
    fn put(
        &mut self,
        key: &[u8],
        columns: &[Numbers<'_>],
        missing: &Missing<'_>,
        rows: usize,
    ) -> Result<(), Error> {
        let Reduction { aggregates, states, scratch, .. } = &mut self.one;
        for (state, aggregate) in states.iter_mut().zip(aggregates) {
            state.clear();
            if key == key::NOTHING && matches!(aggregate, Aggregate::Class(_)) {
                state.put_missing(rows);
            } else {
                state.put_checked(aggregate, scratch, columns, missing, rows)?;
            }
        }
        Ok(())
    }

    pub(super) fn check_keys(&self, keys: &[KeyColumn<'_>], rows: usize) -> Result<(), Error> {
        let fits = keys.len() == self.keys.len()
            && keys.iter().zip(&self.keys).all(|(column, key)| column.fits(*key));
        if !fits {
            let types: Vec<_> = keys.iter().map(KeyColumn::key_type).collect();
            return Err(Error::Columns(format!("the keys are {:?}, not {types:?}", self.keys)));
        }
        match keys.iter().position(|column| column.len() != rows) {
            None => Ok(()),
            Some(at) => Err(Error::Columns(format!(
                "column {at} of the keys has {}, not {rows}",
                plural(keys[at].len(), "row", "rows")
            ))),
        }
    }
}
