//! Stage: monomials. What [`Moments`](crate::moments::Moments) are for plain columns, for everything else: weighted
//! rows, exact powers of a column, decimals, and mixtures of these with doubles and integers.
//!
//! A regression needs Σw·zᵢ·zⱼ over z = (1, features…, target). Each is the sum of a monomial in the columns; equal
//! monomials are summed once, so that the powers of one column up to d take 3d + 2 sums and a count: their matrix is a
//! Hankel matrix.

mod bound;
mod gram;
mod hot;
mod renumber;
mod terms;
mod wire;

pub use hot::Workspace;
pub use terms::{MOST_POWER, Power, Terms};

use std::sync::Arc;

use crate::column::Numbers;
use crate::error::Error;
use crate::exact::Mixed;
use crate::exact::sum::{combine_counts, signed_add, too_large};

/// The exact sums of the rows that were added less those that were removed: an abelian group.
///
/// A row that holds NaN or an infinity, or whose weight is negative, is in no sum; it is counted in
/// [`left_out`](Self::left_out). Equal multisets of rows have equal bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monomials {
    terms: Arc<Terms>,
    n: i64,
    left_out: i64,
    /// One for each of the [sums](Terms::sums).
    sums: Vec<Mixed>,
}

impl Monomials {
    /// The sums of nothing.
    #[must_use]
    pub fn new(terms: Arc<Terms>) -> Self {
        let sums = vec![Mixed::default(); terms.sums()];
        Self { terms, n: 0, left_out: 0, sums }
    }

    /// What is summed.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Rows added less rows removed, whatever their weights.
    #[must_use]
    pub fn n(&self) -> i64 {
        self.n
    }

    /// Rows added less rows removed that held NaN, an infinity or a negative weight.
    #[must_use]
    pub fn left_out(&self) -> i64 {
        self.left_out
    }

    /// The sum of the products of two variables, times the weight: 0 is the constant one, then come the features, then
    /// the target. `None` for that of the constant with itself where there are no weights: the number of rows.
    ///
    /// # Panics
    /// If there is no such variable.
    #[must_use]
    pub fn sum(&self, one: usize, other: usize) -> Option<&Mixed> {
        self.terms.sum_of(one, other).map(|at| &self.sums[at])
    }

    /// The 64-bit limbs that all sums take together.
    #[must_use]
    pub fn limbs(&self) -> usize {
        self.sums.iter().map(Mixed::limbs).sum()
    }

    /// Adds rows of the columns that the [terms](Self::terms) speak of.
    ///
    /// # Errors
    /// [`Error::Mismatch`] unless the columns are of these types (integers will do for doubles) and of equal length, [`Error::Overflow`] if a count or
    /// a sum would leave its range; nothing is added then.
    pub fn add(&mut self, columns: &[Numbers<'_>]) -> Result<(), Error> {
        self.add_with(&mut Workspace::default(), columns)
    }

    /// Removes rows, whether they were added before or will be later.
    ///
    /// # Errors
    /// As [`Monomials::add`].
    pub fn remove(&mut self, columns: &[Numbers<'_>]) -> Result<(), Error> {
        let rows = self.terms.check_columns(columns)?;
        self.check_rows(rows, true)?;
        self.accumulate(&mut Workspace::default(), columns, true);
        Ok(())
    }

    /// Adds rows in a workspace that the caller keeps from batch to batch.
    ///
    /// # Errors
    /// As [`Monomials::add`].
    pub fn add_with(&mut self, workspace: &mut Workspace, columns: &[Numbers<'_>]) -> Result<(), Error> {
        let rows = self.terms.check_columns(columns)?;
        self.check_rows(rows, false)?;
        self.accumulate(workspace, columns, false);
        Ok(())
    }

    /// Adds all rows of others.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if they are of other terms, [`Error::Overflow`] as for [`Monomials::add`]; nothing is added
    /// then.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.combine(other, false)
    }

    /// Removes all rows of others.
    ///
    /// # Errors
    /// As [`Monomials::merge`].
    pub fn subtract(&mut self, other: &Self) -> Result<(), Error> {
        self.combine(other, true)
    }

    /// Forgets every row.
    pub fn clear(&mut self) {
        (self.n, self.left_out) = (0, 0);
        self.sums.fill(Mixed::default());
    }

    fn combine(&mut self, other: &Self, negate: bool) -> Result<(), Error> {
        (self.n, self.left_out) = self.combined_counts(other, negate)?;
        for (sum, term) in self.sums.iter_mut().zip(&other.sums) {
            sum.add(term, negate);
        }
        Ok(())
    }

    /// The counts of both together, if they can be put together.
    fn combined_counts(&self, other: &Self, negate: bool) -> Result<(i64, i64), Error> {
        if self.terms != other.terms {
            return Err(Error::Mismatch("sums of different regressions cannot be put together".to_owned()));
        }
        self.check_room()?;
        other.check_room()?;
        let n = combine_counts(self.n, other.n, negate)?;
        Ok((n, combine_counts(self.left_out, other.left_out, negate)?))
    }

    /// Whether `other` can be merged.
    pub(crate) fn check_merge(&self, other: &Self) -> Result<(), Error> {
        self.combined_counts(other, false).map(|_| ())
    }

    /// Whether so many rows can be added or removed without leaving any range.
    pub(crate) fn check_rows(&self, rows: usize, negate: bool) -> Result<(), Error> {
        signed_add(self.n, rows, negate)?;
        signed_add(self.left_out, rows, negate)?;
        self.check_room()
    }

    fn check_room(&self) -> Result<(), Error> {
        let fits = self.sums.iter().zip(self.terms.limits()).all(|(sum, limits)| sum.has_room(*limits));
        if fits { Ok(()) } else { Err(too_large()) }
    }
}
