//! Windows: which entries there are of each instance, and between which of them there are rows.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Error;
use crate::windows::kept::Kept;
use crate::windows::panes::write_key;
use crate::wire::corrupt;

/// The indexes of the entries, by instance and all together.
#[derive(Debug, Default)]
pub(super) struct Entries {
    by_instance: BTreeMap<Box<[u8]>, BTreeSet<i64>>,
    /// How many entries there are of each index.
    counts: BTreeMap<i64, usize>,
}

impl Entries {
    /// There is an entry now, or no more.
    pub(super) fn note(&mut self, instance: &[u8], index: i64, is: bool) {
        if !is {
            return self.forget(instance, index);
        }
        if let Some(indexes) = self.by_instance.get_mut(instance) {
            indexes.insert(index);
        } else {
            self.by_instance.insert(instance.into(), BTreeSet::from([index]));
        }
        *self.counts.entry(index).or_default() += 1;
    }

    fn forget(&mut self, instance: &[u8], index: i64) {
        if let Some(indexes) = self.by_instance.get_mut(instance) {
            indexes.remove(&index);
            if indexes.is_empty() {
                self.by_instance.remove(instance);
            }
        }
        if let Some(count) = self.counts.get_mut(&index) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&index);
            }
        }
    }

    /// The instances, each with the indexes of its entries, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &BTreeSet<i64>)> {
        self.by_instance.iter().map(|(instance, indexes)| (&**instance, indexes))
    }

    /// The indexes of the entries of an instance, in order.
    pub(super) fn of(&self, instance: &[u8]) -> impl Iterator<Item = i64> {
        self.by_instance.get(instance).into_iter().flatten().copied()
    }

    /// The least index of all.
    pub(super) fn first(&self) -> Option<i64> {
        self.counts.first_key_value().map(|(&index, _)| index)
    }

    /// The greatest index of all.
    pub(super) fn last(&self) -> Option<i64> {
        self.counts.last_key_value().map(|(&index, _)| index)
    }

    /// The instances that have an entry before this index, in order.
    pub(super) fn before(&self, index: i64) -> Vec<Box<[u8]>> {
        let early = self.by_instance.iter().filter(|(_, indexes)| indexes.first() < Some(&index));
        early.map(|(instance, _)| instance.clone()).collect()
    }
}

/// The ranges of windows of one instance that have the same rows, at least one.
pub(super) struct Run<'a> {
    instance: &'a [u8],
    indexes: std::iter::Peekable<std::collections::btree_set::Iter<'a, i64>>,
    rows: i128,
    panes: i64,
    until: i128,
}

impl<'a> Run<'a> {
    /// Of an instance with these entries, where no row is in more windows than this; ranges that begin after a window are
    /// not looked at.
    pub(super) fn new(instance: &'a [u8], indexes: &'a BTreeSet<i64>, panes: i64, until: i128) -> Self {
        Self { instance, indexes: indexes.iter().peekable(), rows: 0, panes, until }
    }

    /// The first and the last window of the next range.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if no rows can have made these entries.
    pub(super) fn next_with_rows(&mut self, kept: &mut Kept) -> Result<Option<(i64, i64)>, Error> {
        while let Some(&first) = self.indexes.next_if(|&&index| i128::from(index) <= self.until) {
            let mut key = Vec::with_capacity(self.instance.len() + 10);
            write_key(self.instance, first, &mut key);
            self.rows += match kept.map.get(&key) {
                Some(bytes) => i128::from(kept.states.rows(bytes)?),
                None => 0,
            };
            if self.rows != 0 {
                return Ok(Some((first, last(first, self.indexes.peek().copied().copied(), self.panes)?)));
            }
        }
        Ok(None)
    }
}

/// The last window of a range with rows that begins with an entry and ends before the next one.
///
/// # Errors
/// [`Error::Corrupt`] if it is longer than any row can be in.
pub(super) fn last(first: i64, next: Option<i64>, panes: i64) -> Result<i64, Error> {
    match next.map(|next| (next - 1, next.abs_diff(first))) {
        Some((last, length)) if length <= panes.unsigned_abs() => Ok(last),
        _ => Err(corrupt("rows are in more windows than they can be")),
    }
}
