//! Rolling: intercept and slope of a window of one feature, in twice the digits of a double.
//!
//! The slope is Cxy/Cxx, of sums of products about the means; so each digit that cancels has cancelled before anything
//! was rounded. The intercept is (Σy − slope·Σx)/n.

use super::fixed::Fixed;
use super::floating::{Floating, times_power};
use super::sums::Outcome;
use crate::infer::ball::Ball;

/// What a line follows from.
pub(super) struct Line {
    /// n times the sum of products about the means, of x with y and with itself.
    pub covariance: Ball,
    pub variance: Ball,
    /// The sum of x in the unit of y's over that of the slope, and the sum of y.
    pub x: Ball,
    pub y: Ball,
    /// The number of rows.
    pub count: i64,
    /// The power of two that is the unit of y, and that of the slope.
    pub unit: i64,
    pub slope: i64,
}

impl Line {
    /// The doubles nearest to intercept and slope, if they are certain.
    #[inline]
    #[allow(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
    pub fn coefficients(&self) -> Option<[f64; 2]> {
        let slope = self.covariance.divide(self.variance)?;
        let intercept = (self.y - self.x * slope).divide(Ball::of_double(self.count as f64))?;
        Some([times_power(intercept.rounded()?, self.unit)?, times_power(slope.rounded()?, self.slope)?])
    }
}

/// Solves exact sums for intercept and slope.
pub(super) fn solve(sums: &Fixed, found: &mut [f64]) -> Outcome {
    let Some(variance) = sums.centred(0, 0).floating() else { return Outcome::Singular };
    match (coefficients(sums, variance), found) {
        (Some(line), [intercept, slope]) => {
            [*intercept, *slope] = line;
            Outcome::Solved
        }
        _ => Outcome::Open,
    }
}

#[inline]
fn coefficients(sums: &Fixed, variance: Floating) -> Option<[f64; 2]> {
    let [x, y] = [0, 1].map(|variable| Ball::of_integer(sums.sum(variable)));
    let (covariance, variance) = (sums.centred(0, 1).floating()?.ball(), variance.ball());
    let (unit, count) = (sums.unit(1), sums.count());
    Line { covariance, variance, x, y, count, unit, slope: unit - sums.unit(0) }.coefficients()
}
