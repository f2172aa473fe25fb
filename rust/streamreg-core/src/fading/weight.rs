//! Fading: the weight of a row within its half-life: a power of two that is no whole one, rounded once.

use num_bigint::BigInt;

use crate::infer::ball::Ball;
use crate::infer::power_of_two::nearest_power_of_two;

/// The double nearest to 2^(rest / half-life), for a rest from 0 to below the half-life.
#[must_use]
pub fn weight(rest: i64, half_life: i64) -> f64 {
    let ball = Ball::of_integer(rest.into()).divide(Ball::of_integer(half_life.into()));
    nearest_power_of_two(ball, &BigInt::from(rest), &BigInt::from(half_life))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The fast way and the one of many digits come to the same double.
        #[test]
        fn differential_ways_to_a_weight((half_life, part) in (2i64..i64::MAX, 0.0f64..1.0)) {
            #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "any rest will do")]
            let rest = ((half_life as f64 * part) as i64).clamp(1, half_life - 1);
            let slow = nearest_power_of_two(None, &BigInt::from(rest), &BigInt::from(half_life));
            prop_assert_eq!(weight(rest, half_life).to_bits(), slow.to_bits());
        }
    }

    /// Half of a half-life is a factor of √2, up to all digits; none of it leaves the row as it is.
    #[test]
    fn half_of_a_half_life() {
        assert!((weight(1, 2) - std::f64::consts::SQRT_2).abs() == 0.0);
        assert!((weight(0, 7) - 1.0).abs() == 0.0);
    }
}
