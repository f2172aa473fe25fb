//! Law: what every exact state can do, and what follows from it for all of them.
//!
//! A state is a multiset of rows, summed up without rounding. States of equal rows are equal and have equal bytes, in
//! whatever order and pieces the rows came: under [`merge`](Accumulator::merge) they are a commutative monoid, and those
//! whose rows can be taken away again are an abelian group ([`Group`]).
//!
//! A state says how it is checked and how it changes; what may be called is written here, once: nothing changes before
//! all checks have passed.

use std::fmt::Debug;

use crate::error::Error;
use crate::wire::{Reader, Writer};

/// Whether rows come or go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// They come.
    Added,
    /// They go.
    Removed,
}

impl Sign {
    /// Whether sums take the opposite of what the rows hold.
    #[must_use]
    pub const fn negates(self) -> bool {
        matches!(self, Self::Removed)
    }

    /// A count after so many more rows, or so many fewer; that it has room was checked before.
    #[must_use]
    pub const fn count(self, count: i64, rows: i64) -> i64 {
        if self.negates() { count.wrapping_sub(rows) } else { count.wrapping_add(rows) }
    }
}

/// Rows that can only come: what is known of a minimum does not tell the next larger number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnlyAdded;

/// The ways in which the rows of a state may go.
pub trait Direction: Copy + Debug {
    /// In.
    const ADDED: Self;

    /// The way of this sign; `None` if the state does not have it.
    fn of(sign: Sign) -> Option<Self>;
}

impl Direction for Sign {
    const ADDED: Self = Self::Added;

    fn of(sign: Sign) -> Option<Self> {
        Some(sign)
    }
}

impl Direction for OnlyAdded {
    const ADDED: Self = Self;

    fn of(sign: Sign) -> Option<Self> {
        (!sign.negates()).then_some(Self)
    }
}

/// An exact state of rows.
pub trait Accumulator: Clone {
    /// One batch of rows, as this state takes it.
    type Batch<'a>: Copy;

    /// What a batch is worked on in; kept from batch to batch, so that none asks for memory. It holds nothing between
    /// two batches, so that any number of states can share it.
    type Workspace: Default;

    /// [`Sign`] for a group, [`OnlyAdded`] for what is none.
    type Direction: Direction;

    /// Whether this is a batch for this state, and can be added or removed.
    ///
    /// # Errors
    /// [`Error::Columns`] if the batch is of other columns or labels, [`Error::Overflow`] if a count or a sum might
    /// leave its range.
    fn check_batch(&self, batch: Self::Batch<'_>, direction: Self::Direction) -> Result<(), Error>;

    /// Whether so many rows, whichever they are, can be added or removed.
    ///
    /// # Errors
    /// [`Error::Overflow`] if a count or a sum might leave its range.
    fn check_rows(&self, rows: usize, direction: Self::Direction) -> Result<(), Error>;

    /// Whether all rows of another state can be added or removed.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if it is of another form, [`Error::Overflow`] as for [`Accumulator::check_rows`].
    fn check_other(&self, other: &Self, direction: Self::Direction) -> Result<(), Error>;

    /// Adds or removes a batch that was checked.
    fn put_checked(
        &mut self,
        workspace: &mut Self::Workspace,
        batch: Self::Batch<'_>,
        direction: Self::Direction,
    );

    /// Adds or removes another state that was checked.
    fn combine_checked(&mut self, other: &Self, direction: Self::Direction);

    /// Forgets every row.
    fn clear(&mut self);

    /// Rows added less rows removed that are in no sum, because a number of theirs is not finite or a weight negative.
    fn excluded(&self) -> i128;

    /// The 64-bit limbs that the exact sums take.
    fn limbs(&self) -> usize;

    /// Writes the sums, as a part of a state.
    fn write(&self, writer: &mut Writer);

    /// Reads what [`write`](Accumulator::write) wrote of a state of this form, in the place of this one; after an error
    /// that is of no use.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for anything else.
    fn read_into(&mut self, reader: &mut Reader<'_>) -> Result<(), Error>;

    /// Adds rows.
    ///
    /// # Errors
    /// As [`Accumulator::check_batch`]; nothing is added then.
    fn add(&mut self, batch: Self::Batch<'_>) -> Result<(), Error> {
        self.add_with(&mut Self::Workspace::default(), batch)
    }

    /// Adds rows in a workspace that the caller keeps.
    ///
    /// # Errors
    /// As [`Accumulator::add`].
    fn add_with(&mut self, workspace: &mut Self::Workspace, batch: Self::Batch<'_>) -> Result<(), Error> {
        self.check_batch(batch, Self::Direction::ADDED)?;
        self.put_checked(workspace, batch, Self::Direction::ADDED);
        Ok(())
    }

    /// Adds all rows of another state.
    ///
    /// # Errors
    /// As [`Accumulator::check_other`]; nothing is added then.
    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.check_other(other, Self::Direction::ADDED)?;
        self.combine_checked(other, Self::Direction::ADDED);
        Ok(())
    }
}

/// An exact state whose rows can be taken away again, also before they came: an abelian group.
pub trait Group: Accumulator<Direction = Sign> {
    /// Removes rows, whether they were added before or will be later.
    ///
    /// # Errors
    /// As [`Accumulator::check_batch`]; nothing is removed then.
    fn remove(&mut self, batch: Self::Batch<'_>) -> Result<(), Error> {
        self.check_batch(batch, Sign::Removed)?;
        self.put_checked(&mut Self::Workspace::default(), batch, Sign::Removed);
        Ok(())
    }

    /// Removes all rows of another state.
    ///
    /// # Errors
    /// As [`Accumulator::check_other`]; nothing is removed then.
    fn subtract(&mut self, other: &Self) -> Result<(), Error> {
        self.check_other(other, Sign::Removed)?;
        self.combine_checked(other, Sign::Removed);
        Ok(())
    }

    /// The state that takes all rows of this one away when it is merged.
    ///
    /// # Errors
    /// [`Error::Overflow`] if a sum is so large that its opposite has no room.
    fn negated(&self) -> Result<Self, Error> {
        let mut negated = self.clone();
        negated.clear();
        negated.subtract(self)?;
        Ok(negated)
    }
}

impl<T: Accumulator<Direction = Sign>> Group for T {}
