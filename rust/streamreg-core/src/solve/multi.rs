//! Stage: solve. Any number of features: one fraction-free elimination.
//!
//! E. H. Bareiss, *Sylvester's identity and multistep integer-preserving Gaussian elimination* (Math. Comp. 22,
//! 1968): every entry stays an integer, a minor of the matrix, and every division is exact. The back-substitution
//! is kept in integers as well, so that each coefficient is one ratio, rounded once.

use num_bigint::BigInt;
use num_traits::Zero;

use super::round::{self, signed};
use crate::exact::ONES;
use crate::moments::Moments;

/// The least squares solution, as [`solve`](super::solve) gives it.
#[must_use]
pub fn solve(moments: &Moments) -> Option<Vec<f64>> {
    if moments.n() <= 0 {
        return None;
    }
    let mut system = equations(moments);
    let shifts = reduce_powers(&mut system);
    let determinant = eliminate(&mut system)?;
    let numerators = substitute(&system, &determinant);

    let target = shifts[numerators.len()];
    let coefficients = numerators.iter().zip(&shifts).enumerate().map(|(variable, (numerator, own))| {
        // Features and target are on the same grid; the one beside the intercept is not on it.
        let grid = if variable == 0 { -signed(ONES) } else { 0 };
        round::ratio(numerator, &determinant, grid + target - own)
    });
    Some(coefficients.collect())
}

/// The normal equations, the right side as the last column, in units of the grids.
fn equations(moments: &Moments) -> Vec<Vec<BigInt>> {
    let target = moments.features();
    let entry = |row: usize, column: usize| {
        let (integer, shift) = match (row, column) {
            (0, 0) => return BigInt::from(moments.n()),
            (0, variable) | (variable, 0) => moments.sum(variable - 1).to_integer(),
            (one, other) => moments.product(one - 1, other - 1).to_integer(),
        };
        integer << shift
    };
    (0..=target).map(|row| (0..=target + 1).map(|column| entry(row, column)).collect()).collect()
}

/// Takes the common powers of two out of every column, then out of every row; gives those of the columns (those
/// of the rows do not change the solution).
fn reduce_powers(system: &mut [Vec<BigInt>]) -> Vec<i64> {
    let columns = system.first().map_or(0, Vec::len);
    let mut shifts = vec![0; columns];
    for (column, shift) in shifts.iter_mut().enumerate() {
        let common = system.iter().filter_map(|row| row[column].trailing_zeros()).min().unwrap_or(0);
        for row in system.iter_mut() {
            row[column] >>= common;
        }
        *shift = i64::try_from(common).unwrap_or(0);
    }
    for row in system {
        let common = row.iter().filter_map(BigInt::trailing_zeros).min().unwrap_or(0);
        for entry in row {
            *entry >>= common;
        }
    }
    shifts
}

/// Brings the system to upper triangular form; gives its determinant but for the sign of the exchanges of rows,
/// which the right side shares, or `None` if it is zero.
fn eliminate(system: &mut [Vec<BigInt>]) -> Option<BigInt> {
    let mut previous = BigInt::from(1);
    for step in 0..system.len() {
        let pivot = (step..system.len()).find(|&row| !system[row][step].is_zero())?;
        system.swap(step, pivot);
        let (above, below) = system.split_at_mut(step + 1);
        let pivot_row = &above[step];
        let pivot = &pivot_row[step];
        for row in below {
            let factor = std::mem::take(&mut row[step]);
            for (entry, over) in row[step + 1..].iter_mut().zip(&pivot_row[step + 1..]) {
                *entry = (&*entry * pivot - &factor * over) / &previous;
            }
        }
        previous.clone_from(pivot);
    }
    Some(previous)
}

/// The coefficients times the determinant, which are integers by Cramer's rule.
fn substitute(system: &[Vec<BigInt>], determinant: &BigInt) -> Vec<BigInt> {
    let unknowns = system.len();
    let mut numerators = vec![BigInt::ZERO; unknowns];
    for (step, row) in system.iter().enumerate().rev() {
        let mut sum = determinant * &row[unknowns];
        for later in step + 1..unknowns {
            sum -= &row[later] * &numerators[later];
        }
        numerators[step] = sum / &row[step];
    }
    numerators
}
