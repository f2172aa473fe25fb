//! Solve: sum and average of a column.

use num_bigint::{BigInt, Sign};
use num_integer::Integer;
use std::cmp::Ordering;

use super::round;
use crate::decimal::write_digits;
use crate::exact::{DecimalSum, ExactSum, ONES, signed};

/// The sum, rounded once.
#[must_use]
pub fn sum(sum: &ExactSum) -> f64 {
    round::window(sum.total(), -signed(ONES))
}

/// The sum of integers, exact.
#[must_use]
pub fn integer_sum(sum: &ExactSum) -> BigInt {
    let (integer, shift) = sum.total().to_integer();
    (integer << shift) >> ONES
}

/// The average of integers as the nearest integer, of two the even one; `None` if there is no row.
#[must_use]
pub fn integer_average(sum: &ExactSum) -> Option<BigInt> {
    let n = BigInt::from(sum.n());
    (sum.n() > 0).then(|| {
        let (floor, rest) = integer_sum(sum).div_mod_floor(&n);
        let twice: BigInt = rest * 2;
        let up = match twice.cmp(&n) {
            Ordering::Less => false,
            Ordering::Equal => floor.is_odd(),
            Ordering::Greater => true,
        };
        if up { floor + 1 } else { floor }
    })
}

/// The average, rounded once; `None` if there is no row.
#[must_use]
pub fn average(sum: &ExactSum) -> Option<f64> {
    let (integer, shift) = sum.total().to_integer();
    (sum.n() > 0).then(|| round::ratio(&integer, &BigInt::from(sum.n()), signed(shift) - signed(ONES)))
}

/// The sum of decimals, exact: a decimal of any number of digits, as [`Decimal`](crate::decimal::Decimal) is written.
#[must_use]
pub fn decimal_sum(sum: &DecimalSum) -> String {
    let (integer, exponent) = tens(sum);
    let written = integer.magnitude().to_string();
    let digits = match written.trim_end_matches('0') {
        "" => "0",
        digits => digits,
    };
    let exponent = if digits == "0" { 0 } else { exponent + signed(written.len() - digits.len()) };
    let mut text = Vec::new();
    write_digits(integer.sign() == Sign::Minus, digits.as_bytes(), exponent, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// The average of decimals, rounded once to the nearest double; `None` if there is no row.
#[must_use]
pub fn decimal_average(sum: &DecimalSum) -> Option<f64> {
    let (integer, exponent) = tens(sum);
    let fives = BigInt::from(5).pow(u32::try_from(exponent.unsigned_abs()).unwrap_or(u32::MAX));
    let n = BigInt::from(sum.n());
    (sum.n() > 0).then(|| {
        if exponent < 0 {
            round::ratio(&integer, &(n * fives), exponent)
        } else {
            round::ratio(&(integer * fives), &n, exponent)
        }
    })
}

/// The sum as `integer · 10^exponent`.
fn tens(sum: &DecimalSum) -> (BigInt, i64) {
    let Some((two, five)) = sum.total().lowest() else { return (BigInt::ZERO, 0) };
    let exponent = (signed(two) - signed(ONES)).min(five.into());
    let integer = sum.total().to_integer(two, five);
    // Both powers are at least the exponent.
    let twos = (signed(two) - signed(ONES)).abs_diff(exponent);
    let fives = u32::try_from(i64::from(five).abs_diff(exponent)).unwrap_or(u32::MAX);
    ((integer << twos) * BigInt::from(5).pow(fives), exponent)
}
