//! Rolling: what the sums of a window must be able to do, and the kinds of them.

use std::sync::Arc;

use super::fixed::Fixed;
use super::narrow::Narrow;
use super::{line, plane};
use crate::accumulate::{Accumulator, Sign};
use crate::column::Numbers;
use crate::error::Error;
use crate::gram::Gram;
use crate::monomials::{Monomials, Terms, Workspace};

/// What a way of solving comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The coefficients are there.
    Solved,
    /// The rows do not determine them.
    Singular,
    /// It cannot tell.
    Open,
}

/// The sums of a window.
pub(super) trait Sums {
    /// Adds a row of finite numbers, and takes the oldest one away; either may be none.
    fn put(
        &mut self,
        columns: &[Numbers<'_>],
        enters: Option<usize>,
        leaves: Option<usize>,
    ) -> Result<(), Error>;

    /// Intercept and coefficients, where a short way leads to them; the window begins with a row.
    fn solve(&self, first: usize, found: &mut [f64]) -> Outcome;

    /// The cross-products, if they are known exactly.
    fn gram(&self) -> Result<Option<Gram>, Error>;
}

impl Sums for Fixed {
    #[inline]
    fn put(
        &mut self,
        columns: &[Numbers<'_>],
        enters: Option<usize>,
        leaves: Option<usize>,
    ) -> Result<(), Error> {
        Fixed::put(self, columns, enters, leaves);
        Ok(())
    }

    #[inline]
    fn solve(&self, _: usize, found: &mut [f64]) -> Outcome {
        if self.features() == 1 { line::solve(self, found) } else { plane::solve(self, found) }
    }

    fn gram(&self) -> Result<Option<Gram>, Error> {
        Fixed::gram(self).map(Some)
    }
}

impl Sums for Narrow {
    #[inline]
    fn put(
        &mut self,
        columns: &[Numbers<'_>],
        enters: Option<usize>,
        leaves: Option<usize>,
    ) -> Result<(), Error> {
        Narrow::put(self, columns, enters, leaves.is_some());
        Ok(())
    }

    #[inline]
    fn solve(&self, first: usize, found: &mut [f64]) -> Outcome {
        Narrow::solve(self, first, found)
    }

    fn gram(&self) -> Result<Option<Gram>, Error> {
        Ok(None)
    }
}

/// Sums of any numbers, with weights or without.
pub(super) struct Spread {
    sums: Monomials,
    workspace: Workspace,
    /// The row that the first weight is of, and the weights.
    weights: Option<(usize, Vec<f64>)>,
}

impl Spread {
    /// The sums of nothing.
    pub fn new(terms: Arc<Terms>, weights: Option<(usize, Vec<f64>)>) -> Self {
        Self { sums: Monomials::new(terms), workspace: Workspace::default(), weights }
    }

    fn put_row(&mut self, columns: &[Numbers<'_>], at: usize, sign: Sign) -> Result<(), Error> {
        let weight = self.weights.as_ref().map(|(first, weights)| &weights[at - first..=at - first]);
        let row: Vec<_> =
            columns.iter().map(|column| column.rows(at..at + 1)).chain(weight.map(Numbers::Float)).collect();
        self.sums.check_batch(&row, sign)?;
        self.sums.put_checked(&mut self.workspace, &row, sign);
        Ok(())
    }
}

impl Sums for Spread {
    fn put(
        &mut self,
        columns: &[Numbers<'_>],
        enters: Option<usize>,
        leaves: Option<usize>,
    ) -> Result<(), Error> {
        for (row, sign) in [(enters, Sign::Added), (leaves, Sign::Removed)] {
            row.map_or(Ok(()), |row| self.put_row(columns, row, sign))?;
        }
        Ok(())
    }

    fn solve(&self, _: usize, _: &mut [f64]) -> Outcome {
        Outcome::Open
    }

    fn gram(&self) -> Result<Option<Gram>, Error> {
        self.sums.gram().map(Some)
    }
}
