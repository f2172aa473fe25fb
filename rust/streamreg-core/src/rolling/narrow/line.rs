//! Rolling, narrow sums: the line of a window, in closed form.
//!
//! n·Σxx − Σx·Σx and n·Σxy − Σx·Σy are integers of 126 bits in a unit that is below the noise of sums of products: no digit
//! that cancels has been rounded before.

use super::Narrow;
use super::parts::{Column, LOST, LOWER};
use crate::exact::{ONES, signed};
use crate::infer::ball::Ball;
use crate::rolling::floating::{power, times_power};
use crate::rolling::line::Line;
use crate::rolling::sums::Outcome;

/// Bits that are dropped of n times a sum of products, so that it fits 126 bits with 2^14 rows.
const DROPPED: u32 = 16;

/// How far the last bit of what is left is above that of products of lower parts.
pub(super) const UNIT: u32 = 2 * LOWER + DROPPED;

/// Digits of sums, which are below 2^98.
const DIGIT: u32 = 49;

/// Solves for intercept and slope; x is known to vary from the first row of the window on.
#[inline]
pub(super) fn solve(sums: &Narrow, first: usize, found: &mut [f64]) -> Outcome {
    let ([_, y], [intercept, slope]) = (sums.columns.as_slice(), found) else { return Outcome::Open };
    let line =
        if y.is_constant(first) { level(y) } else { self::sums(sums).and_then(|line| line.coefficients()) };
    let Some(line) = line else { return Outcome::Open };
    [*intercept, *slope] = line;
    Outcome::Solved
}

/// What the line follows from; nothing if there are several features.
#[inline]
pub(super) fn sums(sums: &Narrow) -> Option<Line> {
    let ([x, y], [sum_x, sum_y, xx, xy, _]) = (sums.columns.as_slice(), sums.totals.as_slice()) else {
        return None;
    };
    let count = sums.count;
    // The slope is in units of lower parts: so its product with the sum of x is in those of y.
    let factor = power(i64::from(x.up) - i64::from(y.up));
    Some(Line {
        covariance: centred(*xy, [*sum_x, *sum_y], count, x.exact || y.exact),
        variance: centred(*xx, [*sum_x, *sum_x], count, x.exact),
        x: Ball::of_integer(x.total(*sum_x, count)).scaled([factor, 1.0]),
        y: Ball::of_integer(y.total(*sum_y, count)),
        count,
        unit: place(y),
        slope: y.unit - x.unit,
    })
}

/// The place of the last bit of a column's own numbers, as a power of two.
#[inline]
fn place(column: &Column) -> i64 {
    column.unit + i64::from(column.up) - signed(ONES)
}

/// What a target comes to that does not vary.
#[allow(clippy::cast_precision_loss, reason = "the number is a double, or an integer that rounds to one")]
fn level(y: &Column) -> Option<[f64; 2]> {
    match y.last() {
        0 => Some([0.0, 0.0]),
        last => Some([times_power(last as f64, place(y))?, 0.0]),
    }
}

/// n·Σab − Σa·Σb in units of 2^DROPPED of the last bits of upper parts, twice: a sum of products that is not exact is off
/// by up to n times `LOST`, and up to n + 2 such units are lost.
#[inline]
#[allow(clippy::cast_precision_loss, reason = "a bound has room for that")]
fn centred(cross: i128, [one, other]: [i128; 2], count: i64, exact: bool) -> Ball {
    const LEAST: f64 = LOST / (1u32 << DROPPED) as f64;
    let rows = count as f64;
    let lost = if exact { 0.0 } else { LEAST };
    let noise = rows * (rows * lost + 1.0) + 2.0;
    let value = (cross >> DROPPED).wrapping_mul(count.into()).wrapping_sub(upper_product(one, other));
    let [high, low, radius] = Ball::of_integer(value).parts();
    Ball::of_parts(high, low, radius + noise * (1.0 + 1e-9))
}

/// The product of two sums in such units, less than two of them too small.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "of digits")]
fn upper_product(one: i128, other: i128) -> i128 {
    let digits = |sum: i128| [(sum >> DIGIT) as i64, sum as i64 & ((1 << DIGIT) - 1)].map(i128::from);
    let ([a, b], [c, d]) = (digits(one), digits(other));
    let (upper, middle, lower) =
        (a.wrapping_mul(c), a.wrapping_mul(d).wrapping_add(b.wrapping_mul(c)), b.wrapping_mul(d));
    (upper << (2 * DIGIT - UNIT)).wrapping_add(middle >> (UNIT - DIGIT)).wrapping_add(lower >> UNIT)
}
