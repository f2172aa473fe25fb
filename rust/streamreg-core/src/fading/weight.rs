//! Fading: the weight of a row within its half-life: a power of two that is no whole one, rounded once.

use std::sync::LazyLock;

use num_bigint::BigInt;

use crate::infer::ball::Ball;
use crate::infer::bigfloat::{PRECISION, Precision, Wide, settled};
use crate::infer::exponential;

static LN_2: LazyLock<Ball> = LazyLock::new(|| Ball::of_wide(&PRECISION.ln(&Wide::of(2))));

/// The double nearest to 2^(rest / half-life), for a rest from 0 to below the half-life.
///
/// Pairs of doubles decide almost always, as everywhere; where they do not, more digits are taken until it is decided. It
/// always is: 2 to the power of a fraction that is no integer is irrational, so that it lies between no two doubles halfway.
#[must_use]
pub fn weight(rest: i64, half_life: i64) -> f64 {
    if rest == 0 {
        return 1.0;
    }
    fast(rest, half_life).unwrap_or_else(|| settled(|precision| vec![wide(precision, rest, half_life)]))
}

fn fast(rest: i64, half_life: i64) -> Option<f64> {
    let power = Ball::of_integer(rest.into()).divide(Ball::of_integer(half_life.into()))? * *LN_2;
    exponential::power(power)?.ball().rounded()
}

fn wide(precision: Precision, rest: i64, half_life: i64) -> Wide {
    // The error of the argument, which is below 1, is that of the power.
    let inner = precision.plus(16);
    let power =
        inner.multiply(&inner.ratio(&BigInt::from(rest), &BigInt::from(half_life)), &inner.ln(&Wide::of(2)));
    exponential::exp(precision, &power)
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
            let slow = wide(PRECISION, rest, half_life).nearest();
            prop_assert_eq!(weight(rest, half_life).to_bits(), slow.to_bits());
            if let Some(quick) = fast(rest, half_life) {
                prop_assert_eq!(quick.to_bits(), slow.to_bits());
            }
        }
    }

    /// Pairs of doubles leave next to nothing open.
    #[test]
    fn the_fast_way_decides() {
        assert!((1..3600).all(|rest| fast(rest, 3600).is_some()));
    }

    /// Half of a half-life is a factor of √2, up to all digits.
    #[test]
    fn half_of_a_half_life() {
        assert!((weight(1, 2) - std::f64::consts::SQRT_2).abs() == 0.0);
        assert!((weight(0, 7) - 1.0).abs() == 0.0);
    }
}
