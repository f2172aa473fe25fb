//! Windows: times, and sums and differences of them that are compared without rounding.
//!
//! Integers are summed in 128 bits. A sum of doubles is compared by the nearest double where that is provably right:
//! the error of adding n doubles is at most (n - 1) units of roundoff of the sum of their sizes (N. J. Higham, *Accuracy
//! and Stability of Numerical Algorithms*, 2nd ed., SIAM 2002, section 4.2); else by the exact rational numbers.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_traits::Float;
use num_traits::Zero;

use crate::error::Error;
use crate::reduce::{Answer, key};
use crate::solve::round;
use crate::time::TimeType;

/// What the times of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeKind {
    /// 64-bit signed integers.
    Int,
    /// Doubles.
    Float,
    /// Datetimes, in microseconds.
    Datetime,
}

/// A time, or a length of time, of a column's kind; never NaN or infinite, and never -0.0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moment {
    /// An integer, or microseconds.
    Int(i64),
    /// A double.
    Float(f64),
}

impl TimeKind {
    /// The byte that stands for it in the bytes of states.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Int => 0,
            Self::Float => 1,
            Self::Datetime => 2,
        }
    }

    /// Checks that this is a time, or a length of time, of this kind; of -0.0 it makes 0.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is none.
    pub fn checked(self, moment: Moment) -> Result<Moment, Error> {
        match (self, moment) {
            (Self::Int | Self::Datetime, Moment::Int(_)) => Ok(moment),
            (Self::Float, Moment::Float(value)) if value.is_finite() => Ok(Moment::Float(value + 0.0)),
            _ => Err(Error::Invalid(format!("{moment:?} is no time of a column of times of kind {self:?}"))),
        }
    }

    /// Whether there is such a point in time.
    pub(super) fn holds(self, moment: Moment) -> bool {
        match (self, moment) {
            (Self::Int, Moment::Int(_)) => true,
            (Self::Datetime, Moment::Int(micros)) => TimeType::Datetime.holds(micros),
            (Self::Float, Moment::Float(value)) => value.is_finite(),
            _ => false,
        }
    }

    /// The sum of times and lengths of time, rounded once; `None` if there is no such point in time.
    pub(super) fn sum(self, terms: &[Moment]) -> Option<Moment> {
        let found = match self {
            Self::Int | Self::Datetime => Moment::Int(i64::try_from(int_sum(terms)).ok()?),
            Self::Float => Moment::Float(Rational::sum(terms).nearest()),
        };
        Some(found).filter(|found| self.holds(*found))
    }

    /// Reads what [`Moment::encode`] wrote, and moves behind it; `None` for anything else.
    pub(super) fn decode(self, key: &mut &[u8]) -> Option<Moment> {
        let found = match self {
            Self::Int | Self::Datetime => Moment::Int(key::read_int(key)?),
            Self::Float => Moment::Float(key::read_float(key)?),
        };
        // Equal bit for bit: -0.0 is written as 0.
        self.checked(found).ok().filter(|checked| checked.order(found).is_eq())
    }
}

impl Moment {
    /// The order of two times of one kind.
    pub(super) fn order(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Int(one), Self::Int(other)) => one.cmp(&other),
            (Self::Float(one), Self::Float(other)) => one.total_cmp(&other),
            (Self::Int(_), Self::Float(_)) => Ordering::Less,
            (Self::Float(_), Self::Int(_)) => Ordering::Greater,
        }
    }

    /// The later one of two times.
    pub(super) fn later(self, other: Self) -> Self {
        if self.order(other).is_lt() { other } else { self }
    }

    /// The earlier one of two times.
    pub(super) fn earlier(self, other: Self) -> Self {
        if self.order(other).is_gt() { other } else { self }
    }

    /// Appends it as a cell of a key: in the order of the bytes is that of the times.
    pub(super) fn encode(self, out: &mut Vec<u8>) {
        match self {
            Self::Int(value) => key::write_int(value, out),
            Self::Float(value) => key::write_float(value, out),
        }
    }

    /// As the value of a column of this kind.
    pub(super) fn answer(self, kind: TimeKind) -> Answer {
        match (kind, self) {
            (TimeKind::Datetime, Self::Int(micros)) => Answer::Time(TimeType::Datetime, micros),
            (_, Self::Int(value)) => Answer::Int(value.into()),
            (_, Self::Float(value)) => Answer::Float(value),
        }
    }

    pub(super) fn int(self) -> i128 {
        match self {
            Self::Int(value) => value.into(),
            Self::Float(_) => 0,
        }
    }

    pub(super) fn float(self) -> f64 {
        match self {
            Self::Int(_) => 0.0,
            Self::Float(value) => value,
        }
    }
}

