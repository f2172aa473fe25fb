//! Rolling, narrow sums: the coefficients of a window of several features.

use super::Narrow;
use super::parts::{LOST, LOWER};
use crate::exact::{ONES, signed};
use crate::rolling::equations::{Equations, PLACES, Solution};
use crate::rolling::floating::{Floating, power};
use crate::rolling::sums::Outcome;

/// How far the last bits of upper parts are above those of lower ones.
const LOW: i64 = LOWER as i64;

/// Solves for the intercept and the coefficients of a window in which every feature varies.
///
/// The sizes are known to the compiler; fewer equations are made more by such as `x = 0`.
pub(super) fn solve(sums: &Narrow, found: &mut [f64]) -> Outcome {
    let way = match sums.columns.len() {
        ..=3 => Narrow::solve_in::<3>,
        4 => Narrow::solve_in::<4>,
        5 => Narrow::solve_in::<5>,
        6 => Narrow::solve_in::<6>,
        7 => Narrow::solve_in::<7>,
        8 => Narrow::solve_in::<8>,
        9 => Narrow::solve_in::<9>,
        10 => Narrow::solve_in::<10>,
        11 => Narrow::solve_in::<11>,
        12..=13 => Narrow::solve_in::<13>,
        14..=16 => Narrow::solve_in::<16>,
        17..=21 => Narrow::solve_in::<21>,
        22..=32 => Narrow::solve_in::<32>,
        33..=44 => Narrow::solve_in::<44>,
        _ => Narrow::solve_in::<65>,
    };
    if way(sums, found).is_some() { Outcome::Solved } else { Outcome::Open }
}

impl Narrow {
    fn solve_in<const SIZE: usize>(&self, found: &mut [f64]) -> Option<()> {
        let mut equations = Equations::<SIZE>::new();
        let mut scales = [0; SIZE];
        let target = self.fill(&mut equations, &mut scales);
        self.round(&equations.solve()?, &scales, target, found)
    }

    /// Makes the equations, that of the intercept first; the powers of two that unknowns and the target are scaled by.
    #[inline]
    #[allow(clippy::cast_precision_loss, reason = "a bound has room for that")]
    fn fill<const SIZE: usize>(&self, made: &mut Equations<SIZE>, scales: &mut [i64; SIZE]) -> i64 {
        let (features, (sums, crosses)) = (self.columns.len() - 1, self.sums());
        let off = (self.count as f64 * LOST).sqrt() * (1.0 + 1e-9);
        scales[0] = length(self.count.into()) / 2;
        made.matrix[0][0] = moved(self.count.into(), -2 * scales[0]);
        let mut target = 0;
        let mut at = 0;
        for (variable, column) in self.columns.iter().enumerate() {
            let scale = length(crosses[at]) / 2 + LOW;
            let noise = if column.exact { 0.0 } else { off * power(LOW - scale) };
            if variable == features {
                (target, made.noise_right) = (scale, noise);
            } else {
                (scales[variable + 1], made.noise[variable + 1]) = (scale, noise);
            }
            at += self.columns.len() - variable;
        }
        let mut crosses = crosses.iter();
        for variable in 0..features {
            let scale = scales[variable + 1];
            made.matrix[0][variable + 1] = moved(sums[variable], -scale - scales[0]);
            let row = &mut made.matrix[variable + 1];
            // Scales end first: so no sum is passed over.
            let places = scales[variable + 1..=features].iter().zip(&mut row[variable + 1..]);
            for ((other, entry), cross) in places.zip(&mut crosses) {
                *entry = moved(*cross, 2 * LOW - scale - other);
            }
            made.right[variable + 1] =
                crosses.next().map_or(0, |cross| moved(*cross, 2 * LOW - scale - target));
        }
        made.right[0] = moved(sums[features], -target - scales[0]);
        target
    }

    /// The nearest doubles, if all are certain.
    #[inline]
    fn round<const SIZE: usize>(
        &self,
        solution: &Solution<SIZE>,
        scales: &[i64; SIZE],
        target: i64,
        found: &mut [f64],
    ) -> Option<()> {
        let (intercept, slopes) = found.split_first_mut()?;
        let own = self.columns.last()?;
        let mut level = Floating { ball: solution.ball(0), two: target - scales[0] };
        if let Some(from) = own.from {
            level = level.less(Floating { ball: -from.ball, ..from });
        }
        for (at, (slope, column)) in slopes.iter_mut().zip(&self.columns).enumerate() {
            let value = Floating { ball: solution.ball(at + 1), two: target - scales[at + 1] };
            *slope = value.rounded(own.unit - column.unit)?;
            if let Some(from) = column.from {
                level = level.less(from.times(value));
            }
        }
        *intercept = level.rounded(own.unit - signed(ONES))?;
        Some(())
    }
}

/// The place of the leading bit; 0 of what is not above zero.
#[inline]
fn length(value: i128) -> i64 {
    i64::from(127 - value.max(1).leading_zeros())
}

/// A number times a power of two, in units of the last place of an entry. What would not fit is of no use: its noise is
/// too loud.
#[inline]
fn moved(value: i128, two: i64) -> i128 {
    let up = i64::from(PLACES) + two;
    if up >= 0 { value << up.min(127) } else { value >> (-up).min(127) }
}
