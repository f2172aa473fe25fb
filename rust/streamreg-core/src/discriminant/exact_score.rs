//! Stage: discriminant, score. The score of a class for a row as it is by the exact parameters: a rational number and half
//! of the logarithm of another.
//!
//! Which of two scores is greater is decided so. The logarithm of a rational number other than 1 is transcendental (F.
//! Lindemann, 1882): two scores are equal only where both parts are, which is decided in integers. Everywhere else more
//! bits will separate them; they end at [`log::MOST_BITS`], and scores that agree in all of these count as equal.

use std::cell::OnceCell;
use std::cmp::Ordering;

use num_bigint::BigInt;

use super::group::dot;
use super::log::{self, Argument};
use crate::column::Numbers;
use crate::exact::{ONES, signed};
use crate::gram::Unit;
use crate::infer::bigfloat::{Precision, Wide};
use crate::solve::eliminate::Elimination;
use crate::solve::rational::Rational;

/// Half-logarithms are kept to so many bits: nearly always these do.
const KEPT: Precision = Precision::new(192);

/// A row: each number is an integer times a power of two.
#[derive(Debug)]
pub struct Point(Vec<(BigInt, i64)>);

impl Point {
    /// Of columns of doubles or integers, if all are finite.
    pub(super) fn of(columns: &[Numbers<'_>], row: usize) -> Option<Self> {
        let number = |column: &Numbers<'_>| {
            let part = column.part(row)?;
            Some((part.mantissa.into(), signed(part.exponent) - signed(ONES)))
        };
        columns.iter().map(number).collect::<Option<_>>().map(Self)
    }

    /// The row in these units and a power of two, the same for all, which is at most 1.
    fn in_units(&self, units: &[i64]) -> (Vec<BigInt>, i64) {
        let places = self.0.iter().zip(units).map(|((_, two), unit)| two - unit);
        let least = places.clone().min().unwrap_or(0).min(0);
        let integers = self.0.iter().zip(places).map(|((mantissa, _), place)| mantissa << (place - least));
        (integers.collect(), least)
    }
}

/// The score of a class.
#[derive(Clone, Debug)]
pub struct ExactScore {
    units: Vec<i64>,
    form: Form,
    odds: Argument,
    half_log: Wide,
}

/// The rational part.
#[derive(Clone, Debug)]
pub enum Form {
    /// (Σ coefficient·x + constant) / denominator.
    Linear {
        /// One for each feature.
        coefficients: Vec<BigInt>,
        /// The constant.
        constant: BigInt,
        /// Above zero.
        denominator: BigInt,
    },
    /// −½(x − s/n)ᵀ(C/(n·d))⁻¹(x − s/n).
    Quadratic {
        /// s: the sums of the features.
        sums: Vec<BigInt>,
        /// n.
        n: BigInt,
        /// d.
        divisor: BigInt,
        /// Of C.
        elimination: Elimination,
    },
    /// −½ Σ (x − s/n)² · denominator / numerator.
    Squares {
        /// s: the sums of the features.
        sums: Vec<BigInt>,
        /// n.
        n: BigInt,
        /// Of each variance, numerator and denominator.
        variances: Vec<(BigInt, BigInt)>,
    },
}

impl ExactScore {
    /// Of features counted in these powers of two, with half of the logarithm of `odds`.
    pub(super) fn new(units: Vec<i64>, form: Form, odds: Argument) -> Self {
        let half_log = odds.half_log(KEPT);
        Self { units, form, odds, half_log }
    }

    /// The value for a row.
    pub(super) fn at(&self, point: &Point) -> Value<'_> {
        let (x, two) = point.in_units(&self.units);
        Value { score: self, x, two, rational: OnceCell::new() }
    }

    /// The rational part for a row in units that are smaller by a power of two.
    fn rational(&self, x: &[BigInt], two: i64) -> Rational {
        match &self.form {
            Form::Linear { coefficients, constant, denominator } => {
                let numerator = dot(coefficients, x) + (constant << -two);
                Rational::new(numerator, denominator.clone(), Unit::two(two))
            }
            Form::Quadratic { sums, n, divisor, elimination } => {
                let away = away(x, two, sums, n);
                let square = dot(&away, &elimination.solve(&away).unwrap_or_default());
                let denominator = elimination.determinant() * n * 2;
                Rational::new(-square * divisor, denominator, Unit::two(2 * two))
            }
            Form::Squares { sums, n, variances } => {
                let away = away(x, two, sums, n);
                let squares: Vec<_> = away.iter().map(|away| away * away).collect();
                let (numerator, denominator) = quotients(&squares, variances);
                Rational::new(-numerator, denominator * n * n * 2, Unit::two(2 * two))
            }
        }
    }
}

