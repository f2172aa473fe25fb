//! Infer: 2 to the power of a fraction below 1, rounded once: what rows weigh that fade.

use num_bigint::BigInt;
use num_traits::Zero;

use super::ball::Ball;
use super::bigfloat::{PRECISION, Precision, Wide};
use super::exponential::{exp, power_of_two};

/// The double nearest to 2^(numerator/denominator), for a fraction from 0 to below 1; `ball` is the fraction too.
///
/// Pairs of doubles decide almost always; where they do not, more digits are taken until it is decided (A. Ziv, as in
/// [`bigfloat`](super::bigfloat)). It always is: but for 1 the power is irrational, and so halfway between no two doubles.
#[must_use]
pub(crate) fn nearest_power_of_two(ball: Option<Ball>, numerator: &BigInt, denominator: &BigInt) -> f64 {
    if numerator.is_zero() {
        return 1.0;
    }
    let quick = || power_of_two(ball?)?.ball().rounded();
    quick().unwrap_or_else(|| nearest(numerator, denominator))
}

fn nearest(numerator: &BigInt, denominator: &BigInt) -> f64 {
    let mut precision = PRECISION;
    loop {
        let [low, high] = bounds(precision, numerator, denominator).map(|value| value.nearest());
        if low.to_bits() == high.to_bits() {
            return low;
        }
        precision = precision.doubled();
    }
}

/// Numbers below and above the power.
fn bounds(precision: Precision, numerator: &BigInt, denominator: &BigInt) -> [Wide; 2] {
    let logarithm = precision.multiply(&precision.ratio(numerator, denominator), &precision.ln(&Wide::of(2)));
    let power = exp(precision, &logarithm);
    // Errors of four operations, none above 2^(8 − bits) of a number up to 2.
    let reach = Wide::of(1).scaled(16 - precision.bits());
    [precision.subtract(&power, &reach), precision.add(&power, &reach)]
}
