//! Solve: exact states to correctly rounded results.
//!
//! Every result is a rational number that follows from the state, computed in integers and rounded once to the nearest double,
//! ties to even. Whether there is a result at all (a determinant that is not zero) is decided exactly, never by a
//! tolerance.

pub mod adjugate;
mod chinese;
pub mod eliminate;
mod field;
pub mod line;
pub mod multi;
pub mod rational;
mod remainders;
pub mod round;
pub mod simple;
pub mod total;

use crate::moments::Moments;

/// The least squares solution: intercept, then one coefficient for each feature.
///
/// `None` if there is no row, or if the normal equations are singular. A coefficient that is zero is +0.0, one
/// beyond the largest double is an infinity, as IEEE 754 rounds it.
#[must_use]
pub fn solve(moments: &Moments) -> Option<Vec<f64>> {
    if moments.features() == 1 {
        return match line::solve(moments) {
            line::Outcome::Solved(coefficients) => Some(coefficients.to_vec()),
            line::Outcome::Singular => None,
            line::Outcome::TooWide => multi::solve(moments),
        };
    }
    multi::solve(moments)
}
