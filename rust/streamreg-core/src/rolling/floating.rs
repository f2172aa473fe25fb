//! Rolling: numbers in twice the digits of a double, with an exponent of their own, so that none leaves the range.

use crate::infer::ball::{Ball, sum};

/// What a size loses when its 106 leading bits are taken, beside numbers from 1 to 2.
const LOST: f64 = f64::EPSILON * f64::EPSILON / 2.0;

/// Numbers that lie this far apart, in powers of two, are added as if the lesser were nothing but an error.
const FAR: i64 = 900;

/// `ball · 2^two`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Floating {
    /// What counts; a number that was just made lies between 1 and 2 in size.
    pub ball: Ball,
    /// The power of two.
    pub two: i64,
}

impl Floating {
    /// `± (high · 2^128 + low)`; nothing for zero.
    #[inline]
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "of 53 bits each")]
    pub fn of_size(negative: bool, high: u128, low: u128) -> Option<Self> {
        let (top, place) = if high == 0 {
            let zeros = low.leading_zeros();
            (low.checked_shl(zeros)?, -i64::from(zeros))
        } else {
            let zeros = high.leading_zeros();
            (high << zeros | (low >> 1) >> (127 - zeros), 128 - i64::from(zeros))
        };
        let (upper, lower) = ((top >> 75) as i64, (top >> 22) as i64 & ((1 << 53) - 1));
        let unit = f64::EPSILON;
        let (upper, lower) = sum(upper as f64 * unit, lower as f64 * (unit * unit / 2.0));
        let ball = Ball::of_parts(upper, lower, LOST);
        Some(Self { ball: if negative { -ball } else { ball }, two: place + 127 })
    }

    /// An integer; nothing for zero.
    #[inline]
    pub fn of_integer(value: i128) -> Option<Self> {
        Self::of_size(value < 0, 0, value.unsigned_abs())
    }

    /// Of an integer of 256 bits, which is in the range of doubles.
    #[inline]
    pub fn ball(self) -> Ball {
        self.ball.scaled([power(self.two), 1.0])
    }

    /// The product.
    #[inline]
    pub fn times(self, other: Self) -> Self {
        Self { ball: self.ball * other.ball, two: self.two + other.two }
    }

    /// The quotient with what is above zero for certain.
    #[inline]
    pub fn over(self, divisor: Self) -> Option<Self> {
        Some(Self { ball: self.ball.divide(divisor.ball)?, two: self.two - divisor.two })
    }

    /// The difference.
    #[inline]
    pub fn less(self, other: Self) -> Self {
        let two = self.two.max(other.two);
        Self { ball: self.at(two) - other.at(two), two }
    }

    /// The difference with a number that may be zero.
    #[inline]
    pub fn difference(one: Option<Self>, other: Self) -> Self {
        one.map_or(Self { ball: -other.ball, ..other }, |one| one.less(other))
    }

    /// The number in units of a power of two that is not below its own.
    #[inline]
    fn at(self, two: i64) -> Ball {
        let down = two - self.two;
        if down > FAR {
            return Ball::of_parts(0.0, 0.0, power(-FAR));
        }
        self.ball.scaled([power(-down), 1.0])
    }

    /// The double nearest to the number times a power of two, if that is certain, and it is a normal one.
    #[inline]
    pub fn rounded(self, two: i64) -> Option<f64> {
        times_power(self.ball.rounded()?, self.two + two)
    }
}

/// A power of two among the normal doubles.
#[inline]
pub(super) fn power(two: i64) -> f64 {
    f64::from_bits((two + 1023).clamp(1, 2046).cast_unsigned() << 52)
}

/// A normal double times a power of two, if that is one too.
#[inline]
pub(super) fn times_power(value: f64, two: i64) -> Option<f64> {
    let field = (value.to_bits() >> 52 & 0x7ff).cast_signed();
    let moved = field.checked_add(two)?;
    let normal = field > 0 && (1..2047).contains(&moved);
    normal.then(|| f64::from_bits((value.to_bits().cast_signed() + (two << 52)).cast_unsigned()))
}
