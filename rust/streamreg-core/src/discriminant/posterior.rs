//! Stage: discriminant, score. Probabilities of the classes from their scores, and the logarithms of these.
//!
//! Of scores s the probability of a class is e^(sᵢ − m) / Σ e^(sⱼ − m), m being the greatest of them; its logarithm is
//! sᵢ − m less that of the sum. In balls first, and where these leave open which double is the nearest, in more
//! and more bits (A. Ziv, as in [`log`]).

use std::cmp::Ordering;

use super::exact_score::Value;
use super::log;
use crate::infer::ball::Ball;
use crate::infer::bigfloat::{Precision, Wide};
use crate::infer::exponential::{self, Scaled};

/// Bits to begin with where balls did not do.
const FIRST_BITS: u32 = 192;

/// e to this power is below half of the least double.
const NOTHING: f64 = -745.2;

/// The logarithm of more classes than there may be, and more.
const MOST_LOG: f64 = 8.0;

/// A probability below 2^−this is 0, and changes no other.
const VANISHED: i64 = 2048;

/// The error of what is not known at all.
const UNKNOWN: i64 = 64;

/// Exponents beyond 2^this are those of numbers that are not known yet, or have vanished.
const MOST_EXPONENT: i64 = 24;

/// The logarithm beside 1 of what is below 2^−this is taken by its first terms, so that it keeps its digits.
const SMALL: i64 = 64;

/// What may be asked of the scores of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Probabilities.
    Plain,
    /// Their logarithms.
    Log,
}

/// Room for the steps of one row.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// Scores less the greatest.
    differences: Vec<Ball>,
    /// Their powers of e; none of those so small that they round to 0.
    powers: Vec<Option<Scaled>>,
}

impl Steps {
    /// What is asked of each score, each the nearest double; NaN where that is not certain.
    pub(super) fn fast(&mut self, scores: &[Ball], kind: Kind, found: &mut Vec<f64>) {
        let start = found.len();
        if self.fill(scores, kind, found).is_none() {
            found.truncate(start);
            found.resize(start + scores.len(), f64::NAN);
        }
    }

    fn fill(&mut self, scores: &[Ball], kind: Kind, found: &mut Vec<f64>) -> Option<()> {
        let high = |ball: &Ball| ball.parts()[0];
        let best = (0..scores.len())
            .reduce(|best, at| if high(&scores[at]) > high(&scores[best]) { at } else { best })?;
        self.differences.clear();
        self.powers.clear();
        let mut rest = Ball::of_double(0.0);
        for (at, &score) in scores.iter().enumerate() {
            let difference = if at == best { Ball::of_double(0.0) } else { score - scores[best] };
            let power = if at == best || is_nothing(difference)? {
                None
            } else {
                Some(exponential::power(difference)?)
            };
            rest = match power {
                Some(power) => rest + power.ball(),
                None if at == best => rest,
                None => rest + Ball::of_parts(0.0, 0.0, f64::MIN_POSITIVE),
            };
            self.differences.push(difference);
            self.powers.push(power);
        }
        let total = Ball::of_double(1.0) + rest;
        match kind {
            Kind::Plain => found.extend(self.powers.iter().enumerate().map(|(at, power)| match power {
                Some(power) => power.over(total).unwrap_or(f64::NAN),
                None if at == best => {
                    Ball::of_double(1.0).divide(total).and_then(Ball::rounded).unwrap_or(f64::NAN)
                }
                None => 0.0,
            })),
            Kind::Log => {
                let total = exponential::ln_1p(rest)?;
                let vanished = |(at, ball): (usize, &Ball)| at == best || high(ball) < NOTHING - MOST_LOG;
                let alone = self.differences.iter().enumerate().all(vanished);
                let logarithm = |(at, difference): (usize, &Ball)| {
                    if at == best && alone {
                        return 0.0;
                    }
                    (*difference - total).rounded().unwrap_or(f64::NAN)
                };
                found.extend(self.differences.iter().enumerate().map(logarithm));
            }
        }
        Some(())
    }
}