/// Compares two sums of times of one kind without rounding.
///
/// What is to be subtracted on one side stands on the other: `a - b >= c` is `compare(&[a], &[b, c]).is_ge()`.
pub(super) fn compare(left: &[Moment], right: &[Moment]) -> Ordering {
    if matches!(left.iter().chain(right).next(), None | Some(Moment::Int(_))) {
        return int_sum(left).cmp(&int_sum(right));
    }
    let (mut difference, mut size) = (0.0, 0.0);
    for (term, sign) in left.iter().map(|term| (term, 1.0)).chain(right.iter().map(|term| (term, -1.0))) {
        difference += sign * term.float();
        size += term.float().abs();
    }
    // As many terms as there ever are, and a factor of more than two to spare for the error of this very product.
    if size.is_finite() && difference.abs() > size * (16.0 * f64::EPSILON) {
        return if difference > 0.0 { Ordering::Greater } else { Ordering::Less };
    }
    Rational::sum(left).compare(&Rational::sum(right))
}

fn int_sum(terms: &[Moment]) -> i128 {
    terms.iter().map(|term| term.int()).sum()
}

/// An integer times a power of two, which every sum of doubles is.
#[derive(Clone, Debug)]
pub(super) struct Rational {
    integer: BigInt,
    exponent: i16,
}

impl Rational {
    /// `integer · 2^exponent`.
    pub(super) fn new(integer: BigInt, exponent: i16) -> Self {
        Self { integer, exponent }
    }

    /// A sum of doubles.
    pub(super) fn sum(terms: &[Moment]) -> Self {
        let mut sum = Self { integer: BigInt::ZERO, exponent: 0 };
        for term in terms {
            sum.add(&Self::of(term.float()));
        }
        sum
    }

    /// A finite double.
    pub(super) fn of(value: f64) -> Self {
        let (mantissa, exponent, sign) = Float::integer_decode(value);
        Self { integer: BigInt::from(mantissa) * sign, exponent: if mantissa == 0 { 0 } else { exponent } }
    }

    /// Adds another one.
    pub(super) fn add(&mut self, other: &Self) {
        if self.integer.is_zero() {
            *self = other.clone();
        } else if !other.integer.is_zero() {
            let exponent = self.exponent.min(other.exponent);
            self.integer = self.at(exponent) + other.at(exponent);
            self.exponent = exponent;
        }
    }

    /// Its opposite.
    pub(super) fn negated(mut self) -> Self {
        self.integer = -self.integer;
        self
    }

    /// So many times as much.
    pub(super) fn times(mut self, factor: i128) -> Self {
        self.integer *= factor;
        self
    }

    /// The greatest integer that is not above its quotient by another one, which is above zero.
    pub(super) fn floor_div(&self, by: &Self) -> BigInt {
        let exponent = self.exponent.min(by.exponent);
        num_integer::Integer::div_floor(&self.at(exponent), &by.at(exponent))
    }

    /// The order of two.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let exponent = self.exponent.min(other.exponent);
        self.at(exponent).cmp(&other.at(exponent))
    }

    /// The nearest double.
    pub(super) fn nearest(&self) -> f64 {
        round::ratio(&self.integer, &BigInt::from(1), self.exponent.into())
    }

    /// The integer, in units of two to a power that is not above its own.
    fn at(&self, exponent: i16) -> BigInt {
        &self.integer << u32::try_from(i32::from(self.exponent) - i32::from(exponent)).unwrap_or(0)
    }
}
