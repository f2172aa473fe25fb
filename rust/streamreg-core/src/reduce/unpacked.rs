//! Reduce: states that are kept as bytes, unpacked one after another: to add to them, and to give results of them.

use std::collections::BTreeMap;

use super::aggregate_state::AggregateState;
use super::block::Block;
use super::key::{self, KeyCell, Keys};
use super::score::Scorer;
use super::shape::Inputs;
use super::state::State;
use super::{Aggregate, Reduction, Regression, Statistic, statistic};
use crate::accumulate::Sign;
use crate::classes::{Classes, Label};
use crate::error::Error;
use crate::reduce::Answer;
use crate::wire::{Reader, Writer};

/// The states of several aggregates over the same rows, of which the first one counts them.
///
/// What was read or unpacked last is here until something else is.
#[derive(Debug)]
pub(crate) struct Unpacked {
    one: Reduction,
    other: Vec<AggregateState>,
    /// The bytes of the states of no row.
    nothing: Vec<u8>,
}

impl Unpacked {
    /// The states of no row.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless the first aggregate is the count, and as [`Reduction::new`].
    pub(crate) fn new(inputs: Inputs, aggregates: Vec<Aggregate>) -> Result<Self, Error> {
        if aggregates.first() != Some(&Aggregate::Count) {
            return Err(Error::Invalid("a reduction by keys counts the rows of each first".to_owned()));
        }
        let one = Reduction::of(inputs, aggregates)?;
        let other = one.empty_states()?;
        let mut writer = Writer::payload();
        for state in &other {
            state.write(&mut writer);
        }
        Ok(Self { one, other, nothing: writer.into_payload() })
    }

    /// The aggregates, in the order in which statistics refer to them.
    pub(crate) fn aggregates(&self) -> &[Aggregate] {
        &self.one.aggregates
    }

    /// The columns.
    pub(crate) fn inputs(&self) -> &Inputs {
        &self.one.inputs
    }

    /// Number of aggregates.
    pub(crate) fn len(&self) -> usize {
        self.other.len()
    }

    /// Checks that the columns of rows are those of the aggregates.
    pub(crate) fn check_rows(&self, block: Block<'_>) -> Result<(), Error> {
        self.one.check_block(block)
    }

    /// Checks that rows can be added, or removed, in all states.
    pub(crate) fn check_sign(&self, sign: Sign) -> Result<(), Error> {
        self.one.check_sign(sign)
    }

    /// Writes the states of rows that were checked; those that are `unlabelled` are of no class.
    pub(crate) fn write_rows(
        &mut self,
        block: Block<'_>,
        unlabelled: bool,
        writer: &mut Writer,
    ) -> Result<(), Error> {
        let Reduction { aggregates, states, scratch, .. } = &mut self.one;
        for (state, aggregate) in states.iter_mut().zip(aggregates) {
            state.clear();
            if unlabelled && matches!(aggregate, Aggregate::Class(_)) {
                state.put_missing(block.rows);
            } else {
                state.put_checked(aggregate, scratch, block)?;
            }
            state.write(writer);
        }
        Ok(())
    }

