//! Reduce: the results of a reduction by keys: of some keys each for itself, or of all as classes.

use std::ops::Range;

use super::KeyedReduction;
use crate::classes::Classes;
use crate::error::Error;
use crate::reduce::key::{self, KeyCell, Keys};
use crate::reduce::unpacked::Unpacked;
use crate::reduce::{Answer, Statistic};

/// The results of some keys.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyedAnswers {
    /// The keys, in order.
    pub keys: Vec<Vec<u8>>,
    /// Which of them have rows; of those alone there are cells and results.
    pub present: Vec<bool>,
    /// The cells of the keys, a column each.
    pub cells: Vec<Vec<KeyCell>>,
    /// The results, a column for each statistic.
    pub columns: Vec<Vec<Answer>>,
    /// Of windows whose rows have labels the classes that were asked for, window by window.
    pub classes: Vec<Vec<Classes>>,
}

impl KeyedReduction {
    /// The results of some of the keys that have changed, counted as [`TrackedMap::changed`](crate::tracked_map::TrackedMap::changed)
    /// has put them; each is rounded once.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a statistic does not fit its aggregate.
    pub fn answers(&mut self, statistics: &[Statistic], keys: Range<usize>) -> Result<KeyedAnswers, Error> {
        let entries = self.states.changes(keys).map(|change| (change.key, change.bytes));
        answers_of(&self.keys, &mut self.unpacked, statistics, entries)
    }

    /// The results of all keys, also those that are gone since they were last marked clean.
    ///
    /// # Errors
    /// As [`KeyedReduction::answers`].
    pub fn all_answers(&mut self, statistics: &[Statistic]) -> Result<KeyedAnswers, Error> {
        let entries = self.states.with_gone().into_iter();
        answers_of(&self.keys, &mut self.unpacked, statistics, entries)
    }

    /// The keys that have rows as classes, whose moments an aggregate holds; in the order of the keys.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the aggregate is none of classes, or the keys are of several columns, or if there are
    /// more keys than [`MOST_CLASSES`](crate::classes::MOST_CLASSES).
    pub fn classes(&mut self, aggregate: usize) -> Result<Classes, Error> {
        self.unpacked.classes(&self.keys, self.states.in_order().into_iter(), aggregate)
    }
}

impl KeyedAnswers {
    /// Room for the results of so many keys.
    pub(crate) fn with_capacity(cells: usize, columns: usize, keys: usize) -> Self {
        Self {
            keys: Vec::with_capacity(keys),
            present: Vec::with_capacity(keys),
            cells: vec![Vec::with_capacity(keys); cells],
            columns: vec![Vec::with_capacity(keys); columns],
            classes: Vec::new(),
        }
    }

    /// Appends a key with rows.
    pub(crate) fn push(
        &mut self,
        key: &[u8],
        cells: impl IntoIterator<Item = KeyCell>,
        answers: impl IntoIterator<Item = Answer>,
    ) {
        for (column, cell) in self.cells.iter_mut().zip(cells) {
            column.push(cell);
        }
        for (column, answer) in self.columns.iter_mut().zip(answers) {
            column.push(answer);
        }
        self.keys.push(key.to_vec());
        self.present.push(true);
    }

    /// Appends a key without rows.
    pub(crate) fn push_gone(&mut self, key: &[u8]) {
        self.keys.push(key.to_vec());
        self.present.push(false);
    }
}

/// The results of keys with these bytes, which are unpacked one after another.
fn answers_of<'a>(
    keys: &Keys,
    unpacked: &mut Unpacked,
    statistics: &[Statistic],
    entries: impl ExactSizeIterator<Item = (&'a [u8], Option<&'a [u8]>)>,
) -> Result<KeyedAnswers, Error> {
    let count = entries.len();
    let mut found = KeyedAnswers::with_capacity(keys.len(), statistics.len(), count);
    for (key, bytes) in entries {
        let present = match bytes {
            Some(bytes) => {
                unpacked.unpack(bytes)?;
                unpacked.has_rows()
            }
            None => false,
        };
        if present {
            found.push(key, key::decode(keys, key)?, unpacked.answers(statistics)?);
        } else {
            found.push_gone(key);
        }
    }
    Ok(found)
}
