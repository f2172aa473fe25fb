//! Infer: numbers of as many bits as are asked for, for what has no exact value.
//!
//! Every operation gives its result to a relative error of 2^(1 − bits), by cutting off; the exponents have 64 bits,
//! so that nothing under- or overflows on the way.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{Signed, Zero};

use crate::exact::{Number, ONES, signed};
use crate::solve::rational::Rational;
use crate::solve::round::ratio;

/// For a result that no subtraction shortens: a double has 53 bits, and 100 more leave no doubt but in theory.
pub const PRECISION: Precision = Precision::new(160);

/// So many bits of a sum must be left (the first 53 are the double).
const ENOUGH: i64 = 100;

/// How often a sum is computed again with twice the bits, until enough are left: these do for terms below 2^9000.
pub(super) const DOUBLINGS: usize = 6;

/// What is below 2^this changes no double: the least is 2^-1074.
const NOTHING: i64 = -1180;

/// `mantissa · 2^exponent`.
#[derive(Clone, Debug)]
pub struct Wide {
    mantissa: BigInt,
    exponent: i64,
}

/// A result below 2^this counts as zero: no double, not even after much cancellation, distinguishes them.
const TINY: i64 = -(1 << 32);

impl Wide {
    /// An integer.
    #[must_use]
    pub fn of(integer: impl Into<BigInt>) -> Self {
        Self { mantissa: integer.into(), exponent: 0 }
    }

    /// A finite double.
    #[must_use]
    pub fn of_double(value: f64) -> Self {
        value.part().map_or_else(Self::zero, |part| {
            Self::of(part.mantissa).scaled(signed(part.exponent) - signed(ONES))
        })
    }

    /// 0.
    #[must_use]
    pub fn zero() -> Self {
        Self::of(0)
    }

    /// Whether it is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.mantissa.is_zero()
    }

    /// Mantissa and exponent.
    #[must_use]
    pub fn parts(&self) -> (&BigInt, i64) {
        (&self.mantissa, self.exponent)
    }

    /// The place of the leading bit: the size is at least 2^(this − 1), and below 2^this. That of zero is the lowest.
    #[must_use]
    pub fn magnitude(&self) -> i64 {
        if self.is_zero() { i64::MIN } else { self.exponent + length(&self.mantissa) }
    }

    /// The number times a power of two.
    #[must_use]
    pub fn scaled(mut self, power: i64) -> Self {
        self.exponent += power;
        self
    }

    /// The number with the other sign.
    #[must_use]
    pub fn negated(mut self) -> Self {
        self.mantissa = -self.mantissa;
        self
    }

    /// The nearest double.
    #[must_use]
    pub fn nearest(&self) -> f64 {
        ratio(&self.mantissa, &BigInt::from(1), self.exponent)
    }
}

fn length(integer: &BigInt) -> i64 {
    i64::try_from(integer.bits()).unwrap_or(i64::MAX)
}

/// Arithmetic to so many bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Precision {
    bits: i64,
}

impl Precision {
    /// Arithmetic to so many bits.
    #[must_use]
    pub const fn new(bits: u32) -> Self {
        Self { bits: bits as i64 }
    }

    /// The number of bits.
    #[must_use]
    pub fn bits(self) -> i64 {
        self.bits
    }

    /// How often [`PRECISION`] was doubled to this one.
    pub(super) fn doublings(self) -> usize {
        (self.bits / PRECISION.bits).trailing_zeros() as usize
    }

    /// Twice as many bits.
    #[must_use]
    pub fn doubled(self) -> Self {
        Self { bits: 2 * self.bits }
    }

    /// More bits.
    #[must_use]
    pub fn plus(self, bits: u32) -> Self {
        Self { bits: self.bits + i64::from(bits) }
    }

    fn cut(self, mut number: Wide) -> Wide {
        let excess = length(&number.mantissa) - self.bits;
        if excess > 0 {
            number.mantissa >>= excess;
            number.exponent += excess;
        }
        number
    }

    /// A quotient of integers.
    #[must_use]
    pub fn ratio(self, numerator: &BigInt, denominator: &BigInt) -> Wide {
        let up = (self.bits + 1 + length(denominator) - length(numerator)).max(0);
        self.cut(Wide { mantissa: (numerator << up) / denominator, exponent: -up })
    }

    /// A rational number.
    #[must_use]
    pub fn rational(self, rational: &Rational) -> Wide {
        let (numerator, denominator, two) = rational.parts();
        self.ratio(numerator, denominator).scaled(two)
    }

    /// The sum, to a relative error of the larger term.
    #[must_use]
    pub fn add(self, one: &Wide, other: &Wide) -> Wide {
        let (large, small) = if one.magnitude() >= other.magnitude() { (one, other) } else { (other, one) };
        // What is below the last bit of the larger one is lost in any case.
        if small.is_zero() || small.magnitude() < large.magnitude() - self.bits - 2 {
            return self.cut(large.clone());
        }
        let exponent = large.exponent.min(small.exponent);
        let mantissa = (&large.mantissa << (large.exponent - exponent))
            + (&small.mantissa << (small.exponent - exponent));
        self.cut(Wide { mantissa, exponent })
    }

    /// The difference, to a relative error of the larger term.
    #[must_use]
    pub fn subtract(self, one: &Wide, other: &Wide) -> Wide {
        self.add(one, &other.clone().negated())
    }

