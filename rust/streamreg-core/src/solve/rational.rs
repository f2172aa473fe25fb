//! Stage: solve. An exact answer before its one rounding.

use num_bigint::BigInt;
use num_traits::Signed;

use super::round;
use crate::gram::Unit;

/// `numerator / denominator · unit`; the denominator is not zero.
#[derive(Clone, Debug)]
pub struct Rational {
    numerator: BigInt,
    denominator: BigInt,
    two: i64,
}

impl Rational {
    /// The quotient of two integers in some unit.
    #[must_use]
    pub fn new(mut numerator: BigInt, mut denominator: BigInt, unit: Unit) -> Self {
        let fives = Unit { two: 0, five: unit.five.abs() };
        match unit.five {
            0 => {}
            1.. => numerator *= fives.to_integer(),
            _ => denominator *= fives.to_integer(),
        }
        Self { numerator, denominator, two: unit.two }
    }

    /// Numerator, denominator, and the power of two that multiplies their quotient.
    #[must_use]
    pub fn parts(&self) -> (&BigInt, &BigInt, i64) {
        (&self.numerator, &self.denominator, self.two)
    }

    /// The nearest double.
    #[must_use]
    pub fn nearest(&self) -> f64 {
        round::ratio(&self.numerator, &self.denominator, self.two)
    }

    /// The double nearest to the square root; `None` for a negative number.
    #[must_use]
    pub fn root(&self) -> Option<f64> {
        (!self.is_negative()).then(|| round::root(&self.numerator, &self.denominator, self.two))
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.numerator.is_negative() != self.denominator.is_negative()
    }
}
