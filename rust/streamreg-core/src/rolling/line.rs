//! Rolling: intercept and slope of a window of one feature, from its exact sums, in twice the digits of a double.
//!
//! The slope is Cxy/Cxx, of sums of products about the means, which are exact integers; so each digit that cancels has
//! cancelled before anything was rounded. The intercept is (Σy − slope·Σx)/n.

use super::fixed::Fixed;
use super::floating::Floating;
use super::sums::Outcome;

/// Solves for intercept and slope.
pub(super) fn solve(sums: &Fixed, found: &mut [f64]) -> Outcome {
    let Some(variance) = sums.centred(0, 0).floating() else { return Outcome::Singular };
    match (slope_and_intercept(sums, variance), found) {
        (Some([slope, intercept]), [first, second]) => {
            (*first, *second) = (intercept, slope);
            Outcome::Solved
        }
        _ => Outcome::Open,
    }
}

#[inline]
fn slope_and_intercept(sums: &Fixed, variance: Floating) -> Option<[f64; 2]> {
    let [x, y] = [0, 1].map(|variable| sums.unit(variable));
    let slope = sums.centred(0, 1).floating()?.over(variance)?;
    let total = Floating::of_integer(sums.sum(1))?;
    let part = Floating::of_integer(sums.sum(0)).map(|sum| sum.times(slope));
    let level = part.map_or(total, |part| total.less(part));
    let intercept = level.over(Floating::of_integer(sums.count().into())?)?;
    Some([slope.rounded(y - x)?, intercept.rounded(y)?])
}
