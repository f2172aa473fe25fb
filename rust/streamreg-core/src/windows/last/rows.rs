//! Windows: the rows that are kept of each instance, and what they come to.

use std::collections::{BTreeSet, HashMap};

use super::place::Place;
use super::row::Columns;
use crate::accumulate::Sign;
use crate::column::Numbers;
use crate::error::Error;
use crate::reduce::block::Block;
use crate::windows::kept::Kept;
use crate::windows::states::States;
use crate::windows::stored::open_key;
use crate::wire::Writer;

/// Rows whose columns are in memory at one time.
const CHUNK: usize = 4096;

/// The rows of all instances.
#[derive(Debug, Default)]
pub(super) struct Rows(HashMap<Box<[u8]>, Window>);

/// The rows of an instance.
#[derive(Debug, Default)]
struct Window {
    /// In order.
    rows: BTreeSet<Place>,
    /// What they come to; `None` if that is to be added up anew.
    states: Option<Box<[u8]>>,
}

impl Rows {
    /// Number of instances.
    pub(super) fn windows(&self) -> usize {
        self.0.len()
    }

    /// The instances, in no order.
    pub(super) fn instances(&self) -> impl Iterator<Item = &[u8]> {
        self.0.keys().map(AsRef::as_ref)
    }

    /// Number of rows of an instance.
    pub(super) fn count(&self, instance: &[u8]) -> usize {
        self.0.get(instance).map_or(0, |window| window.rows.len())
    }

    /// The rows of an instance, the least one first.
    pub(super) fn of(&self, instance: &[u8]) -> impl Iterator<Item = &Place> {
        self.0.get(instance).into_iter().flat_map(|window| &window.rows)
    }

    /// Whether this row is here.
    pub(super) fn contains(&self, instance: &[u8], place: &Place) -> bool {
        self.0.get(instance).is_some_and(|window| window.rows.contains(place))
    }

    /// Adds a row of an instance.
    pub(super) fn insert(&mut self, instance: &[u8], place: Place) {
        if let Some(window) = self.0.get_mut(instance) {
            window.rows.insert(place);
        } else {
            self.0.insert(instance.into(), Window { rows: BTreeSet::from([place]), states: None });
        }
    }

    /// Removes a row of an instance, which has others.
    pub(super) fn remove(&mut self, instance: &[u8], place: &Place) {
        if let Some(window) = self.0.get_mut(instance) {
            window.rows.remove(place);
        }
    }

    /// What the rows of an instance come to, where it is known.
    pub(super) fn known(&self, instance: &[u8]) -> Option<&[u8]> {
        self.0.get(instance)?.states.as_deref()
    }

    /// Notes what the rows of an instance come to by now.
    pub(super) fn set(&mut self, instance: &[u8], states: Option<Box<[u8]>>) {
        if let Some(window) = self.0.get_mut(instance) {
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
        let mut rows = self.of(instance).filter_map(|place| map.get(&stored(instance, place))).peekable();
        while rows.peek().is_some() {
            let more = sum_of(rows.by_ref().take(CHUNK), states)?;
            sum = Some(combined(sum.as_deref(), &[(&more, Sign::Added)], states)?);
        }
        Ok(sum.unwrap_or_default())
    }

    /// The places of the least and of the greatest row of an instance.
    pub(super) fn ends(&self, instance: &[u8]) -> Option<[&Place; 2]> {
        let rows = &self.0.get(instance)?.rows;
        Some([rows.first()?, rows.last()?])
    }
}

/// The key that a row is stored with.
pub(super) fn stored(instance: &[u8], place: &Place) -> Vec<u8> {
    let mut stored = open_key(instance);
    stored.extend_from_slice(place);
    stored
}

/// The states of some rows.
pub(super) fn sum_of<'a>(
    rows: impl Iterator<Item = &'a [u8]>,
    states: &mut States,
) -> Result<Vec<u8>, Error> {
    let (mut columns, mut labels) = (Columns::new(states.inputs()), Vec::new());
    for row in rows {
        labels.push(columns.push(row)?);
    }
    let codes = states.begin_kept(labels.iter().copied());
    let mut numbers = columns.numbers();
    if states.label().is_some() {
        numbers.push(Numbers::Int(&codes));
    }
    let mut writer = Writer::payload();
    let block = Block { columns: &numbers, missing: &columns.missing(), rows: labels.len() };
    states.write_rows(block, &mut writer)?;
    Ok(writer.into_payload())
}

/// States with others added or removed.
pub(super) fn combined(
    kept: Option<&[u8]>,
    others: &[(&[u8], Sign)],
    states: &mut States,
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
