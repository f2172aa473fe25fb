//! Stage: discriminant. A rational number plus half of the logarithm of another, rounded once.
//!
//! By A. Ziv, *Fast evaluation of elementary mathematical functions with correctly rounded last bit* (ACM TOMS 17,
//! 1991): more bits are taken until all numbers within the error round to the same double. That ends, as the
//! logarithm of a rational number other than 1 is transcendental, and so the sum no midpoint of two doubles.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_traits::One;

use crate::gram::Unit;
use crate::infer::bigfloat::{Precision, Wide};
use crate::solve::rational::Rational;

/// Bits to begin with; a double has 53.
const FIRST_BITS: u32 = 128;

/// Where it ends at the latest: no chance of a real input to need that many.
pub(super) const MOST_BITS: i64 = 1 << 14;

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

    /// The product of two.
    pub fn times(&self, other: &Self) -> Self {
        let denominator = &self.denominator * &other.denominator;
        Self::new(&self.numerator * &other.numerator, denominator, self.two + other.two)
    }

    /// The quotient of two.
    pub fn over(&self, other: &Self) -> Self {
        let numerator = &self.numerator * &other.denominator;
        Self::new(numerator, &self.denominator * &other.numerator, self.two - other.two)
    }

    /// Half of its logarithm, to a few units in the last place of it or of 1, whichever is greater.
    pub fn half_log(&self, precision: Precision) -> Wide {
        let cut = precision.ratio(&self.numerator, &self.denominator).scaled(self.two);
        precision.ln(&cut).scaled(-1)
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
    let rational = Rational::new(numerator.clone(), denominator.clone(), Unit::ONE);
    rational_plus_half_log(&rational, argument)
}

/// The nearest double to `rational + ½ ln(argument)`.
pub(super) fn rational_plus_half_log(rational: &Rational, argument: &Argument) -> f64 {
    if argument.is_one() {
        return rational.nearest();
    }
    let mut precision = Precision::new(FIRST_BITS);
    loop {
        let terms = [precision.rational(rational), argument.half_log(precision)];
        if let Some(double) = certain_double(precision, &terms) {
            return double;
        }
        if precision.bits() >= MOST_BITS {
            return sum(precision, &terms).nearest();
        }
        precision = precision.doubled();
    }
}

/// The sign of `rational + ½ ln(argument)`.
pub(super) fn sign(rational: &Rational, argument: &Argument) -> Ordering {
    if argument.is_one() {
        return (rational.parts().0 * rational.parts().1).cmp(&BigInt::ZERO);
    }
    let mut precision = Precision::new(FIRST_BITS);
    loop {
        let terms = [precision.rational(rational), argument.half_log(precision)];
        if let Some(sign) = certain_sign(precision, &terms) {
            return sign;
        }
        if precision.bits() >= MOST_BITS {
            return Ordering::Equal;
        }
        precision = precision.doubled();
    }
}

/// The sum of a few terms.
pub(super) fn sum(precision: Precision, terms: &[Wide]) -> Wide {
    terms.iter().fold(Wide::zero(), |sum, term| precision.add(&sum, term))
}

/// The power of two that the sum of a few terms is off by at most. Each has a few units of error in its last place;
/// that of the argument of a logarithm, which is relative, is an absolute one of the logarithm.
pub(super) fn error(precision: Precision, terms: &[Wide]) -> i64 {
    let size = terms.iter().map(Wide::magnitude).max().unwrap_or(0).max(0);
    size + 8 - precision.bits()
}

/// The double nearest to the sum of a few terms, if that is certain.
pub(super) fn certain_double(precision: Precision, terms: &[Wide]) -> Option<f64> {
    nearest_within(precision, &sum(precision, terms), error(precision, terms))
}

/// The double nearest to all numbers that differ from this one by at most a power of two, if there is one.
pub(super) fn nearest_within(precision: Precision, number: &Wide, error: i64) -> Option<f64> {
    let (error, exact) = (Wide::of(1).scaled(error), precision.plus(64));
    let ends = [exact.subtract(number, &error).nearest(), exact.add(number, &error).nearest()];
    (ends[0].to_bits() == ends[1].to_bits()).then_some(ends[0])
}

/// The sign of the sum of a few terms, if that is certain.
pub(super) fn certain_sign(precision: Precision, terms: &[Wide]) -> Option<Ordering> {
    let sum = sum(precision, terms);
    // Its size is at least half of its magnitude's power of two.
    (sum.magnitude() > error(precision, terms) + 1).then(|| sum.parts().0.cmp(&BigInt::ZERO))
}
