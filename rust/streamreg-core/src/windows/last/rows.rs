//! Windows: the rows that are kept of each instance, and what they come to.

use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use super::place;
use super::row::Columns;
use crate::accumulate::Sign;
use crate::error::Error;
use crate::reduce::unpacked::Unpacked;
use crate::windows::kept::Kept;
use crate::windows::reduction::open_key;
use crate::wire::Writer;

/// The stored key of a row: the instance, and its place there.
pub(super) type Key = Arc<[u8]>;

/// Rows whose columns are in memory at one time.
const CHUNK: usize = 4096;

/// The rows of all instances in order.
#[derive(Debug, Default)]
pub(super) struct Rows {
    keys: BTreeSet<Key>,
    windows: HashMap<Box<[u8]>, Window>,
}

/// The rows of an instance.
#[derive(Debug, Default)]
struct Window {
    rows: usize,
    /// What they come to; `None` if that is to be added up anew.
    states: Option<Box<[u8]>>,
}

impl Rows {
    /// Number of instances.
    pub(super) fn windows(&self) -> usize {
        self.windows.len()
    }

    /// The instances, in no order.
    pub(super) fn instances(&self) -> impl Iterator<Item = &[u8]> {
        self.windows.keys().map(AsRef::as_ref)
    }

    /// Number of rows of an instance.
    pub(super) fn count(&self, instance: &[u8]) -> usize {
        self.windows.get(instance).map_or(0, |window| window.rows)
    }

    /// The rows of an instance, the least one first.
    pub(super) fn of(&self, instance: &[u8]) -> impl DoubleEndedIterator<Item = &Key> {
        let first = open_key(instance);
        let mut last = first.clone();
        // Places begin with the tag of a time, which is less.
        last.push(u8::MAX);
        self.keys.range::<[u8], _>((Bound::Included(&*first), Bound::Excluded(&*last)))
    }

    /// Whether this row is here.
    pub(super) fn contains(&self, key: &[u8]) -> bool {
        self.keys.contains(key)
    }

    /// Adds a row of an instance.
    pub(super) fn insert(&mut self, instance: &[u8], key: Key) {
        if self.keys.insert(key) {
            match self.windows.get_mut(instance) {
                Some(window) => window.rows += 1,
                None => {
                    self.windows.insert(instance.into(), Window { rows: 1, states: None });
                }
            }
        }
    }

    /// Removes a row of an instance, which has others.
    pub(super) fn remove(&mut self, instance: &[u8], key: &[u8]) {
        if self.keys.remove(key)
            && let Some(window) = self.windows.get_mut(instance)
        {
            window.rows -= 1;
        }
    }

    /// What the rows of an instance come to, where it is known.
    pub(super) fn known(&self, instance: &[u8]) -> Option<&[u8]> {
        self.windows.get(instance)?.states.as_deref()
    }

    /// Notes what the rows of an instance come to by now.
    pub(super) fn set(&mut self, instance: &[u8], states: Option<Box<[u8]>>) {
        if let Some(window) = self.windows.get_mut(instance) {
            window.states = states;
        }
    }

    /// What the rows of an instance come to, added up if need be.
    ///
    /// # Errors
    /// [`Error::Overflow`] if a sum would leave its range.
    pub(super) fn states(&mut self, instance: &[u8], kept: &mut Kept) -> Result<&[u8], Error> {
        if self.known(instance).is_none() {
            let summed = self.sum(instance, kept)?;
            self.set(instance, Some(summed.into()));
        }
        Ok(self.known(instance).unwrap_or_default())
    }

    /// The same, added up in any case.
    ///
    /// # Errors
    /// As [`Rows::states`].
    pub(super) fn sum(&self, instance: &[u8], kept: &mut Kept) -> Result<Vec<u8>, Error> {
        let Kept { map, states, .. } = kept;
        let mut sum: Option<Vec<u8>> = None;
        let mut rows = self.of(instance).filter_map(|key| map.get(key)).peekable();
        while rows.peek().is_some() {
            let more = sum_of(rows.by_ref().take(CHUNK), states)?;
            sum = Some(combined(sum.as_deref(), &[(&more, Sign::Added)], states)?);
        }
        Ok(sum.unwrap_or_default())
    }

    /// The places of the least and of the greatest row of an instance.
    pub(super) fn ends(&self, instance: &[u8]) -> Option<[&[u8]; 2]> {
        let mut rows = self.of(instance);
        let first = rows.next()?;
        let last = rows.next_back().unwrap_or(first);
        Some([first, last].map(|key| &key[key.len() - place::WIDTH..]))
    }
}

/// The states of some rows.
pub(super) fn sum_of<'a>(
    rows: impl Iterator<Item = &'a [u8]>,
    states: &mut Unpacked,
) -> Result<Vec<u8>, Error> {
    let (mut columns, mut count) = (Columns::new(states.inputs()), 0);
    for row in rows {
        columns.push(row)?;
        count += 1;
    }
    let mut writer = Writer::payload();
    states.write_rows(&columns.numbers(), count, &mut writer)?;
    Ok(writer.into_payload())
}

/// States with others added or removed.
pub(super) fn combined(
    kept: Option<&[u8]>,
    others: &[(&[u8], Sign)],
    states: &mut Unpacked,
) -> Result<Vec<u8>, Error> {
    states.begin(kept)?;
    for (other, sign) in others {
        states.unpack(other)?;
        states.combine(*sign)?;
    }
    let mut writer = Writer::payload();
    states.write_sum(&mut writer);
    Ok(writer.into_payload())
}
