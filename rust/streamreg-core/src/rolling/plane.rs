//! Rolling: the coefficients of a window of several features from its exact sums, where its numbers are far apart.
//!
//! The equations are those of the sums of products about the means, which are exact integers: each digit that cancels has
//! cancelled before anything was rounded. The intercept is (Σy − Σ slope·Σx)/n.

use super::equations::{Equations, PLACES, Solution};
use super::fixed::Fixed;
use super::floating::Floating;
use super::sums::Outcome;

/// Solves for the intercept and the coefficients.
///
/// The sizes are known to the compiler; fewer equations are made more by such as `x = 0`.
pub(super) fn solve(sums: &Fixed, found: &mut [f64]) -> Outcome {
    let features = sums.features();
    if sums.count() <= i64::try_from(features).unwrap_or(i64::MAX) {
        return Outcome::Singular;
    }
    let way = match features {
        ..=4 => solve_in::<4>,
        5..=8 => solve_in::<8>,
        9..=16 => solve_in::<16>,
        17..=32 => solve_in::<32>,
        _ => solve_in::<64>,
    };
    way(sums, found)
}

fn solve_in<const SIZE: usize>(sums: &Fixed, found: &mut [f64]) -> Outcome {
    let Some((mut equations, scales)) = equations::<SIZE>(sums) else { return Outcome::Singular };
    let done = equations.solve().and_then(|solution| round(&solution, &scales, sums, found));
    done.map_or(Outcome::Open, |()| Outcome::Solved)
}

/// The equations of exact sums, and the powers of two that features and target are scaled by; nothing if a feature does
/// not vary.
fn equations<const SIZE: usize>(sums: &Fixed) -> Option<(Equations<SIZE>, Vec<i64>)> {
    let size = sums.features();
    let mut made = Equations::new();
    let mut scales = Vec::with_capacity(size + 1);
    for variable in 0..size {
        scales.push(sums.centred(variable, variable).length()?.div_euclid(2));
    }
    scales.push(sums.centred(size, size).length().map_or(0, |length| length.div_euclid(2)));
    for one in 0..size {
        for other in one..=size {
            let entry = sums.centred(one, other).at(scales[one] + scales[other], PLACES);
            if other == size {
                made.right[one] = entry;
            } else {
                made.matrix[one][other] = entry;
            }
        }
    }
    Some((made, scales))
}

/// The nearest doubles, if all are certain.
fn round<const SIZE: usize>(
    solution: &Solution<SIZE>,
    scales: &[i64],
    sums: &Fixed,
    found: &mut [f64],
) -> Option<()> {
    let (intercept, slopes) = found.split_first_mut()?;
    let (y, target) = (sums.unit(slopes.len()), scales.last()?);
    let mut level = Floating::of_integer(sums.sum(slopes.len()));
    for (feature, slope) in slopes.iter_mut().enumerate() {
        let value = Floating { ball: solution.ball(feature), two: target - scales[feature] };
        *slope = value.rounded(y - sums.unit(feature))?;
        if let Some(total) = Floating::of_integer(sums.sum(feature)) {
            level = Some(Floating::difference(level, total.times(value)));
        }
    }
    let mean = level?.over(Floating::of_integer(sums.count().into())?)?;
    *intercept = mean.rounded(y)?;
    Some(())
}