/// n·x − s, in a unit that is smaller by a power of two.
fn away(x: &[BigInt], two: i64, sums: &[BigInt], n: &BigInt) -> Vec<BigInt> {
    x.iter().zip(sums).map(|(x, sum)| x * n - (sum << -two)).collect()
}

/// Σ square·denominator/numerator as one quotient: by halves, so that most products are of small numbers.
fn quotients(squares: &[BigInt], variances: &[(BigInt, BigInt)]) -> (BigInt, BigInt) {
    match (squares, variances) {
        ([], _) | (_, []) => (BigInt::ZERO, BigInt::from(1)),
        ([square], [(numerator, denominator), ..]) => (square * denominator, numerator.clone()),
        _ => {
            let middle = squares.len() / 2;
            let (one, of_one) = quotients(&squares[..middle], &variances[..middle]);
            let (other, of_other) = quotients(&squares[middle..], &variances[middle..]);
            (one * &of_other + other * &of_one, of_one * of_other)
        }
    }
}

/// More terms than there are features, as a power of two.
const MOST_TERMS: u32 = 16;

/// The score of a class for a row.
#[derive(Debug)]
pub struct Value<'a> {
    score: &'a ExactScore,
    x: Vec<BigInt>,
    two: i64,
    /// Where there are many squares it has as many times the digits of one: it is worked out only where it decides.
    rational: OnceCell<Rational>,
}

impl Value<'_> {
    fn rational(&self) -> &Rational {
        self.rational.get_or_init(|| self.score.rational(&self.x, self.two))
    }

    /// The rational part to so many bits. Squares are all of one sign, so that each adds to the error what it is off by.
    fn rounded(&self, precision: Precision) -> Wide {
        let Form::Squares { sums, n, variances } = &self.score.form else {
            return precision.rational(self.rational());
        };
        let inner = precision.plus(MOST_TERMS + 2);
        let away = away(&self.x, self.two, sums, n);
        let quotient = |(away, (numerator, denominator)): (&BigInt, &(BigInt, BigInt))| {
            inner.ratio(&(away * away * denominator), numerator)
        };
        let sum =
            away.iter().zip(variances).map(quotient).fold(Wide::zero(), |sum, one| inner.add(&sum, &one));
        inner.divide(&sum, &Wide::of(n * n)).scaled(2 * self.two - 1).negated()
    }

    /// Which score is greater.
    pub fn compare(&self, other: &Self) -> Ordering {
        log::certain_sign(KEPT, &self.terms_less(other, KEPT)).unwrap_or_else(|| {
            let rational = self.rational().less(other.rational());
            log::sign(&rational, &self.score.odds.over(&other.score.odds))
        })
    }

    /// The nearest double.
    pub fn nearest(&self) -> f64 {
        let terms = [self.rounded(KEPT), self.score.half_log.clone()];
        log::certain_double(KEPT, &terms)
            .unwrap_or_else(|| log::rational_plus_half_log(self.rational(), &self.score.odds))
    }

    /// The double nearest to this score less another.
    pub fn less(&self, other: &Self) -> f64 {
        log::certain_double(KEPT, &self.terms_less(other, KEPT)).unwrap_or_else(|| {
            let rational = self.rational().less(other.rational());
            log::rational_plus_half_log(&rational, &self.score.odds.over(&other.score.odds))
        })
    }

    /// This score less another one: terms of which each is off by a few units in its last place.
    pub fn terms_less(&self, other: &Self, precision: Precision) -> [Wide; 4] {
        let half_log = |value: &Self| {
            if precision == KEPT {
                value.score.half_log.clone()
            } else {
                value.score.odds.half_log(precision)
            }
        };
        let rational = match self.score.form {
            Form::Squares { .. } => [self.rounded(precision), other.rounded(precision).negated()],
            // What cancels of these does so exactly.
            _ => [precision.rational(&self.rational().less(other.rational())), Wide::zero()],
        };
        let [one, another] = rational;
        [one, another, half_log(self), half_log(other).negated()]
    }
}
