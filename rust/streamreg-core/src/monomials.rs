//! Monomials: what [`Moments`](crate::moments::Moments) are for plain columns, for everything else: weighted
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

use crate::accumulate::{Accumulator, Sign};
use crate::column::Numbers;
use crate::error::Error;
use crate::exact::Mixed;
use crate::exact::sum::{combine_counts, signed_add, too_large};
use crate::wire::{Reader, Writer};

/// The exact sums of the rows that were added less those that were removed: an abelian group.
///
/// A row that holds NaN or an infinity, or whose weight is negative, is in no sum; it is counted in
/// [`excluded`](Accumulator::excluded). Equal multisets of rows have equal bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monomials {
    terms: Arc<Terms>,
    n: i64,
    excluded: i64,
    /// One for each of the [sums](Terms::sums).
    sums: Vec<Mixed>,
}

impl Monomials {
    /// The sums of nothing.
    #[must_use]
    pub fn new(terms: Arc<Terms>) -> Self {
        let sums = vec![Mixed::default(); terms.sums()];
        Self { terms, n: 0, excluded: 0, sums }
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

    /// The sum of the products of two variables, times the weight: 0 is the constant one, then come the features, then
    /// the target. `None` for that of the constant with itself where there are no weights: the number of rows.
    ///
    /// # Panics
    /// If there is no such variable.
    #[must_use]
    pub fn sum(&self, one: usize, other: usize) -> Option<&Mixed> {
        self.terms.sum_of(one, other).map(|at| &self.sums[at])
    }

    fn check_room(&self) -> Result<(), Error> {
        let fits = self.sums.iter().zip(self.terms.limits()).all(|(sum, limits)| sum.has_room(*limits));
        if fits { Ok(()) } else { Err(too_large()) }
    }
}

impl Accumulator for Monomials {
    /// The columns that the [terms](Monomials::terms) speak of; integers will do for doubles.
    type Batch<'a> = &'a [Numbers<'a>];
    type Workspace = Workspace;
    type Direction = Sign;

    fn check_batch(&self, batch: &[Numbers<'_>], sign: Sign) -> Result<(), Error> {
        self.check_rows(self.terms.check_columns(batch)?, sign)
    }

    fn check_rows(&self, rows: usize, sign: Sign) -> Result<(), Error> {
        signed_add(self.n, rows, sign)?;
        signed_add(self.excluded, rows, sign)?;
        self.check_room()
    }

    fn check_other(&self, other: &Self, sign: Sign) -> Result<(), Error> {
        if self.terms != other.terms {
            return Err(Error::Mismatch("sums of different regressions cannot be put together".to_owned()));
        }
        combine_counts(self.n, other.n, sign)?;
        combine_counts(self.excluded, other.excluded, sign)?;
        self.check_room()?;
        other.check_room()
    }

    fn put_checked(&mut self, workspace: &mut Workspace, batch: &[Numbers<'_>], sign: Sign) {
        self.accumulate(workspace, batch, sign.negates());
    }

    fn combine_checked(&mut self, other: &Self, sign: Sign) {
        self.n = sign.count(self.n, other.n);
        self.excluded = sign.count(self.excluded, other.excluded);
        for (sum, term) in self.sums.iter_mut().zip(&other.sums) {
            sum.add(term, sign.negates());
        }
    }

    fn clear(&mut self) {
        (self.n, self.excluded) = (0, 0);
        self.sums.fill(Mixed::default());
    }

    fn excluded(&self) -> i128 {
        self.excluded.into()
    }

    fn limbs(&self) -> usize {
        self.sums.iter().map(Mixed::limbs).sum()
    }

    fn write(&self, writer: &mut Writer) {
        writer.signed(self.n);
        writer.signed(self.excluded);
        for sum in &self.sums {
            sum.write(writer);
        }
    }

    fn read_into(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        (self.n, self.excluded) = (reader.signed()?, reader.signed()?);
        for (sum, limits) in self.sums.iter_mut().zip(self.terms.limits()) {
            *sum = Mixed::read(reader, *limits)?;
        }
        Ok(())
    }
}
