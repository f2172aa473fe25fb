//! Solve: symmetric linear equations in integers, without fractions.
//!
//! E. H. Bareiss, *Sylvester's identity and multistep integer-preserving Gaussian elimination* (Math. Comp. 22,
//! 1968): every entry stays an integer, a minor of the matrix, and every division is exact. The factors that
//! eliminate are kept, so that any number of right sides can be solved; the back-substitution stays in integers too.

use num_bigint::BigInt;
use num_traits::Zero;

use super::remainders::{Minors, minors};

/// From so many unknowns on remainders are the faster way (measured).
const MANY: usize = 12;

/// A symmetric matrix, eliminated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elimination {
    /// On and above the diagonal the eliminated rows, below it the factors that eliminated.
    rows: Vec<Vec<BigInt>>,
    /// The row of the matrix that each row was.
    order: Vec<usize>,
    /// The columns that have a pivot.
    columns: Vec<usize>,
    determinant: BigInt,
}

impl Elimination {
    /// Eliminates a symmetric matrix.
    #[must_use]
    pub fn of(rows: Vec<Vec<BigInt>>) -> Self {
        let found = if rows.len() >= MANY { Self::by_remainders(&rows, None) } else { None };
        found.map_or_else(|| Self::step_by_step(rows), |(found, _)| found)
    }

    /// Eliminates a symmetric matrix, and [solves](Self::solve) for a right side.
    #[must_use]
    pub fn solving(rows: Vec<Vec<BigInt>>, right: &[BigInt]) -> (Self, Option<Vec<BigInt>>) {
        let found = if rows.len() >= MANY { Self::by_remainders(&rows, Some(right)) } else { None };
        found.unwrap_or_else(|| {
            let found = Self::step_by_step(rows);
            let solution = found.solve(right);
            (found, solution)
        })
    }

    /// By remainders, with the solution for a right side, if there is one; `None` if a leading minor is zero.
    #[must_use]
    pub fn by_remainders(
        matrix: &[Vec<BigInt>],
        right: Option<&[BigInt]>,
    ) -> Option<(Self, Option<Vec<BigInt>>)> {
        let Minors { upper, solution } = minors(matrix, right)?;
        let entry = |row: usize, column: usize| {
            let (low, high) = (row.min(column), row.max(column));
            upper[low][high - low].clone()
        };
        let all: Vec<_> = (0..upper.len()).collect();
        // The factors of what stays symmetric are the entries above the diagonal.
        let rows = all.iter().map(|&row| all.iter().map(|&column| entry(row, column)).collect()).collect();
        let determinant = upper.last().map_or_else(|| BigInt::from(1), |row| row[0].clone());
        Some((Self { rows, order: all.clone(), columns: all, determinant }, solution))
    }

    /// One row after another, whatever the matrix is.
    #[must_use]
    pub fn step_by_step(mut rows: Vec<Vec<BigInt>>) -> Self {
        let columns = rows.len();
        let mut order: Vec<_> = (0..columns).collect();
        let (mut found, mut previous) = (Vec::with_capacity(columns), BigInt::from(1));
        // While the pivots are those of the diagonal, what is left stays symmetric: its upper half is enough.
        let mut symmetric = true;
        for column in 0..columns {
            if symmetric && rows[column][column].is_zero() {
                mirror(&mut rows, column);
                symmetric = false;
            }
            let rank = found.len();
            let Some(pivot) = (rank..columns).find(|&row| !rows[row][column].is_zero()) else { continue };
            if !symmetric {
                rows.swap(rank, pivot);
                order.swap(rank, pivot);
            }
            let (above, below) = rows.split_at_mut(rank + 1);
            let pivot_row = &above[rank];
            let pivot = &pivot_row[column];
            for (at, row) in (rank + 1..).zip(below) {
                if symmetric {
                    row[column].clone_from(&pivot_row[at]);
                }
                let first = if symmetric { at } else { column + 1 };
                let (done, rest) = row.split_at_mut(first);
                let factor = &done[column];
                for (entry, over) in rest.iter_mut().zip(&pivot_row[first..]) {
                    *entry = step(entry, pivot, factor, over, &previous);
                }
            }
            previous.clone_from(pivot);
            found.push(column);
        }
        let determinant = if found.len() == columns { previous } else { BigInt::ZERO };
        Self { rows, order, columns: found, determinant }
    }

    /// The rank of the matrix.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.columns.len()
    }

    /// The columns that do not follow linearly from those before them, in order.
    #[must_use]
    pub fn independent(&self) -> &[usize] {
        &self.columns
    }

    /// The determinant, but for a sign that the [solutions](Self::solve) share.
    #[must_use]
    pub fn determinant(&self) -> &BigInt {
        &self.determinant
    }

    /// The pivot of a row; the first that is zero is that of the first column without one.
    #[must_use]
    pub fn pivot(&self, row: usize) -> &BigInt {
        &self.rows[row][row]
    }

    /// Whether no rows were exchanged.
    #[must_use]
    pub fn is_in_order(&self) -> bool {
        self.order.iter().enumerate().all(|(at, &row)| at == row)
    }

    /// A right side after the elimination of a matrix that is not singular, each entry times the pivot before its own.
    #[must_use]
    pub fn forward(&self, right: &[BigInt]) -> Vec<BigInt> {
        let mut right: Vec<BigInt> = self.order.iter().map(|&row| right[row].clone()).collect();
        let one = BigInt::from(1);
        let mut previous = &one;
        for (at, pivot_row) in self.rows.iter().enumerate() {
            let (above, below) = right.split_at_mut(at + 1);
            let pivot = &pivot_row[at];
            for (entry, row) in below.iter_mut().zip(&self.rows[at + 1..]) {
                *entry = step(entry, pivot, &row[at], &above[at], previous);
            }
            previous = pivot;
        }
        right
    }

    /// The solution times the [determinant](Self::determinant), which is of integers by Cramer's rule; `None` if the
    /// matrix is singular.
    #[must_use]
    pub fn solve(&self, right: &[BigInt]) -> Option<Vec<BigInt>> {
        let unknowns = self.rows.len();
        if self.determinant.is_zero() {
            return None;
        }
        let mut right = self.forward(right);
        for (at, row) in self.rows.iter().enumerate().rev() {
            let mut sum = &self.determinant * &right[at];
            for later in at + 1..unknowns {
                sum -= &row[later] * &right[later];
            }
            right[at] = sum / &row[at];
        }
        Some(right)
    }
}

/// Completes the lower half of what is left from some row and column on.
fn mirror(rows: &mut [Vec<BigInt>], from: usize) {
    for at in from + 1..rows.len() {
        let (above, below) = rows.split_at_mut(at);
        let own = below.iter_mut().take(1).flatten();
        for (entry, row) in own.zip(above.iter()).skip(from) {
            entry.clone_from(&row[at]);
        }
    }
}

/// What becomes of an entry; the division is exact.
fn step(entry: &BigInt, pivot: &BigInt, factor: &BigInt, over: &BigInt, previous: &BigInt) -> BigInt {
    (entry * pivot - factor * over) / previous
}
