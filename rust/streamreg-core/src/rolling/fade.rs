//! Rolling: what rows weigh that fade, each weight the double nearest to its power of two.
//!
//! A row at t weighs 2^(t/half-life), counted from the 0 of the column (or from the first row of its group): not what it
//! has lost by now, which would change with each row, but what every later window can use (G. Cormode, V. Shkapenyuk,
//! D. Srivastava, B. Xu, *Forward decay: a practical time decay model for streaming systems*, ICDE 2009).

use num_bigint::BigInt;

use super::bounds::Width;
use crate::error::Error;
use crate::exact::Number;
use crate::infer::ball::Ball;
use crate::infer::power_of_two::nearest_power_of_two;

/// A row that is so many whole half-lives older than the last of a window is not in it.
pub const MOST_HALVINGS: i64 = 100;

/// Times are within so many half-lives of 0: the number of them is certain then.
const FARTHEST: i64 = 1 << 50;

/// The time in which weights halve.
#[derive(Clone, Copy, Debug)]
pub enum HalfLife {
    /// A fraction, numerator and denominator above 0, of the unit of a column of integers, or of rows.
    Ratio(u64, u64),
    /// In the unit of a column of doubles.
    Float(f64),
}

/// `mantissa · 2^two`, with a mantissa from 1 up to 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Weight {
    pub mantissa: f64,
    pub two: i64,
}

/// A time as whole half-lives, and the rest as `numerator/denominator` below 1.
#[derive(Clone, Debug)]
struct Age {
    whole: i64,
    rest: (BigInt, BigInt),
    ball: Option<Ball>,
}

/// What each row weighs.
///
/// # Errors
/// [`Error::Invalid`] if the half-life is not above 0, not of the kind of the column, or so small that a time lies more
/// than 2^50 of them from 0.
pub(super) fn weights(half_life: HalfLife, width: Width<'_>, ends: &[usize]) -> Result<Vec<Weight>, Error> {
    let positive = match half_life {
        HalfLife::Ratio(numerator, denominator) => numerator > 0 && denominator > 0,
        HalfLife::Float(half_life) => half_life > 0.0 && half_life.is_finite(),
    };
    if !positive {
        return Err(Error::Invalid("a half-life is longer than nothing".to_owned()));
    }
    let mut found = Vec::with_capacity(ends.last().copied().unwrap_or(0));
    for end in ends {
        let start = found.len();
        for row in start..*end {
            let age = match (half_life, width) {
                (HalfLife::Ratio(numerator, denominator), Width::Rows(_)) => {
                    of_ratio(i64::try_from(row - start).unwrap_or(i64::MAX), numerator, denominator)
                }
                (HalfLife::Ratio(numerator, denominator), Width::Ints(on, _)) => {
                    of_ratio(on[row], numerator, denominator)
                }
                (HalfLife::Float(half_life), Width::Floats(on, _)) => of_float(on[row], half_life),
                _ => {
                    return Err(Error::Invalid(
                        "the half-life is of another kind than the window".to_owned(),
                    ));
                }
            };
            let far = || Error::Invalid(format!("row {row} lies too many half-lives from 0"));
            found.push(age.filter(|age| age.whole.abs() < FARTHEST).ok_or_else(far)?.weight());
        }
    }
    Ok(found)
}

fn of_ratio(time: i64, numerator: u64, denominator: u64) -> Option<Age> {
    // Below 2^127 in size.
    let (time, numerator) = (i128::from(time) * i128::from(denominator), i128::from(numerator));
    let (whole, rest) = (time.div_euclid(numerator), time.rem_euclid(numerator));
    let ball = Ball::of_integer(rest).divide(Ball::of_integer(numerator));
    Some(Age { whole: i64::try_from(whole).ok()?, rest: (rest.into(), numerator.into()), ball })
}

#[allow(clippy::cast_possible_truncation, reason = "an integer, which the caller finds too large if it is")]
fn of_float(time: f64, half_life: f64) -> Option<Age> {
    // The remainder of doubles is exact, and has the sign of the time.
    let rest = time % half_life;
    let below = rest < 0.0;
    let whole = ((time - rest) / half_life).round() as i64 - i64::from(below);
    let (upper, divisor) = (Ball::of_double(half_life), Ball::of_double(half_life));
    let ball = if below { upper + Ball::of_double(rest) } else { Ball::of_double(rest) };
    let counted = |value: f64| {
        let part = value.part()?;
        Some(BigInt::from(part.mantissa) << part.exponent)
    };
    let (mut numerator, denominator) = (counted(rest)?, counted(half_life)?);
    if below {
        numerator += &denominator;
    }
    Some(Age { whole, rest: (numerator, denominator), ball: ball.divide(divisor) })
}

impl Age {
    fn weight(self) -> Weight {
        let (numerator, denominator) = &self.rest;
        // From 1 to 2, both included.
        let power = nearest_power_of_two(self.ball, numerator, denominator);
        if power < 2.0 {
            Weight { mantissa: power, two: self.whole }
        } else {
            Weight { mantissa: 1.0, two: self.whole + 1 }
        }
    }
}
