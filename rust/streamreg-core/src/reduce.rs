//! Reduce: the aggregates of one `reduce`: exact states that merge in any order.
//!
//! A reduction is what a worker adds columns to and [takes](Reduction::take) partial states from, and what the
//! parent merges those into and asks for [results](Reduction::answers). The bytes carry the shape (the input
//! columns and the aggregates), so that a state of another job is refused.

pub(crate) mod aggregate_state;
mod answer;
pub(crate) mod block;
mod count;
mod extreme;
mod fits;
pub(crate) mod group;
pub(crate) mod key;
pub(crate) mod keyed;
pub(crate) mod score;
mod scratch;
pub(crate) mod shape;
pub(crate) mod state;
mod statistic;
pub(crate) mod unpacked;

pub use answer::Answer;
pub use fits::{Regression, Sums};
pub use key::{KeyCell, KeyColumn};
pub use keyed::{KeyType, KeyedAnswers, KeyedReduction};
pub use score::{Observations, Scorer};
pub use shape::Aggregate;
pub use statistic::Statistic;

use crate::accumulate::Sign;
use crate::column::{NumberType, Numbers};
use crate::error::Error;
use crate::plural::plural;
use crate::wire::{Reader, Writer, kind};
use aggregate_state::AggregateState;
use block::Block;
use scratch::Scratch;
use shape::Inputs;

/// The states of several aggregates over the same rows.
#[derive(Debug)]
pub struct Reduction {
    inputs: Inputs,
    aggregates: Vec<Aggregate>,
    /// The shape in bytes, as every state carries it.
    shape: Vec<u8>,
    states: Vec<AggregateState>,
    scratch: Scratch,
}

impl Reduction {
    /// The empty states of aggregates over columns of these types.
    ///
    /// # Errors
    /// [`Error::Invalid`] if an aggregate names a column that does not exist, or a regression has no feature or
    /// too many.
    pub fn new(inputs: &[NumberType], aggregates: Vec<Aggregate>) -> Result<Self, Error> {
        Self::with_missing(inputs, &[], aggregates)
    }

    /// The same, where values of some inputs can be missing. A row that lacks one is in no aggregate that reads that
    /// input, and is counted in [`excluded`](Reduction::excluded).
    ///
    /// # Errors
    /// As [`Reduction::new`], and if there is no such input.
    pub fn with_missing(
        inputs: &[NumberType],
        optional: &[usize],
        aggregates: Vec<Aggregate>,
    ) -> Result<Self, Error> {
        Self::of(Inputs::new(inputs, optional)?, aggregates)
    }

    fn of(inputs: Inputs, aggregates: Vec<Aggregate>) -> Result<Self, Error> {
        let states = aggregates
            .iter()
            .map(|aggregate| AggregateState::new(aggregate, &inputs))
            .collect::<Result<Vec<_>, Error>>()?;
        let shape = shape::to_bytes(&inputs, &aggregates);
        Ok(Self { inputs, aggregates, shape, states, scratch: Scratch::default() })
    }

    /// The aggregates, in the order in which statistics refer to them.
    #[must_use]
    pub fn aggregates(&self) -> &[Aggregate] {
        &self.aggregates
    }

