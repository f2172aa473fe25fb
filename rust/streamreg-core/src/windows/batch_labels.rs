//! Windows: the labels of a batch: each one once, in order, and for each row which it has.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::reduce::KeyColumn;
use crate::reduce::group::Groups;

/// The labels that there are, as bytes in order.
#[derive(Debug, Default)]
pub(super) struct Labels(Vec<Box<[u8]>>);

impl Labels {
    /// Takes those of a column; gives the place of each row's.
    ///
    /// # Errors
    /// [`Error::Overflow`] for a batch of 2^32 rows or more.
    pub(super) fn read(&mut self, column: KeyColumn<'_>, rows: usize) -> Result<Vec<i64>, Error> {
        let groups = Groups::new(&[column], rows)?;
        self.0.clear();
        let mut codes = vec![0; rows];
        for (code, (label, places)) in (0i64..).zip(groups.iter()) {
            self.0.push(label.into());
            for &row in groups.rows(places) {
                codes[row as usize] = code;
            }
        }
        Ok(codes)
    }

    /// Takes the label of each row as bytes; gives the place of each row's.
    pub(super) fn take<'a>(&mut self, labels: impl Iterator<Item = &'a [u8]>) -> Vec<i64> {
        let rows: Vec<_> = labels.collect();
        let mut places: BTreeMap<&[u8], i64> = rows.iter().map(|&label| (label, 0)).collect();
        for (code, place) in (0..).zip(places.values_mut()) {
            *place = code;
        }
        self.0 = places.keys().map(|&label| label.into()).collect();
        rows.iter().map(|label| places.get(label).copied().unwrap_or_default()).collect()
    }

    /// The bytes of one.
    pub(super) fn get(&self, code: i64) -> &[u8] {
        usize::try_from(code).ok().and_then(|code| self.0.get(code)).map_or(&[], AsRef::as_ref)
    }
}
