//! Infer: numbers of twice the digits of a double that know how far off they may be.
//!
//! A number is the unevaluated sum of two doubles (T. J. Dekker, *A floating-point technique for extending the available
//! precision*, Numer. Math. 18, 1971), and beside it stands a bound of its error, carried along by the rules of ball
//! arithmetic (J. van der Hoeven, *Ball arithmetic*, 2009). Where all of the ball rounds to one double that is the
//! nearest to the true number; where it does not, the exact way has to decide (A. Ziv, as in [`bigfloat`](super::bigfloat)).
//!
//! With u = 2⁻⁵³ each operation gives its own bound as a multiple of u², with room for the roundings of the bound
//! itself. What leaves the doubles makes an infinity or NaN, which rounds to nothing.

use std::cmp::Ordering;
use std::ops::{Add, Mul, Neg, Sub};

use super::bigfloat::{PRECISION, Wide};
use crate::column::Numbers;
use crate::decimal::Decimal;
use crate::solve::rational::Rational;

/// u².
const UNIT: f64 = f64::EPSILON * f64::EPSILON / 4.0;

/// What a bound is multiplied by, once for each operation, for the roundings of those that it is made from.
const WIDER: f64 = 1.0 + 16.0 * f64::EPSILON;

/// More than any operation loses to underflow: a few times 2⁻¹⁰⁷⁴.
const FLOOR: f64 = f64::MIN_POSITIVE * 1e9;

/// Doubles outside of these are left to the exact way: their last place, and what underflows beside them, are safe.
const LEAST: f64 = f64::MIN_POSITIVE * 1e27;
const MOST: f64 = 1.0 / LEAST;

/// The powers of ten that are doubles.
const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// `high + low`, and how far from it the number may be at most; high is the double nearest to the sum.
#[derive(Clone, Copy, Debug)]
pub struct Ball {
    high: f64,
    low: f64,
    radius: f64,
}

impl Ball {
    /// The sum of two doubles, and how far from it the number may be at most. The low one is at most half a unit in the
    /// last place of the high one.
    #[must_use]
    #[inline]
    pub fn of_parts(high: f64, low: f64, radius: f64) -> Self {
        Self { high, low, radius }
    }

    /// A number counted from another one: exactly, where neither it nor what it was rounded by leaves the doubles.
    #[must_use]
    pub fn difference(one: f64, other: f64) -> Self {
        let (high, low) = sum(one, -other);
        Self { high, low, radius: 0.0 }
    }

    /// Whether the number is above or below zero, for certain.
    #[must_use]
    pub fn sign(self) -> Option<Ordering> {
        // Low is less than the last place of high: what is added is more than that.
        let certain = self.high.is_finite() && self.radius < self.high.abs() / 2.0;
        certain.then_some(if self.high > 0.0 { Ordering::Greater } else { Ordering::Less })
    }

    /// The number times a power of two, to which what it loses to underflow is known.
    #[must_use]
    #[inline]
    pub fn scaled(self, factors: [f64; 2]) -> Self {
        let by = |value: f64| value * factors[0] * factors[1];
        Self { high: by(self.high), low: by(self.low), radius: by(self.radius) + FLOOR }
    }

    /// The two doubles, the larger first, and how far from their sum the number may be at most.
    #[must_use]
    #[inline]
    pub fn parts(self) -> [f64; 3] {
        [self.high, self.low, self.radius]
    }

    /// A double, exactly.
    #[must_use]
    #[inline]
    pub fn of_double(value: f64) -> Self {
        Self { high: value, low: 0.0, radius: 0.0 }
    }

