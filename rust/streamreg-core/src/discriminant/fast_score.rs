//! Stage: discriminant, score. The score of a class for a row in twice the digits of doubles, with a bound of its error.
//!
//! The parameters are exact ones rounded to balls. Features are counted from a point near the rows and in powers of two
//! near their deviations: so what cancels cancels once for all rows, exactly, and nothing leaves the doubles on the way.

use num_bigint::BigInt;

use super::log::{self, Argument};
use crate::column::Numbers;
use crate::gram::Unit;
use crate::infer::ball::Ball;
use crate::infer::bigfloat::{PRECISION, Wide};
use crate::solve::rational::Rational;

/// Features that vary by less than 2^this, and by more than its reciprocal, are counted as they are.
const PLAIN: i64 = 300;

/// Where the features are counted from, and in what.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    features: Vec<Feature>,
}

/// Of one feature the origin, the power of two that it is multiplied by, and that power as two doubles.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Feature {
    origin: f64,
    shift: i64,
    factors: [f64; 2],
}

impl View {
    /// From these origins. `variances` are those of the features, each as numerator and denominator in the square of a
    /// power of two.
    pub(super) fn new(origins: &[f64], variances: impl Iterator<Item = (BigInt, BigInt, i64)>) -> Self {
        let feature = |(&origin, (numerator, denominator, unit)): (&f64, (BigInt, BigInt, i64))| {
            let shift = shift(&numerator, &denominator, unit);
            let half = i32::try_from(shift / 2).unwrap_or(0);
            let rest = i32::try_from(shift - shift / 2).unwrap_or(0);
            Feature { origin, shift, factors: [2f64.powi(half), 2f64.powi(rest)] }
        };
        Self { features: origins.iter().zip(variances).map(feature).collect() }
    }

    /// The number of features.
    pub(super) fn len(&self) -> usize {
        self.features.len()
    }

    /// The power of two that a feature is multiplied by.
    pub(super) fn shift(&self, feature: usize) -> i64 {
        self.features[feature].shift
    }

    /// A row seen from here.
    pub(super) fn go(&self, columns: &[Numbers<'_>], row: usize, offsets: &mut Vec<Ball>) {
        offsets.clear();
        offsets.extend(columns.iter().zip(&self.features).map(|(column, feature)| {
            let offset = difference(column, row, feature.origin);
            if feature.shift == 0 { offset } else { offset.scaled(feature.factors) }
        }));
    }
}

/// What brings a number of this variance near 1.
fn shift(numerator: &BigInt, denominator: &BigInt, unit: i64) -> i64 {
    let bits = |value: &BigInt| i64::try_from(value.bits()).unwrap_or(i64::MAX);
    if numerator.bits() == 0 {
        return 0;
    }
    let shift = (bits(denominator) - bits(numerator)) / 2 - unit;
    if shift.abs() < PLAIN { 0 } else { shift }
}

/// A number counted from an origin.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the origin is an integer below 2^63"
)]
fn difference(column: &Numbers<'_>, row: usize, origin: f64) -> Ball {
    match column {
        Numbers::Float(values) => Ball::difference(values[row], origin),
        Numbers::Int(values) if origin.fract() == 0.0 && origin.abs() < i64::MAX as f64 => {
            Ball::of_integer(i128::from(values[row]) - origin as i128)
        }
        Numbers::Int(values) => Ball::of_integer(values[row].into()) - Ball::of_double(origin),
        Numbers::Decimal(_) | Numbers::Time(..) => Ball::of_double(f64::NAN), // refused before
    }
}

/// The score of a class, of features seen from a [`View`].
#[derive(Clone, Debug)]
pub enum FastScore {
    /// The constant and Σ coefficient·x.
    Linear {
        /// The constant.
        constant: Ball,
        /// The coefficients.
        coefficients: Vec<Ball>,
    },
    /// The constant less half of the sum of squares.
    Quadratic {
        /// The constant.
        constant: Ball,
        /// The squares.
        squares: Vec<FastSquare>,
    },
}

impl FastScore {
    /// The score; `x` has a number for each feature.
    #[inline]
    pub(super) fn of(&self, x: &[Ball]) -> Ball {
        match self {
            Self::Linear { constant, coefficients } => {
                coefficients.iter().zip(x).fold(*constant, |sum, (coefficient, x)| sum + *coefficient * *x)
            }
            Self::Quadratic { constant, squares } => {
                let zero = Ball::of_double(0.0);
                let sum = squares.iter().fold(zero, |sum, square| sum + square.of(x));
                *constant - sum * Ball::of_double(0.5)
            }
        }
    }
}

/// (Σ coefficient·x − offset)², of the first features.
#[derive(Clone, Debug)]
pub struct FastSquare {
    offset: Ball,
    /// Without leading zeros; the first is that of the feature `first`.
    coefficients: Vec<Ball>,
    first: usize,
}

impl FastSquare {
    /// (Σ entry·x − offset)² · weight, of features from `first` on as [`View`] has them; `entries` count them in
    /// these powers of two.
    pub(super) fn new(
        view: &View,
        weight: &Rational,
        offset: &Rational,
        first: usize,
        entries: impl Iterator<Item = Rational>,
    ) -> Self {
        let root = PRECISION.root(&PRECISION.rational(weight));
        let times = |number: &Rational| PRECISION.multiply(&root, &PRECISION.rational(number));
        let coefficient =
            |(at, entry): (usize, Rational)| Ball::of_wide(&times(&entry).scaled(-view.shift(first + at)));
        let coefficients = entries.enumerate().map(coefficient).collect();
        Self { offset: Ball::of_wide(&times(offset)), coefficients, first }
    }

    #[inline]
    fn of(&self, x: &[Ball]) -> Ball {
        let terms = self.coefficients.iter().zip(&x[self.first..]);
        let distance = terms.fold(-self.offset, |sum, (coefficient, x)| sum + *coefficient * *x);
        distance * distance
    }
}

/// A quotient in a power of two as a ball.
pub(super) fn coefficient(numerator: BigInt, denominator: BigInt, two: i64) -> Ball {
    Ball::of_rational(&Rational::new(numerator, denominator, Unit::two(two)))
}

/// A quotient and half of the logarithm of `odds` as a ball.
pub(super) fn constant(numerator: BigInt, denominator: BigInt, odds: &Argument) -> Ball {
    let precision = PRECISION.plus(96);
    let rational = precision.rational(&Rational::new(numerator, denominator, Unit::ONE));
    let terms = [rational, odds.half_log(precision)];
    // Where the two cancel, what is left of them has fewer digits.
    let error = Wide::of(1).scaled(log::error(precision, &terms)).nearest();
    Ball::of_wide(&log::sum(precision, &terms)) + Ball::of_parts(0.0, 0.0, error)
}
