//! Infer: that balls hold the numbers that they are made of.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::{Float, Signed};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::Ball;

/// A number times a power of two.
pub(crate) fn times_power(value: Ratio<BigInt>, two: i64) -> Ratio<BigInt> {
    let power = BigInt::from(1) << two.unsigned_abs();
    if two < 0 { value / power } else { value * power }
}

/// How much a number is further from the middle of a ball than it may be.
pub(crate) fn beyond(value: &Ratio<BigInt>, ball: Ball) -> Ratio<BigInt> {
    let [high, low, radius] = ball.parts().map(exact);
    (value - high - low).abs() - radius
}

/// A finite double.
pub(crate) fn exact(value: f64) -> Ratio<BigInt> {
    assert!(value.is_finite());
    let (mantissa, exponent, sign) = Float::integer_decode(value);
    times_power(Ratio::from_integer(BigInt::from(mantissa) * sign), exponent.into())
}

proptest! {
    #![proptest_config(Config {
        cases: 4000, failure_persistence: None, rng_seed: RngSeed::Fixed(2026), ..Config::default()
    })]

    /// An integer is within its ball, which is a point up to 106 bits.
    #[test]
    fn oracle_integers(value: i128, down in 0u32..128, zeros in 0u32..128) {
        let value = (value >> down) & (-1i128 << zeros);
        let ball = Ball::of_integer(value);
        prop_assert!(!beyond(&Ratio::from_integer(value.into()), ball).is_positive());
        prop_assert!(ball.radius <= 0.0 || value.unsigned_abs() >> 106 > 0);
    }
}