    /// Reads states of a partial.
    pub(crate) fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        self.other.iter_mut().try_for_each(|state| state.read_into(reader))
    }

    /// Reads all of what is kept of some rows.
    pub(crate) fn unpack(&mut self, bytes: &[u8]) -> Result<&[AggregateState], Error> {
        let mut reader = Reader::payload(bytes);
        self.read(&mut reader)?;
        reader.finish()?;
        Ok(&self.other)
    }

    /// Whether the states are of any row. Rows that were taken away before they came leave states without rows.
    pub(crate) fn has_rows(&self) -> bool {
        rows(&self.other) != 0
    }

    /// Counts the rows of each aggregate that it could not take.
    pub(crate) fn count_excluded(&self, sign: Sign, totals: &mut [i128]) {
        for (total, state) in totals.iter_mut().zip(&self.other) {
            *total += if sign.negates() { -state.excluded() } else { state.excluded() };
        }
    }

    /// Counts the limbs of each aggregate.
    pub(crate) fn count_limbs(&self, totals: &mut [usize]) {
        for (total, state) in totals.iter_mut().zip(&self.other) {
            *total += state.limbs();
        }
    }

    /// Writes what the states that were kept, if there are any, become with these added or removed.
    ///
    /// # Errors
    /// As [`Reduction::merge`].
    pub(crate) fn write_combined(
        &mut self,
        kept: Option<&[u8]>,
        sign: Sign,
        writer: &mut Writer,
    ) -> Result<(), Error> {
        if kept.is_none() && !sign.negates() {
            self.other.iter().for_each(|state| state.write(writer));
            return Ok(());
        }
        self.begin(kept)?;
        self.combine(sign)?;
        self.one.states.iter().for_each(|state| state.write(writer));
        Ok(())
    }

    /// Begins a sum: of the states that were kept, if there are any.
    pub(crate) fn begin(&mut self, kept: Option<&[u8]>) -> Result<(), Error> {
        let mut reader = Reader::payload(kept.unwrap_or(&self.nothing));
        self.one.states.iter_mut().try_for_each(|state| state.read_into(&mut reader))?;
        reader.finish()
    }

    /// Adds the states that were read to the sum, or removes them.
    ///
    /// # Errors
    /// As [`Reduction::merge`]; the sum is of no use then.
    pub(crate) fn combine(&mut self, sign: Sign) -> Result<(), Error> {
        for (state, other) in self.one.states.iter_mut().zip(&self.other) {
            state.check_other(other, sign)?;
            state.combine_checked(other, sign)?;
        }
        Ok(())
    }

    /// Writes the bytes of the sum.
    pub(crate) fn write_sum(&self, writer: &mut Writer) {
        self.one.states.iter().for_each(|state| state.write(writer));
    }

    /// Whether the sum is of any row.
    pub(crate) fn sum_has_rows(&self) -> bool {
        rows(&self.one.states) != 0
    }

    /// The results of the sum.
    ///
    /// # Errors
    /// As [`Unpacked::answers`].
    pub(crate) fn sum_answers(&self, statistics: &[Statistic]) -> Result<Vec<Answer>, Error> {
        self.one.answers(statistics)
    }

    /// The number of rows of what is kept.
    ///
    /// # Errors
    /// None but for bytes that are damaged in memory.
    pub(crate) fn rows(&mut self, bytes: &[u8]) -> Result<i64, Error> {
        let mut reader = Reader::payload(bytes);
        self.other.iter_mut().take(1).try_for_each(|state| state.read_into(&mut reader))?;
        Ok(rows(&self.other))
    }

    /// These bytes, unless they are those of no row.
    pub(crate) fn some<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        (bytes != self.nothing).then_some(bytes)
    }

    /// The results of the states that were unpacked.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a statistic does not fit its aggregate.
    pub(crate) fn answers(&self, statistics: &[Statistic]) -> Result<Vec<Answer>, Error> {
        statistic::answers(&self.one.inputs.types, &self.one.aggregates, &self.other, statistics)
    }

    /// What scores rows by a regression of what is kept; `None` if that is of no row.
    ///
    /// # Errors
    /// As [`Reduction::scorer`].
    pub(crate) fn scorer(
        &mut self,
        bytes: &[u8],
        aggregate: usize,
        regression: &Regression,
    ) -> Result<Option<Scorer>, Error> {
        self.unpack(bytes)?;
        self.has_rows().then(|| Scorer::of(&self.other, aggregate, regression)).transpose()
    }

    /// Keys that have rows as classes, whose moments an aggregate holds; the keys with what is kept of them are in order.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the aggregate is none of classes, or the keys are of several columns, or if there are
    /// more keys than [`MOST_CLASSES`](crate::classes::MOST_CLASSES).
    pub(crate) fn classes<'a>(
        &mut self,
        keys: &Keys,
        entries: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        aggregate: usize,
    ) -> Result<Classes, Error> {
        let Some(Aggregate::Class(features)) = self.aggregates().get(aggregate) else {
            return Err(Error::Invalid(format!("aggregate {aggregate} holds no classes")));
        };
        let features = features.len();
        let mut classes = BTreeMap::new();
        for (key, state) in entries {
            let states = self.unpack(state)?;
            let label = match key::decode(keys, key)?.as_slice() {
                [KeyCell::Bool(value)] => Label::Bool(*value),
                [KeyCell::Int(value)] => Label::Int(*value),
                [KeyCell::Text(value)] => Label::Text(value.as_str().into()),
                // Rows without a label are of no class.
                [KeyCell::Missing] => continue,
                cells => {
                    let count = cells.len();
                    return Err(Error::Invalid(format!("a class has one label, not {count} keys")));
                }
            };
            if let [first, ..] = states
                && first.rows() != 0
                && let Some(State::Class(moments)) = states.get(aggregate).map(AggregateState::state)
            {
                classes.insert(label, moments.clone());
            }
        }
        Classes::of(features, classes)
    }

    /// A reduction of what is kept.
    ///
    /// # Errors
    /// None but for bytes that are damaged in memory.
    pub(crate) fn single(&self, bytes: &[u8]) -> Result<Reduction, Error> {
        let mut reduction = Reduction::of(self.one.inputs.clone(), self.one.aggregates.clone())?;
        let mut reader = Reader::payload(bytes);
        reduction.states.iter_mut().try_for_each(|state| state.read_into(&mut reader))?;
        reader.finish()?;
        Ok(reduction)
    }
}

/// The rows that states are of, which the first one counts.
fn rows(states: &[AggregateState]) -> i64 {
    states.first().map_or(0, AggregateState::rows)
}
