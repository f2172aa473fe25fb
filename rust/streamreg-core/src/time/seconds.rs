//! Time: microseconds from seconds, and back.

use std::cmp::Ordering;

use super::{NotTime, SECOND, TimeType, Unit};
use crate::decimal::Decimal;

/// Doubles below this in size hold every integer.
const EXACT: u64 = 1 << 53;

/// 2^96.
const SCALE: f64 = 79_228_162_514_264_337_593_543_950_336.0;

/// The seconds of so many microseconds, rounded to the nearest double.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "those that are rounded take the other way")]
pub fn to_seconds(micros: i64) -> f64 {
    if micros.unsigned_abs() <= EXACT {
        // Both are exact: one rounding.
        return micros as f64 / SECOND as f64;
    }
    Decimal::of_micros(micros).to_double()
}

/// The microseconds of so many seconds, exact.
///
/// # Errors
/// [`NotTime::Range`] if they are out of range, or finer than a microsecond.
pub fn of_seconds(seconds: Decimal, kind: TimeType) -> Result<i64, NotTime> {
    Unit::Second.micros(seconds, kind)
}

/// The microseconds nearest to so many seconds, of two the even one; of a double that has a fraction there is mostly no
/// whole number of them.
///
/// # Errors
/// [`NotTime::Range`] if they are out of range; [`NotTime::Invalid`] for NaN and infinities.
#[allow(clippy::cast_possible_truncation, reason = "whole numbers in the range")]
pub fn nearest_micros(seconds: f64, kind: TimeType) -> Result<i64, NotTime> {
    if !seconds.is_finite() {
        return Err(NotTime::Invalid("NaN or infinite"));
    }
    if seconds.abs() >= 1e15 {
        return kind.checked(i128::MAX);
    }
    let whole = seconds.trunc();
    // What is left is a multiple of 2^-96, unless it is far below half a microsecond.
    let fixed = ((seconds - whole) * SCALE) as i128;
    let nearest = rounded(fixed * i128::from(SECOND), SCALE as i128);
    kind.checked(whole as i128 * i128::from(SECOND) + nearest)
}

/// The integer nearest to a quotient, of two the even one.
fn rounded(dividend: i128, divisor: i128) -> i128 {
    let (floor, rest) = (dividend.div_euclid(divisor), dividend.rem_euclid(divisor));
    let up = match (2 * rest).cmp(&divisor) {
        Ordering::Less => false,
        Ordering::Equal => floor.rem_euclid(2) == 1,
        Ordering::Greater => true,
    };
    floor + i128::from(up)
}
