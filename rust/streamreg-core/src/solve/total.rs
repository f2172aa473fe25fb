//! Stage: solve. Sum and average of a column.

use num_bigint::BigInt;

use super::round::{self, signed};
use crate::exact::{ExactSum, ONES};

/// The sum, rounded once.
#[must_use]
pub fn sum(sum: &ExactSum) -> f64 {
    round::window(sum.total(), -signed(ONES))
}

/// The sum of integers, exact.
#[must_use]
pub fn integer_sum(sum: &ExactSum) -> BigInt {
    let (integer, shift) = sum.total().to_integer();
    (integer << shift) >> ONES
}

/// The average, rounded once; `None` if there is no row.
#[must_use]
pub fn average(sum: &ExactSum) -> Option<f64> {
    let (integer, shift) = sum.total().to_integer();
    (sum.n() > 0).then(|| round::ratio(&integer, &BigInt::from(sum.n()), signed(shift) - signed(ONES)))
}