    /// Adds `rows` rows.
    ///
    /// # Errors
    /// [`Error::Columns`] if the columns are not of the reduction's number, types, and length,
    /// [`Error::Overflow`] if a count or a sum would leave its range; nothing is added then.
    pub fn add(&mut self, columns: &[Numbers<'_>], rows: usize) -> Result<(), Error> {
        self.add_with_missing(columns, &[], rows)
    }

    /// Adds `rows` rows of which some values are missing: of each input which, `None` if none is. In their place stands
    /// anything.
    ///
    /// # Errors
    /// As [`Reduction::add`]; [`Error::Columns`] too if values of the input cannot be missing.
    pub fn add_with_missing(
        &mut self,
        columns: &[Numbers<'_>],
        missing: &[Option<&[bool]>],
        rows: usize,
    ) -> Result<(), Error> {
        let block = Block { columns, missing, rows };
        self.check_block(block)?;
        for state in &self.states {
            state.check_rows(rows)?;
        }
        for (state, aggregate) in self.states.iter_mut().zip(&self.aggregates) {
            state.put_checked(aggregate, &mut self.scratch, block)?;
        }
        Ok(())
    }

    /// What was added since the last take, as bytes; the reduction is empty afterwards.
    pub fn take(&mut self) -> Vec<u8> {
        let bytes = self.to_bytes();
        self.states.iter_mut().for_each(AggregateState::clear);
        bytes
    }

    /// Adds a state that another reduction of the same shape gave.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for a state of another shape, [`Error::Corrupt`] or [`Error::Version`] for bytes that are
    /// no state, [`Error::Overflow`] if a count or a sum would leave its range; nothing is added then.
    pub fn merge(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.combine(bytes, Sign::Added)
    }

    /// Removes all rows of such a state, whether they were added before or will be later: what was merged and is
    /// subtracted leaves the bytes of before.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is a minimum or a maximum, whose value without these rows is not known; else as
    /// [`Reduction::merge`]. Nothing is removed then.
    pub fn subtract(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.combine(bytes, Sign::Removed)
    }

    fn combine(&mut self, bytes: &[u8], sign: Sign) -> Result<(), Error> {
        self.check_sign(sign)?;
        let mut reader = Reader::open(kind::REDUCTION, bytes)?;
        if reader.bytes()? != self.shape {
            return Err(Error::Mismatch(
                "the state belongs to a reduction of other columns or other aggregates".to_owned(),
            ));
        }
        let mut others = self.empty_states()?;
        for other in &mut others {
            other.read_into(&mut reader)?;
        }
        reader.finish()?;
        for (state, other) in self.states.iter().zip(&others) {
            state.check_other(other, sign)?;
        }
        for (state, other) in self.states.iter_mut().zip(&others) {
            state.combine_checked(other, sign)?;
        }
        Ok(())
    }

    /// The state as versioned bytes: equal multisets of rows give equal bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(kind::REDUCTION);
        writer.bytes(&self.shape);
        for state in &self.states {
            state.write(&mut writer);
        }
        writer.finish()
    }

    /// For each aggregate the rows that it could not take: a missing value, NaN or an infinity in an input.
    #[must_use]
    pub fn excluded(&self) -> Vec<i128> {
        self.states.iter().map(AggregateState::excluded).collect()
    }

    /// For each aggregate the 64-bit limbs that its exact sums take.
    #[must_use]
    pub fn limbs(&self) -> Vec<usize> {
        self.states.iter().map(AggregateState::limbs).collect()
    }

    /// The results, each rounded once. A regression is solved once for all its coefficients.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a statistic does not fit its aggregate.
    pub fn answers(&self, statistics: &[Statistic]) -> Result<Vec<Answer>, Error> {
        statistic::answers(&self.inputs.types, &self.aggregates, &self.states, statistics)
    }

    /// The states of no row.
    fn empty_states(&self) -> Result<Vec<AggregateState>, Error> {
        self.aggregates.iter().map(|aggregate| AggregateState::new(aggregate, &self.inputs)).collect()
    }

    /// Whether rows can be added, or removed, in all states.
    fn check_sign(&self, sign: Sign) -> Result<(), Error> {
        let mut states = self.aggregates.iter().zip(&self.states);
        match states.find(|(_, state)| !state.takes(sign)) {
            None => Ok(()),
            Some((aggregate, _)) => Err(Error::Invalid(format!(
                "the {} of a column cannot be subtracted: its value without these rows is not known",
                aggregate.name()
            ))),
        }
    }

    fn check_block(&self, block: Block<'_>) -> Result<(), Error> {
        let Block { columns, missing, rows } = block;
        let inputs = &self.inputs;
        if columns.len() != inputs.types.len() {
            return Err(Error::Columns(format!(
                "the reduction takes {}, not {}",
                plural(inputs.types.len(), "column", "columns"),
                columns.len()
            )));
        }
        for (at, mask) in missing.iter().enumerate().filter_map(|(at, mask)| Some((at, mask.as_ref()?))) {
            if !inputs.optional.get(at).copied().unwrap_or(false) {
                return Err(Error::Columns(format!("values of column {at} cannot be missing")));
            }
            if mask.len() != rows {
                let found = plural(mask.len(), "row", "rows");
                return Err(Error::Columns(format!("what column {at} lacks has {found}, not {rows}")));
            }
        }
        for (at, (column, input)) in columns.iter().zip(&inputs.types).enumerate() {
            if column.number_type() != *input {
                let found = column.number_type();
                return Err(Error::Columns(format!("column {at} holds {found:?}, not {input:?}")));
            }
            if column.len() != rows {
                let found = plural(column.len(), "row", "rows");
                return Err(Error::Columns(format!("column {at} has {found}, not {rows}")));
            }
        }
        Ok(())
    }
}

/// An error for states that cannot stand beside each other, which the shape rules out.
fn other_kind() -> Error {
    Error::Mismatch("states of different aggregates cannot be put together".to_owned())
}