/// Whether e to the power of this rounds to 0 for certain; `None` if it is no number.
fn is_nothing(difference: Ball) -> Option<bool> {
    let [high, _, radius] = difference.parts();
    // The radius of a number of this size that is known at all.
    (radius < 0.1).then_some(high < NOTHING - 0.2)
}

/// What is asked of the score at a place, the nearest double; that of a logarithm may be an infinity.
pub(super) fn exact(values: &[Value<'_>], at: usize, kind: Kind) -> f64 {
    let is_greater = |one: usize, other: usize| values[one].compare(&values[other]) == Ordering::Greater;
    let Some(best) = (0..values.len()).reduce(|best, at| if is_greater(at, best) { at } else { best }) else {
        return f64::NAN;
    };
    let mut precision = Precision::new(FIRST_BITS);
    loop {
        let (number, error) = attempt(precision, values, [best, at], kind);
        if let Some(double) = log::nearest_within(precision, &number, error) {
            return double;
        }
        if precision.bits() >= log::MOST_BITS {
            return number.nearest();
        }
        precision = precision.doubled();
    }
}

/// A score less the greatest, and the power of two that it is off by at most: exactly 0 of the greatest itself.
fn difference(precision: Precision, values: &[Value<'_>], best: usize, at: usize) -> (Wide, i64) {
    if at == best {
        return (Wide::zero(), -VANISHED);
    }
    let terms = values[at].terms_less(&values[best], precision);
    (log::sum(precision, &terms), log::error(precision, &terms))
}

/// What is asked in so many bits, and the power of two that it is off by at most.
fn attempt(precision: Precision, values: &[Value<'_>], [best, at]: [usize; 2], kind: Kind) -> (Wide, i64) {
    let (mut rest, mut error) = (Wide::zero(), -precision.bits());
    for other in (0..values.len()).filter(|&other| other != best) {
        let (below, off) = difference(precision, values, best, other);
        if !is_vanished(precision, &below, off) {
            error = error.max(off);
            rest = precision.add(&rest, &power(precision, &below));
        }
    }
    // Each power is off by twice as much in relation to itself, and so is the sum of up to 2^10 of them; an exponent
    // that is off by 1 or more says nothing.
    let error = if error < -32 { error + 14 } else { UNKNOWN };
    let (own, of_own) = difference(precision, values, best, at);
    match kind {
        Kind::Log => {
            let (logarithm, of_logarithm) = ln_1p(precision, &rest, error);
            (precision.subtract(&own, &logarithm), of_own.max(of_logarithm) + 1)
        }
        Kind::Plain if is_vanished(precision, &own, of_own) => (Wide::zero(), -VANISHED),
        Kind::Plain => {
            let total = precision.add(&Wide::of(1), &rest);
            let own = precision.divide(&power(precision, &own), &total);
            let error = if own.is_zero() { UNKNOWN } else { own.magnitude() + error };
            (own, error)
        }
    }
}

/// Whether e to the power of a number, which is off by so much, is below 2 to the power of [−`VANISHED`](VANISHED), and
/// of the bits less, so that no sum could tell.
fn is_vanished(precision: Precision, number: &Wide, error: i64) -> bool {
    let far = i64::from((precision.bits() + VANISHED).unsigned_abs().ilog2()) + 1;
    is_negative(number) && number.magnitude() > far.max(error) + 2
}

/// ln(1 + x) and what it is off by, as powers of two; x is off by so much of itself.
fn ln_1p(precision: Precision, x: &Wide, error: i64) -> (Wide, i64) {
    if x.is_zero() {
        return (Wide::zero(), -VANISHED);
    }
    if x.magnitude() > -SMALL {
        return (precision.ln(&precision.add(&Wide::of(1), x)), error);
    }
    // x − x²/2, and less than x³ more.
    let half_square = precision.multiply(x, x).scaled(-1);
    (precision.subtract(x, &half_square), x.magnitude() + error.max(-2 * SMALL))
}

fn is_negative(number: &Wide) -> bool {
    number.parts().0.sign() == num_bigint::Sign::Minus
}

/// e to the power of a number that is not above 0, to which more than that is the error's.
fn power(precision: Precision, number: &Wide) -> Wide {
    if number.magnitude() > MOST_EXPONENT { Wide::zero() } else { exponential::exp(precision, number) }
}
