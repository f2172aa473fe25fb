//! Rolling: integers of 256 bits, in which the sums of products of a window are centred without any rounding.

use num_bigint::BigInt;

use super::floating::Floating;

/// An integer in two's complement: `high · 2^128 + low`. Whoever adds and multiplies knows that there is room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Integer {
    high: i128,
    low: u128,
}

impl Integer {
    /// `value · 2^bits`, for less than 128 bits.
    #[inline]
    pub fn shifted(value: i128, bits: u32) -> Self {
        // In two steps: a shift by all 128 bits is none.
        Self { high: (value >> 1) >> (127 - bits), low: value.cast_unsigned() << bits }
    }

    /// The product of two integers.
    #[inline]
    pub fn product(one: i128, other: i128) -> Self {
        let ((a, b), (c, d)) = (halves(one.unsigned_abs()), halves(other.unsigned_abs()));
        let (low, outer, inner, high) = (b * d, a * d, b * c, a * c);
        // None of these sums leaves 128 bits: each factor is below 2^64.
        let (middle, over) = outer.overflowing_add(inner);
        let (low, carry) = low.overflowing_add(middle << 64);
        let high = high.wrapping_add(middle >> 64 | u128::from(over) << 64).wrapping_add(u128::from(carry));
        let size = Self { high: high.cast_signed(), low };
        if (one < 0) == (other < 0) { size } else { size.negated() }
    }

    /// The product with a count.
    #[inline]
    pub fn times(self, count: u64) -> Self {
        let (upper, lower) = halves(self.low);
        let count = u128::from(count);
        let lower = lower * count;
        let upper = upper * count + (lower >> 64);
        let high = self.high.wrapping_mul(count.cast_signed()).wrapping_add((upper >> 64).cast_signed());
        Self { high, low: upper << 64 | lower & u128::from(u64::MAX) }
    }

    /// The sum.
    #[inline]
    pub fn plus(self, other: Self) -> Self {
        let (low, carry) = self.low.overflowing_add(other.low);
        Self { high: self.high.wrapping_add(other.high).wrapping_add(i128::from(carry)), low }
    }

    /// The difference.
    #[inline]
    pub fn less(self, other: Self) -> Self {
        let (low, borrow) = self.low.overflowing_sub(other.low);
        Self { high: self.high.wrapping_sub(other.high).wrapping_sub(i128::from(borrow)), low }
    }

    fn negated(self) -> Self {
        Self::default().less(self)
    }

    /// The number in twice the digits of a double; nothing for zero.
    #[inline]
    pub fn floating(self) -> Option<Floating> {
        let negative = self.high < 0;
        let Self { high, low } = if negative { self.negated() } else { self };
        Floating::of_size(negative, high.cast_unsigned(), low)
    }

    /// The place of the leading bit of the size; nothing for zero.
    #[inline]
    pub fn length(self) -> Option<i64> {
        let Self { high, low } = if self.high < 0 { self.negated() } else { self };
        match (high, low) {
            (0, 0) => None,
            (0, low) => Some(127 - i64::from(low.leading_zeros())),
            (high, _) => Some(255 - i64::from(high.leading_zeros())),
        }
    }

    /// The number over 2^two in units of 2^-places, rounded down, if it has less than 128 bits then.
    #[inline]
    pub fn at(self, two: i64, places: u32) -> i128 {
        let up = i64::from(places) - two;
        match up {
            0.. => self.low.cast_signed() << up.min(127),
            -127.. => (self.low >> -up).cast_signed() | (self.high << 1) << (127 + up),
            _ => self.high >> (-up - 128).min(127),
        }
    }

    /// The number in as many digits as it takes.
    pub fn to_big(self) -> BigInt {
        (BigInt::from(self.high) << 128) + BigInt::from(self.low)
    }
}

/// The upper and the lower 64 bits.
#[inline]
fn halves(size: u128) -> (u128, u128) {
    (size >> 64, size & u128::from(u64::MAX))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

    use num_bigint::BigInt;
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngSeed};

    use super::Integer;

    proptest! {
        #![proptest_config(Config {
            cases: 2000, failure_persistence: None, rng_seed: RngSeed::Fixed(2026), ..Config::default()
        })]

        /// Every operation gives what big integers give.
        #[test]
        fn differential_arithmetic(one: i128, other: i128, a in 0u32..128, b in 0u32..128, bits in 0u32..120, n in 0u64..1 << 31) {
            let (one, other) = (one >> a, other >> b);
            let product = Integer::product(one, other);
            let big = BigInt::from(one) * BigInt::from(other);
            prop_assert_eq!(product.to_big(), big.clone());
            let moved = Integer::shifted(one, bits);
            prop_assert_eq!(moved.to_big(), BigInt::from(one) << bits);
            let small = Integer::shifted(one >> 4, 90);
            prop_assert_eq!(small.times(n).to_big(), (BigInt::from(one >> 4) << 90) * n);
            let quarter = Integer::product(one >> 1, other >> 1);
            let half = BigInt::from(one >> 1) * BigInt::from(other >> 1);
            prop_assert_eq!(quarter.plus(small).to_big(), &half + (BigInt::from(one >> 4) << 90));
            prop_assert_eq!(quarter.less(small).to_big(), &half - (BigInt::from(one >> 4) << 90));
            let places = i64::try_from(big.bits()).unwrap() - 110;
            let down = BigInt::from(product.at(places, 0));
            prop_assert_eq!(down, if places < 0 { big.clone() << -places } else { big.clone() >> places });
            prop_assert_eq!(product.length().unwrap_or(-1), i64::try_from(big.bits()).unwrap() - 1);
            prop_assert_eq!(product.floating().is_none(), big == BigInt::ZERO);
        }
    }
}
