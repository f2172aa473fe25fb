//! Stage: discriminant. A rational number plus half of the logarithm of another, rounded once.
//!
//! By A. Ziv, *Fast evaluation of elementary mathematical functions with correctly rounded last bit* (ACM TOMS 17,
//! 1991): more bits are taken until all numbers within the error round to the same double. That ends, as the
//! logarithm of a rational number other than 1 is transcendental, and so the sum no midpoint of two doubles.

use num_bigint::BigInt;
use num_traits::One;

use crate::infer::bigfloat::{Precision, Wide};
use crate::solve::round::ratio;

/// Bits to begin with; a double has 53.
const FIRST_BITS: u32 = 128;

/// Where it ends at the latest: no chance of a real input to need that many.
const MOST_BITS: u32 = 1 << 14;

/// A positive rational number, `numerator / denominator · 2^two`.
#[derive(Clone, Debug)]
pub struct Argument {
    numerator: BigInt,
    denominator: BigInt,
    two: i64,
}

impl Argument {
    /// A quotient of positive integers, and a power of two.
    pub fn new(numerator: BigInt, denominator: BigInt, two: i64) -> Self {
        Self { numerator, denominator, two }
    }

    /// 1, of which the logarithm is 0.
    pub fn one() -> Self {
        Self::new(BigInt::one(), BigInt::one(), 0)
    }

    /// Its square.
    pub fn squared(&self) -> Self {
        let square = |integer: &BigInt| integer * integer;
        Self::new(square(&self.numerator), square(&self.denominator), 2 * self.two)
    }

    /// The quotient of two.
    pub fn over(&self, other: &Self) -> Self {
        let numerator = &self.numerator * &other.denominator;
        Self::new(numerator, &self.denominator * &other.numerator, self.two - other.two)
    }

    fn is_one(&self) -> bool {
        let shift = self.two.unsigned_abs();
        if self.two < 0 {
            self.numerator == &self.denominator << shift
        } else {
            &self.numerator << shift == self.denominator
        }
    }
}

/// The nearest double to `numerator / denominator + ½ ln(argument)`; the denominator is not zero.
pub(super) fn plus_half_log(numerator: &BigInt, denominator: &BigInt, argument: &Argument) -> f64 {
    if argument.is_one() {
        return ratio(numerator, denominator, 0);
    }
    let mut bits = FIRST_BITS;
    loop {
        let precision = Precision::new(bits);
        let rational = precision.ratio(numerator, denominator);
        let cut = precision.ratio(&argument.numerator, &argument.denominator).scaled(argument.two);
        let half_log = precision.ln(&cut).scaled(-1);
        let sum = precision.add(&rational, &half_log);
        // Each term has a few units of error in its last place. That of the argument, which is relative, is an
        // absolute one of its logarithm.
        let size = rational.magnitude().max(half_log.magnitude()).max(0);
        let error = Wide::of(1).scaled(size + 8 - i64::from(bits));
        let exact = precision.plus(64);
        let ends = [exact.subtract(&sum, &error).nearest(), exact.add(&sum, &error).nearest()];
        if ends[0].to_bits() == ends[1].to_bits() || bits >= MOST_BITS {
            return sum.nearest();
        }
        bits *= 2;
    }
}
