//! Stage: gram. Whether any rows have such cross-products.
//!
//! Rows leave no matrix of cross-products that is not positive semi-definite, and none of a rank above their number. That
//! is decided exactly; where a factorisation in doubles proves the matrix definite (S. M. Rump, *Verification of positive
//! definiteness*, BIT 46, 2006), it need not be.

use num_bigint::{BigInt, Sign};
use num_traits::{Signed, Zero};

use super::Gram;
use crate::error::Error;
use crate::plural::plural;
use crate::solve::eliminate::Elimination;
use crate::solve::round::root;

impl Gram {
    /// Checks that rows can have these cross-products.
    ///
    /// # Errors
    /// [`Error::Invalid`] if none can; it says why.
    pub fn check_possible(&self) -> Result<(), Error> {
        let refused = |why: String| Err(Error::Invalid(why));
        let zero = self.entries.iter().all(Zero::is_zero);
        match self.rows {
            ..0 => return refused(format!("{} would be left", plural(self.rows, "row", "rows"))),
            0 if zero => return Ok(()),
            0 => return refused("no row would be left, but sums that are not zero".to_owned()),
            _ => {}
        }
        let ones = self.entry(0, 0);
        if ones.is_negative() || (ones.is_zero() && !zero) {
            return refused("the weights that would be left have a sum that is not above zero".to_owned());
        }
        let varying = if self.squares { self.varying() } else { rank(&self.deviations()) };
        let rank = match varying {
            Some(rank) => rank + usize::from(!ones.is_zero()),
            None => return refused("sums of squares would be left that are negative".to_owned()),
        };
        if usize::try_from(self.rows).is_ok_and(|rows| rows < rank) {
            return refused(format!(
                "{} would be left, with sums that {rank} have at least",
                plural(self.rows, "row", "rows")
            ));
        }
        Ok(())
    }

    /// The sums of products of the deviations from the means, times the weight of all rows.
    fn deviations(&self) -> Vec<Vec<BigInt>> {
        let variables = 1..self.units.len();
        variables.clone().map(|a| variables.clone().map(|b| self.deviation(a, b)).collect()).collect()
    }

    fn deviation(&self, a: usize, b: usize) -> BigInt {
        self.entry(0, 0) * self.entry(a, b) - self.entry(0, a) * self.entry(0, b)
    }

    /// What squares alone say of the rank of the deviations: 1 if a variable varies; `None` if one cannot.
    fn varying(&self) -> Option<usize> {
        let mut found = 0;
        for variable in 1..self.units.len() {
            match self.deviation(variable, variable).sign() {
                Sign::Minus => return None,
                Sign::Plus => found = 1,
                Sign::NoSign => {}
            }
        }
        Some(found)
    }
}

/// The rank of a symmetric matrix, if it is positive semi-definite.
fn rank(matrix: &[Vec<BigInt>]) -> Option<usize> {
    if matrix.iter().enumerate().any(|(at, row)| row[at].is_negative()) {
        return None;
    }
    if is_surely_definite(matrix) {
        return Some(matrix.len());
    }
    let kept = Elimination::of(matrix.to_vec()).independent().to_vec();
    // The others have no part of their own in a matrix of that rank, if this one is definite.
    let row = |&a: &usize| kept.iter().map(|&b| matrix[a][b].clone()).collect();
    let own = Elimination::of(kept.iter().map(row).collect());
    let definite = own.is_in_order() && (0..kept.len()).all(|at| own.pivot(at).is_positive());
    (own.rank() == kept.len() && definite).then_some(kept.len())
}

/// Whether doubles can prove that a symmetric matrix is positive definite.
///
/// Scaled to ones on its diagonal, the matrix of size n is rounded by less than n·u; Cholesky's factorisation of what is
/// less than it by a multiple c of the identity, if it comes to its end, proves that the matrix in doubles has no
/// eigenvalue below c less (n + 2)·n·u. Here c is more than twice both.
#[allow(clippy::cast_precision_loss, reason = "there are few variables")]
fn is_surely_definite(matrix: &[Vec<BigInt>]) -> bool {
    let size = matrix.len();
    let margin = 4.0 * (size as f64 + 2.0) * (size as f64 + 2.0) * f64::EPSILON;
    let mut lower: Vec<Vec<f64>> = Vec::with_capacity(size);
    for (at, row) in matrix.iter().enumerate() {
        if row[at].is_zero() {
            return false;
        }
        let mut own = Vec::with_capacity(at + 1);
        for (other, before) in lower.iter().enumerate() {
            let (entry, both) = (&row[other], &row[at] * &matrix[other][other]);
            let size = root(&(entry * entry), &both, 0);
            let scaled = if entry.is_negative() { -size } else { size };
            own.push((scaled - dot(&own, before)) / before[other]);
        }
        let rest = 1.0 - margin - dot(&own, &own);
        if rest.is_nan() || rest <= 0.0 {
            return false;
        }
        own.push(rest.sqrt());
        lower.push(own);
    }
    true
}

/// Of as many entries as the first has.
fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}
