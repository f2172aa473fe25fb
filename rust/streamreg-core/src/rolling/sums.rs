//! Rolling: what the sums of a window must be able to do, and the two kinds of them.

use std::sync::Arc;

use super::fixed::Fixed;
use super::plane::Plane;
use super::{Outcome, line};
use crate::accumulate::{Accumulator, Sign};
use crate::column::Numbers;
use crate::error::Error;
use crate::gram::Gram;
use crate::monomials::{Monomials, Terms, Workspace};

/// The exact sums of a window.
pub(super) trait Sums {
    /// Adds a row of finite numbers, or removes it.
    fn put(&mut self, columns: &[Numbers<'_>], at: usize, remove: bool) -> Result<(), Error>;

    /// Intercept and coefficients, where a short way leads to them.
    fn solve(&self, plane: &mut Plane, found: &mut [f64]) -> Outcome;

    /// The cross-products.
    fn gram(&self) -> Result<Gram, Error>;
}

impl Sums for Fixed {
    #[inline]
    fn put(&mut self, columns: &[Numbers<'_>], at: usize, remove: bool) -> Result<(), Error> {
        Fixed::put(self, columns, at, remove);
        Ok(())
    }

    #[inline]
    fn solve(&self, plane: &mut Plane, found: &mut [f64]) -> Outcome {
        if self.features() == 1 { line::solve(self, found) } else { plane.solve(self, found) }
    }

    fn gram(&self) -> Result<Gram, Error> {
        Fixed::gram(self)
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
}

impl Sums for Spread {
    fn put(&mut self, columns: &[Numbers<'_>], at: usize, remove: bool) -> Result<(), Error> {
        let weight = self.weights.as_ref().map(|(first, weights)| &weights[at - first..=at - first]);
        let row: Vec<_> = columns
            .iter()
            .map(|column| column.rows(at..at + 1))
            .chain(weight.map(Numbers::Float))
            .collect();
        let sign = if remove { Sign::Removed } else { Sign::Added };
        self.sums.check_batch(&row, sign)?;
        self.sums.put_checked(&mut self.workspace, &row, sign);
        Ok(())
    }

    fn solve(&self, _: &mut Plane, _: &mut [f64]) -> Outcome {
        Outcome::Open
    }

    fn gram(&self) -> Result<Gram, Error> {
        self.sums.gram()
    }
}
