//! Infer: the exponential function and the logarithm beside 1, in balls and in numbers of many bits.
//!
//! e^x is 2^k·e^r with r = x − k·ln 2, and e^r a number of a table times a short series, or the power of a series (J.-M.
//! Muller, *Elementary Functions: Algorithms and Implementation*, 3rd edition, 2016, chapters 4 and 9). The logarithm is
//! one step of Newton's from that of the library, whose error the step finds out.

use std::sync::LazyLock;

use num_bigint::BigInt;
use num_traits::Zero;

use super::ball::Ball;
use super::bigfloat::{PRECISION, Precision, Wide, shifted};

/// The table has e^(j/64) for |j| up to this: ln 2 / 2 is 22.2/64.
const MOST: i32 = 24;
const STEPS: f64 = 64.0;

/// Arguments beyond are left to the exact way.
const FAR: f64 = 1e6;

/// Below this the logarithm beside 1 is a series.
const NEAR: f64 = 1.0 / 1_073_741_824.0;

struct Constants {
    ln_2: Ball,
    /// 1/n! for n from 3 to 6.
    inverses: [Ball; 4],
    powers: Vec<Ball>,
}

static CONSTANTS: LazyLock<Constants> = LazyLock::new(|| {
    let inverse =
        |factorial: i32| Ball::of_wide(&PRECISION.ratio(&BigInt::from(1), &BigInt::from(factorial)));
    let power = |j| Ball::of_wide(&exp(PRECISION, &Wide::of(j).scaled(-6)));
    Constants {
        ln_2: Ball::of_wide(&PRECISION.ln(&Wide::of(2))),
        inverses: [inverse(6), inverse(24), inverse(120), inverse(720)],
        powers: (-MOST..=MOST).map(power).collect(),
    }
});

/// A ball times a power of two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scaled {
    /// Between 1/2 and 2.
    pub mantissa: Ball,
    /// The power.
    pub two: i32,
}

impl Scaled {
    /// As a ball alone; what is below all doubles is 0, with that bound.
    pub fn ball(self) -> Ball {
        self.mantissa.scaled(halves(self.two))
    }

    /// The double nearest to this over a number that is above zero for certain, if that is certain; numbers below
    /// the normal doubles, which have fewer digits, are not.
    pub fn over(self, divisor: Ball) -> Option<f64> {
        let [one, other] = halves(self.two);
        let quotient = self.mantissa.divide(divisor)?.rounded()? * one * other;
        (quotient >= f64::MIN_POSITIVE).then_some(quotient)
    }
}

/// Two doubles of which the product is a power of two: one alone leaves their range first.
fn halves(two: i32) -> [f64; 2] {
    let half = two / 2;
    [2f64.powi(half), 2f64.powi(two - half)]
}

/// e to the power of a number, unless that is far from zero or not finite.
#[allow(clippy::cast_possible_truncation, reason = "both are integers of few digits")]
pub(crate) fn power(x: Ball) -> Option<Scaled> {
    let [high, ..] = x.parts();
    if high.is_nan() || high.abs() >= FAR {
        return None;
    }
    let constants = &*CONSTANTS;
    let two = (high * std::f64::consts::LOG2_E).round();
    let rest = x - Ball::of_double(two) * constants.ln_2;
    let step = (rest.parts()[0] * STEPS).round();
    let table = usize::try_from(step as i32 + MOST).ok().and_then(|at| constants.powers.get(at))?;
    let series = series(rest - Ball::of_double(step / STEPS), &constants.inverses);
    Some(Scaled { mantissa: *table * series, two: two as i32 })
}

/// 2 to the power of a number, as [`power`].
pub(crate) fn power_of_two(x: Ball) -> Option<Scaled> {
    power(x * CONSTANTS.ln_2)
}

/// e^x for |x| up to 1/100 by its series: the first terms in balls, and the rest, which are below 2⁻⁶⁰ of it, in doubles.
fn series(x: Ball, inverses: &[Ball; 4]) -> Ball {
    let [high, _, radius] = x.parts();
    let mut tail = 1.0;
    for divisor in [12.0, 11.0, 10.0, 9.0, 8.0] {
        tail = 1.0 + tail * high / divisor;
    }
    let tail = tail * high.powi(7) / 5040.0;
    // Of the 13th term, of 12 roundings, and of what x is beside its high part: less than a thousandth of the tail for each.
    let tail = Ball::of_parts(tail, 0.0, 1e-33 + radius * 1e-12);
    let (half, one) = (Ball::of_double(0.5), Ball::of_double(1.0));
    let mut sum = inverses[3];
    for coefficient in [inverses[2], inverses[1], inverses[0], half, one, one] {
        sum = sum * x + coefficient;
    }
    sum + tail
}

/// ln(1 + x) of a number that is not below zero.
pub(crate) fn ln_1p(x: Ball) -> Option<Ball> {
    let [high, _, radius] = x.parts();
    if !(0.0..FAR).contains(&high) {
        return None;
    }
    if high < NEAR {
        // x − x²/2 + x³/3, and less than x⁴ more.
        let square = x * x;
        let [cube, ..] = (square * x).parts();
        let most = high + radius;
        let third = Ball::of_parts(cube / 3.0, 0.0, most * most * most * most + cube * 1e-15 + radius * high);
        return Some(x - square * Ball::of_double(0.5) + third);
    }
    let guess = high.ln_1p();
    let back = power(Ball::of_double(-guess))?.ball();
    let left = (Ball::of_double(1.0) + x) * back - Ball::of_double(1.0);
    let [size, _, around] = left.parts();
    let most = size.abs() + around;
    // ln(1 + y) is y to less than y², for y up to 1/2.
    (most < 0.5).then(|| Ball::of_double(guess) + left + Ball::of_parts(0.0, 0.0, most * most))
}

/// e to the power of a number below 2^40 in size, to a relative error of 2^(8 − bits).
pub(crate) fn exp(precision: Precision, x: &Wide) -> Wide {
    if x.is_zero() {
        return Wide::of(1);
    }
    let inner = precision.plus(64 + u32::try_from(x.magnitude().max(0)).unwrap_or(0));
    let ln_2 = inner.ln(&Wide::of(2));
    let quotient = inner.divide(x, &ln_2);
    let two = shifted(quotient.parts().0, quotient.parts().1);
    let rest = inner.subtract(x, &inner.multiply(&Wide::of(two.clone()), &ln_2));
    // In fixed point: e^(rest/2^s), and its 2^s-th power, of which each squaring doubles the error.
    let halvings = inner.bits().isqrt();
    let bits = inner.bits() + halvings + 16;
    let small = shifted(rest.parts().0, rest.parts().1 - halvings + bits);
    let one = BigInt::from(1) << bits;
    let (mut sum, mut term, mut count) = (one.clone(), one, 0u32);
    while !term.is_zero() {
        count += 1;
        term = ((term * &small) >> bits) / count;
        sum += &term;
        // Towards zero: a negative one would never vanish.
        if term == BigInt::from(-1) {
            break;
        }
    }
    for _ in 0..halvings {
        sum = (&sum * &sum) >> bits;
    }
    let scale = i64::try_from(two).unwrap_or(i64::MIN / 4);
    precision.add(&Wide::of(sum).scaled(scale - bits), &Wide::zero())
}