    /// The product.
    #[must_use]
    pub fn multiply(self, one: &Wide, other: &Wide) -> Wide {
        let exponent = one.exponent + other.exponent;
        self.cut(Wide { mantissa: &one.mantissa * &other.mantissa, exponent })
    }

    /// The quotient; the divisor is not zero.
    #[must_use]
    pub fn divide(self, one: &Wide, other: &Wide) -> Wide {
        self.ratio(&one.mantissa, &other.mantissa).scaled(one.exponent - other.exponent)
    }

    /// The square root of a number that is not negative.
    #[must_use]
    pub fn root(self, number: &Wide) -> Wide {
        if number.mantissa.sign() != num_bigint::Sign::Plus {
            return Wide::zero();
        }
        let up = (2 * self.bits + 2 - length(&number.mantissa)).max(0);
        let up = up + (number.exponent - up).rem_euclid(2);
        let mantissa = (&number.mantissa << up).sqrt();
        self.cut(Wide { mantissa, exponent: (number.exponent - up) / 2 })
    }

    /// A power of a number from 0 to 1, to a relative error of 2^(8 − bits); zero if it is below 2^(-2^32).
    #[must_use]
    pub fn power(self, number: &Wide, mut power: u64) -> Wide {
        // Each squaring doubles the error, and there are at most 63.
        let inner = self.plus(64);
        let (mut square, mut result) = (inner.cut(number.clone()), Wide::of(1));
        while power > 0 {
            if power.is_odd() {
                result = inner.multiply(&result, &square);
            }
            power /= 2;
            if power > 0 && square.magnitude() < TINY || result.magnitude() < TINY {
                return Wide::zero();
            }
            square = inner.multiply(&square, &square);
        }
        self.cut(result)
    }

    /// π, by Machin's formula 16·arctan(1/5) − 4·arctan(1/239) (DLMF 3.12.1).
    #[must_use]
    pub fn pi(self) -> Wide {
        let bits = self.bits + 16;
        let one = BigInt::from(1) << bits;
        let angle = |inverse: u32| odd_series(&one / inverse, |term| -(term / (inverse * inverse)));
        self.cut(Wide { mantissa: angle(5) * 16 - angle(239) * 4, exponent: -bits })
    }

    /// The natural logarithm of a positive number: k·ln 2 + 2·artanh((m − 1)/(m + 1)) for m·2^k, m from 3/4 to 3/2
    /// (DLMF 4.6.4).
    #[must_use]
    pub fn ln(self, number: &Wide) -> Wide {
        let mut power = number.magnitude();
        let mut rest = number.clone().scaled(-power);
        if self.subtract(&rest, &Wide::of(3).scaled(-2)).mantissa.is_negative() {
            power -= 1;
            rest = rest.scaled(1);
        }
        let one = Wide::of(1);
        // Close to 1 the difference is exact, and the series keeps its relative error.
        let difference = Precision { bits: self.bits.max(length(&rest.mantissa)) + 2 }.subtract(&rest, &one);
        let own = self.artanh(&self.divide(&difference, &self.add(&rest, &one)));
        let half = self.artanh(&self.ratio(&BigInt::from(1), &BigInt::from(3)));
        let powers = self.multiply(&half, &Wide::of(power));
        self.add(&own, &powers).scaled(1)
    }

    /// artanh z = z + z³/3 + z⁵/5 + … for |z| ≤ 1/3.
    fn artanh(self, z: &Wide) -> Wide {
        if z.is_zero() {
            return Wide::zero();
        }
        let bits = self.bits + 16;
        let square = self.multiply(z, z);
        let square = shifted(&square.mantissa, square.exponent + bits);
        let series = odd_series(BigInt::from(1) << bits, |term| (term * &square) >> bits);
        self.multiply(z, &Wide { mantissa: series, exponent: -bits })
    }
}

/// The double nearest to a sum of terms, which are asked for with more bits if they cancel (A. Ziv, *Fast evaluation of
/// elementary mathematical functions with correctly rounded last bit*, ACM Trans. Math. Softw. 17, 1991).
#[must_use]
pub fn settled(terms: impl Fn(Precision) -> Vec<Wide>) -> f64 {
    let mut precision = PRECISION;
    for round in 0.. {
        let terms = terms(precision);
        let largest = terms.iter().map(Wide::magnitude).max().unwrap_or(i64::MIN);
        let sum = terms.iter().fold(Wide::zero(), |sum, term| precision.add(&sum, term));
        let unknown = largest.saturating_sub(precision.bits);
        if sum.magnitude().saturating_sub(unknown) >= ENOUGH || unknown < NOTHING || round == DOUBLINGS {
            return sum.nearest();
        }
        precision.bits *= 2;
    }
    0.0
}

/// first + next/3 + next(next)/5 + …, until the terms vanish.
fn odd_series(first: BigInt, next: impl Fn(&BigInt) -> BigInt) -> BigInt {
    let (mut sum, mut term, mut odd) = (first.clone(), first, 1u32);
    loop {
        term = next(&term);
        odd += 2;
        let part = &term / odd;
        if part.is_zero() {
            return sum;
        }
        sum += part;
    }
}

/// `integer · 2^power`, cut off.
pub(super) fn shifted(integer: &BigInt, power: i64) -> BigInt {
    if power >= 0 { integer << power } else { integer >> power.unsigned_abs() }
}
