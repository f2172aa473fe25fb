//! Reduce: the state of one aggregate: of the rows whose inputs are all there, and how many others came.

use super::block::Block;
use super::count::Count;
use super::scratch::Scratch;
use super::shape::Inputs;
use super::state::State;
use super::{Aggregate, other_kind};
use crate::accumulate::{Accumulator, Sign};
use crate::column::Picked;
use crate::error::Error;
use crate::wire::{Reader, Writer, corrupt};

#[derive(Debug)]
pub(crate) struct AggregateState {
    state: State,
    /// The rows that lack a value; `None` if no row can.
    missing: Option<Count>,
}

impl AggregateState {
    /// The empty state of an aggregate over these inputs.
    pub(super) fn new(aggregate: &Aggregate, inputs: &Inputs) -> Result<Self, Error> {
        let state = State::new(aggregate, &inputs.types)?;
        let can_miss = inputs.can_miss(aggregate);
        Ok(Self { state, missing: can_miss.then(Count::default) })
    }

    /// Rows that a count has counted; of another aggregate none.
    pub(super) fn rows(&self) -> i64 {
        match &self.state {
            State::Count(count) => count.rows(),
            _ => 0,
        }
    }

    /// That of the rows that have all their values.
    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// Whether so many rows can be added, whichever they are.
    pub(super) fn check_rows(&self, rows: usize) -> Result<(), Error> {
        self.state.check_rows(rows)?;
        self.missing.map_or(Ok(()), |count| count.check_rows(rows, Sign::Added))
    }

    /// Adds rows; that the columns fit, and that there is room, was checked before.
    pub(super) fn put_checked(
        &mut self,
        aggregate: &Aggregate,
        scratch: &mut Scratch,
        block: Block<'_>,
    ) -> Result<(), Error> {
        let Block { columns, missing, rows } = block;
        let own = if missing.is_empty() { Vec::new() } else { aggregate.columns() };
        let masks: Vec<_> = own.iter().filter_map(|&column| missing.get(column).copied().flatten()).collect();
        if masks.is_empty() {
            return self.state.put_checked(aggregate, scratch, columns, rows);
        }
        let lacks = |row: usize| masks.iter().any(|mask| mask[row]);
        let present: Vec<u32> =
            (0u32..).zip(0..rows).filter(|&(_, row)| !lacks(row)).map(|(row, _)| row).collect();
        let picked: Vec<_> = own.iter().map(|&column| Picked::of(&columns[column], &present)).collect();
        let mut columns = columns.to_vec();
        for (&column, picked) in own.iter().zip(&picked) {
            columns[column] = picked.numbers();
        }
        self.put_missing(rows - present.len());
        self.state.put_checked(aggregate, scratch, &columns, present.len())
    }

    /// Counts rows that lack a value; that there is room was checked before.
    pub(super) fn put_missing(&mut self, rows: usize) {
        if let Some(count) = &mut self.missing {
            count.put_checked(&mut (), rows, Sign::Added);
        }
    }

    /// Whether rows can go this way.
    pub(super) fn takes(&self, sign: Sign) -> bool {
        self.state.takes(sign)
    }

    /// Whether another state of the same aggregate can be added or removed.
    pub(super) fn check_other(&self, other: &Self, sign: Sign) -> Result<(), Error> {
        self.state.check_other(&other.state, sign)?;
        match (self.missing, &other.missing) {
            (Some(count), Some(more)) => count.check_other(more, sign),
            (None, None) => Ok(()),
            _ => Err(other_kind()),
        }
    }

    /// Adds or removes another state that was checked.
    pub(super) fn combine_checked(&mut self, other: &Self, sign: Sign) -> Result<(), Error> {
        self.state.combine_checked(&other.state, sign)?;
        if let (Some(count), Some(more)) = (&mut self.missing, &other.missing) {
            count.combine_checked(more, sign);
        }
        Ok(())
    }

    pub(super) fn clear(&mut self) {
        self.state.clear();
        self.missing.iter_mut().for_each(Count::clear);
    }

    /// The limbs of its exact sums.
    pub(super) fn limbs(&self) -> usize {
        self.state.limbs()
    }

    /// The rows that are in no sum: a value of theirs is missing, or not finite.
    pub(super) fn excluded(&self) -> i128 {
        self.state.excluded() + self.missing.map_or(0, |count| count.rows().into())
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        self.state.write(writer);
        if let Some(count) = &self.missing {
            count.write(writer);
        }
    }

    /// Reads a state of the same aggregate in its place; after an error it is of no use.
    pub(super) fn read_into(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        self.state.read_into(reader)?;
        let Some(count) = &mut self.missing else { return Ok(()) };
        count.read_into(reader)?;
        if count.rows() < 0 && !self.state.takes(Sign::Removed) {
            return Err(corrupt("an impossible count of rows without a value"));
        }
        Ok(())
    }
}