    /// An integer, exactly if it has up to 106 bits: of three pieces, two of 53 bits. What the upper two are rounded by,
    /// if they are, is at most u of the whole, as the last piece is then, and their sum is rounded by u of that.
    #[must_use]
    #[inline]
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "of 53 bits at most")]
    pub fn of_integer(value: i128) -> Self {
        const PIECE: u64 = 1 << 53;
        const ONE: f64 = PIECE as f64;
        let piece = |from: i128| (from as i64 & (PIECE.cast_signed() - 1)) as f64;
        let top = (value >> 106) as i64;
        let (upper, rest) = sum(top as f64 * (ONE * ONE), piece(value >> 53) * ONE);
        let (high, low) = sum(upper, rest + piece(value));
        let radius = if matches!(top, -1 | 0) { 0.0 } else { high.abs() * (4.0 * UNIT) };
        Self { high, low, radius }
    }

    /// A decimal; `None` if its power of ten is no double.
    #[must_use]
    pub fn of_decimal(value: Decimal) -> Option<Self> {
        let power = usize::try_from(value.exponent().unsigned_abs()).ok()?;
        let (mantissa, power) = (Self::of_integer(value.mantissa()), Self::of_double(*TENS.get(power)?));
        match value.exponent() {
            0 => Some(mantissa),
            1.. => Some(mantissa * power),
            _ => mantissa.divide(power),
        }
    }

    /// The number in a row of a column, unless it is such a decimal.
    #[must_use]
    pub fn of_number(column: &Numbers<'_>, at: usize) -> Option<Self> {
        match column {
            Numbers::Float(values) => Some(Self::of_double(values[at])),
            Numbers::Int(values) => Some(Self::of_integer(values[at].into())),
            Numbers::Decimal(values) => Self::of_decimal(values.get(at)),
            Numbers::Time(_, values) => Self::of_decimal(Decimal::of_micros(values[at])),
        }
    }

    /// A number of [many digits](PRECISION).
    #[must_use]
    pub fn of_wide(value: &Wide) -> Self {
        let high = value.nearest();
        let low = PRECISION.subtract(value, &Wide::of_double(high)).nearest();
        Self { high, low, radius: high.abs() * (2.0 * UNIT) + FLOOR }
    }

    /// A rational number.
    #[must_use]
    pub fn of_rational(value: &Rational) -> Self {
        Self::of_wide(&PRECISION.rational(value))
    }

    /// The double nearest to the number, if that is certain.
    #[must_use]
    #[allow(clippy::float_cmp, reason = "both ends are to round to that very double")]
    #[inline]
    pub fn rounded(self) -> Option<f64> {
        // The sums with the low part are rounded as well: by no more than half of this much of it.
        let reach = (self.radius + self.low.abs() * f64::EPSILON) * WIDER;
        let (one, other) = (self.high + (self.low - reach), self.high + (self.low + reach));
        (one == other && is_safe(one)).then_some(one)
    }

    /// Whether the number is above zero, for certain.
    #[inline]
    fn is_positive(self) -> bool {
        self.high > 0.0 && is_safe(self.high) && self.radius < self.high / 4.0
    }

    /// The quotient, if the divisor is above zero for certain. What the quotient of the high parts leaves, at most 5u of
    /// the whole, is worked out with roundings of 11u², and divided by the high part alone: 22u² of the whole.
    #[must_use]
    #[inline]
    pub fn divide(self, other: Self) -> Option<Self> {
        if !(other.is_positive() && is_safe(self.high)) {
            return None;
        }
        let quotient = self.high / other.high;
        let (back, rest) = product(quotient, other.high);
        let left = ((self.high - back) - rest) + (self.low - quotient * other.low);
        let (high, low) = sum(quotient, left / other.high);
        let size = high.abs();
        let from_both = (self.radius + size * other.radius) / (other.high - other.radius);
        Some(Self { high, low, radius: (from_both + size * (32.0 * UNIT)) * WIDER + FLOOR })
    }

    /// The square root, if the number is above zero for certain: one step of Newton's from the root of the high part,
    /// which is off by up to 2u; 8u² of the whole.
    #[must_use]
    pub fn root(self) -> Option<Self> {
        if !self.is_positive() {
            return None;
        }
        let root = self.high.sqrt();
        let (square, rest) = product(root, root);
        let left = ((self.high - square) - rest) + self.low;
        let (high, low) = sum(root, left / (2.0 * root));
        Some(Self { high, low, radius: (self.radius / root + root * (16.0 * UNIT)) * WIDER + FLOOR })
    }

    /// A positive power of the number.
    #[must_use]
    pub fn power(self, power: u32) -> Self {
        (1..power).fold(self, |product, _| product * self)
    }
}

impl Neg for Ball {
    type Output = Self;

    #[inline]
    fn neg(self) -> Self {
        Self { high: -self.high, low: -self.low, ..self }
    }
}

impl Add for Ball {
    type Output = Self;

    /// What is rounded is the sum of the low parts, of at most u of both numbers, and that with the rest of the high
    /// ones: 3u² of their sizes.
    #[inline]
    fn add(self, other: Self) -> Self {
        let (high, rest) = sum(self.high, other.high);
        let (high, low) = sum(high, rest + (self.low + other.low));
        let sizes = self.high.abs() + other.high.abs();
        let radius = (self.radius + other.radius + sizes * (4.0 * UNIT)) * WIDER + FLOOR;
        Self { high, low, radius }
    }
}

impl Sub for Ball {
    type Output = Self;

    #[inline]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Ball {
    type Output = Self;

    /// The product of the low parts is dropped; those of a high and a low one, of at most u of the whole, their sum,
    /// and that with the rest of the product of the high ones are rounded: 8u² of it.
    #[inline]
    fn mul(self, other: Self) -> Self {
        let (high, rest) = product(self.high, other.high);
        let size = high.abs();
        let (high, low) = sum(high, rest + (self.high * other.low + self.low * other.high));
        let from_one = self.radius * (other.high.abs() + other.radius);
        let from_other = self.high.abs() * other.radius;
        Self { high, low, radius: (from_one + from_other + size * (12.0 * UNIT)) * WIDER + FLOOR }
    }
}

/// Whether nothing that belongs to the double has left the range.
#[inline]
fn is_safe(value: f64) -> bool {
    (LEAST..MOST).contains(&value.abs())
}

/// The sum of two doubles, and what it was rounded by: exactly (D. E. Knuth, *The Art of Computer Programming*,
/// volume 2, 4.2.2, theorem B).
#[inline]
pub(crate) fn sum(one: f64, other: f64) -> (f64, f64) {
    let sum = one + other;
    let of_other = sum - one;
    let of_one = sum - of_other;
    (sum, (one - of_one) + (other - of_other))
}

/// The product of two doubles, and what it was rounded by: exactly, but for underflow (Dekker's, as above).
#[inline]
pub(crate) fn product(one: f64, other: f64) -> (f64, f64) {
    let product = one * other;
    let ((a, b), (c, d)) = (halves(one), halves(other));
    (product, ((a * c - product) + a * d + b * c) + b * d)
}

/// The upper and the lower half of the digits of a double (G. W. Veltkamp).
#[inline]
fn halves(value: f64) -> (f64, f64) {
    let spread = value * 134_217_729.0;
    let high = spread - (spread - value);
    (high, value - high)
}

#[cfg(test)]
pub(crate) mod tests;
