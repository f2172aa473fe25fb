//! Solve: an exact result before its one rounding.

use num_bigint::BigInt;
use num_traits::{Signed, Zero};

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

    /// The sum.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let two = self.two.min(other.two);
        let one = (&self.numerator * &other.denominator) << (self.two - two);
        let another = (&other.numerator * &self.denominator) << (other.two - two);
        Self { numerator: one + another, denominator: &self.denominator * &other.denominator, two }
    }

    /// The difference.
    #[must_use]
    pub fn less(&self, other: &Self) -> Self {
        self.plus(&Self { numerator: -&other.numerator, ..other.clone() })
    }

    /// The quotient with a number that is not zero.
    #[must_use]
    pub fn over(&self, other: &Self) -> Self {
        let numerator = &self.numerator * &other.denominator;
        Self { numerator, denominator: &self.denominator * &other.numerator, two: self.two - other.two }
    }

    /// The double nearest to the quotient with the square root of another one; `None` unless that is above zero.
    #[must_use]
    pub fn over_root(&self, square: &Self) -> Option<f64> {
        if !square.is_positive() {
            return None;
        }
        let numerator = &self.numerator * &self.numerator * &square.denominator;
        let denominator = &self.denominator * &self.denominator * &square.numerator;
        let size = round::root(&numerator, &denominator, 2 * self.two - square.two);
        Some(if self.is_negative() && size > 0.0 { -size } else { size })
    }

    /// Whether it is above zero.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        !self.numerator.is_zero() && !self.is_negative()
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.numerator.is_negative() != self.denominator.is_negative()
    }
}
