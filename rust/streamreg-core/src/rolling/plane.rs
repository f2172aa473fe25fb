//! Rolling: the coefficients of a window of several features, proven to be the nearest doubles, without solving exactly.
//!
//! The equations A·x = b are those of the exact sums of products about the means, scaled by powers of two to a diagonal
//! of ones and threes, in twice the digits of a double. An approximate inverse R in doubles gives a first solution, and
//! one step of refinement, with a residual in twice the digits, the second; how far that may be off follows from how far
//! R·A is from the identity (S. M. Rump, *Verification methods: rigorous results using floating-point arithmetic*, Acta
//! Numerica 19, 2010, theorem 10.2). The residual is summed as by T. Ogita, S. M. Rump, S. Oishi, *Accurate sum and dot
//! product* (SIAM J. Sci. Comput. 26, 2005).

use super::Outcome;
use super::fixed::Fixed;
use super::floating::{Floating, power};
use crate::infer::ball::{Ball, product, sum};

/// u = 2^-53: what an operation in doubles is off by at most, relative to its result.
const U: f64 = f64::EPSILON / 2.0;

/// More than is lost to underflow, and than what entries below 2^-800, which are left out, come to.
const TINY: f64 = 1e-150;

/// What bounds are multiplied by for the roundings that they are themselves made with: there are a few for each of 64
/// features.
const WIDER: f64 = 1.0 + 1e-12;

/// Beyond this the inverse says nothing.
const MOST: f64 = 0.125;

/// A number as the sum of two doubles.
#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    high: f64,
    low: f64,
}

/// Solves for the intercept and the coefficients.
///
/// The sizes are known to the compiler; equations of others are made longer by such as `x = 0`.
pub(super) fn solve(sums: &Fixed, found: &mut [f64]) -> Outcome {
    let features = sums.features();
    if sums.count() <= i64::try_from(features).unwrap_or(i64::MAX) {
        return Outcome::Singular;
    }
    let way = match features {
        ..=2 => solve_in::<2>,
        3 => solve_in::<3>,
        4 => solve_in::<4>,
        5 => solve_in::<5>,
        6 => solve_in::<6>,
        7..=8 => solve_in::<8>,
        9..=10 => solve_in::<10>,
        11..=16 => solve_in::<16>,
        17..=32 => solve_in::<32>,
        _ => solve_in::<64>,
    };
    way(sums, found)
}

fn solve_in<const SIZE: usize>(sums: &Fixed, found: &mut [f64]) -> Outcome {
    let Some(equations) = Equations::<SIZE>::of(sums) else { return Outcome::Singular };
    let done = equations.solution().and_then(|solution| equations.round(&solution, sums, found));
    done.map_or(Outcome::Open, |()| Outcome::Solved)
}

/// The equations of a window.
struct Equations<const SIZE: usize> {
    /// A, symmetric.
    matrix: [[Pair; SIZE]; SIZE],
    /// b.
    right: [Pair; SIZE],
    /// The power of two that each feature is scaled by, and that of the target.
    scales: [i64; SIZE],
    target: i64,
}

/// Doubles, what is to be added to them, and how far their sums may be off.
struct Solution<const SIZE: usize> {
    first: [f64; SIZE],
    step: [f64; SIZE],
    reach: [f64; SIZE],
}

type Matrix<const SIZE: usize> = [[f64; SIZE]; SIZE];

impl<const SIZE: usize> Equations<SIZE> {
    /// Those of exact sums; nothing if a feature does not vary.
    fn of(sums: &Fixed) -> Option<Self> {
        let size = sums.features().min(SIZE);
        let mut made = Self {
            matrix: [[Pair::default(); SIZE]; SIZE],
            right: [Pair::default(); SIZE],
            scales: [0; SIZE],
            target: sums.centred(size, size).floating().map_or(0, |own| own.two.div_euclid(2)),
        };
        for variable in 0..SIZE {
            if variable >= size {
                made.matrix[variable][variable].high = 1.0;
                continue;
            }
            let own = sums.centred(variable, variable).floating()?;
            made.scales[variable] = own.two.div_euclid(2);
            made.matrix[variable][variable] = scaled(own, 2 * made.scales[variable]);
        }
        for one in 0..size {
            for other in one + 1..size {
                let entry = sums.centred(one, other).floating();
                let entry = entry.map(|entry| scaled(entry, made.scales[one] + made.scales[other]));
                made.matrix[one][other] = entry.unwrap_or_default();
                made.matrix[other][one] = made.matrix[one][other];
            }
            let entry = sums.centred(one, size).floating();
            let entry = entry.map(|entry| scaled(entry, made.scales[one] + made.target));
            made.right[one] = entry.unwrap_or_default();
        }
        Some(made)
    }

    fn solution(&self) -> Option<Solution<SIZE>> {
        let inverse = self.inverse()?;
        self.refine(&inverse, self.distance(&inverse)?)
    }

    /// An approximate inverse, by Cholesky's factors. Nothing is claimed for it.
    fn inverse(&self) -> Option<Matrix<SIZE>> {
        // The factor, on whose diagonal stand the inverses; then the inverse of the factor.
        let mut factor = [[0.0; SIZE]; SIZE];
        for row in 0..SIZE {
            for column in 0..row {
                let mut rest = self.matrix[row][column].high;
                for at in 0..column {
                    rest -= factor[row][at] * factor[column][at];
                }
                factor[row][column] = rest * factor[column][column];
            }
            let mut rest = self.matrix[row][row].high;
            for at in 0..row {
                rest -= factor[row][at] * factor[row][at];
            }
            if rest.is_nan() || rest <= 0.0 {
                return None;
            }
            factor[row][row] = 1.0 / rest.sqrt();
        }
        for row in 1..SIZE {
            for column in 0..row {
                let mut rest = 0.0;
                for at in column..row {
                    rest -= factor[row][at] * factor[at][column];
                }
                factor[row][column] = rest * factor[row][row];
            }
        }
        let mut inverse = [[0.0; SIZE]; SIZE];
        for one in 0..SIZE {
            for other in one..SIZE {
                let mut entry = 0.0;
                for own in factor.iter().skip(other) {
                    entry += own[one] * own[other];
                }
                inverse[one][other] = entry;
                inverse[other][one] = entry;
            }
        }
        Some(inverse)
    }

    /// A bound of the norm of I − R·A, in which each sum of n + 2 roundings is off by γ of the sizes of its terms.
    fn distance(&self, inverse: &Matrix<SIZE>) -> Option<f64> {
        let gamma = gamma(SIZE, 3);
        let mut most = 0.0f64;
        for (at, row) in inverse.iter().enumerate() {
            let (mut rests, mut sizes) = ([0.0; SIZE], [0.0; SIZE]);
            rests[at] = 1.0;
            for (entry, others) in row.iter().zip(&self.matrix) {
                for ((rest, size), other) in rests.iter_mut().zip(&mut sizes).zip(others) {
                    let term = entry * other.high;
                    *rest -= term;
                    *size += term.abs();
                }
            }
            let whole: f64 = rests.iter().map(|rest| rest.abs()).sum();
            most = most.max(whole + gamma * (sizes.iter().sum::<f64>() + 2.0));
        }
        let bound = most * WIDER + TINY;
        (bound < MOST).then_some(bound)
    }

    /// The first solution, R·b; the second is that and R·(b − A·first), of which the exact one is not further than
    /// `distance / (1 − distance)` of the greatest entry of the exact step, and the roundings.
    fn refine(&self, inverse: &Matrix<SIZE>, distance: f64) -> Option<Solution<SIZE>> {
        let gamma = gamma(SIZE, 2);
        let mut made = Solution { first: [0.0; SIZE], step: [0.0; SIZE], reach: [0.0; SIZE] };
        for (first, row) in made.first.iter_mut().zip(inverse) {
            *first = row.iter().zip(&self.right).map(|(entry, right)| entry * right.high).sum();
        }
        let (mut residuals, mut unknowns) = ([0.0; SIZE], [0.0; SIZE]);
        for (at, row) in self.matrix.iter().enumerate() {
            (residuals[at], unknowns[at]) = residual(row, self.right[at], &made.first, gamma);
        }
        let mut most = 0.0f64;
        for (at, row) in inverse.iter().enumerate() {
            let (mut step, mut reach) = (0.0, 0.0);
            for ((entry, residual), unknown) in row.iter().zip(&residuals).zip(&unknowns) {
                let term = entry * residual;
                step += term;
                reach += term.abs() * gamma + entry.abs() * unknown;
            }
            (made.step[at], made.reach[at]) = (step, reach * WIDER + TINY);
            most = most.max(step.abs() + made.reach[at]);
        }
        let common = distance / (1.0 - distance) * most * WIDER;
        made.reach.iter_mut().for_each(|reach| *reach = (*reach + common) * WIDER);
        most.is_finite().then_some(made)
    }

    /// The nearest doubles, if all are certain.
    fn round(&self, solution: &Solution<SIZE>, sums: &Fixed, found: &mut [f64]) -> Option<()> {
        let (intercept, slopes) = found.split_first_mut()?;
        let y = sums.unit(slopes.len());
        let mut level = Floating::of_integer(sums.sum(slopes.len()));
        for (feature, slope) in slopes.iter_mut().enumerate() {
            let (high, low) = sum(solution.first[feature], solution.step[feature]);
            let ball = Ball::of_parts(high, low, solution.reach[feature]);
            let value = Floating { ball, two: self.target - self.scales[feature] };
            *slope = value.rounded(y - sums.unit(feature))?;
            if let Some(total) = Floating::of_integer(sums.sum(feature)) {
                let part = total.times(value);
                level = Some(match level {
                    Some(level) => level.less(part),
                    None => Floating { ball: -part.ball, ..part },
                });
            }
        }
        let mean = level?.over(Floating::of_integer(sums.count().into())?)?;
        *intercept = mean.rounded(y)?;
        Some(())
    }
}

/// γ of so many roundings and some more, with room for its own.
#[allow(clippy::cast_precision_loss, reason = "there are few features")]
fn gamma(size: usize, more: usize) -> f64 {
    (size + more) as f64 * (1.001 * U)
}

/// An entry as it is scaled; what is far below the others is nothing, which `TINY` covers.
#[inline]
fn scaled(entry: Floating, two: i64) -> Pair {
    let [high, low, _] = entry.ball.parts();
    let two = entry.two - two;
    // The low part of what is just above is a normal double as well.
    if two < -800 {
        return Pair::default();
    }
    let by = power(two);
    Pair { high: high * by, low: low * by }
}

/// b − a·x, and how far that may be off.
///
/// The terms are split into what they round to and what they were rounded by, exactly; of n features the small ones are
/// 3n + 1, each at most u of all terms together (those of the sums), or of its own (the others). Their sum is off by γ of
/// n + 3 times that, as rounded as they are; and the entries of both are off by 2u² themselves.
#[inline]
fn residual(row: &[Pair], right: Pair, x: &[f64], gamma: f64) -> (f64, f64) {
    let (mut large, mut small, mut sizes) = (right.high, right.low, right.high.abs());
    for (entry, x) in row.iter().zip(x) {
        let (term, rest) = product(entry.high, *x);
        let (total, lost) = sum(large, -term);
        large = total;
        small += (lost - rest) - entry.low * x;
        sizes += term.abs();
    }
    let residual = large + small;
    let unknown = residual.abs() * U + sizes * (8.0 * gamma * gamma);
    (residual, unknown * WIDER + TINY)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

    use crate::column::Numbers;
    use crate::infer::{Fit, Model};
    use crate::rolling::Outcome;
    use crate::rolling::fixed::{Extent, Fixed};
    use crate::rolling::line;


    /// Numbers that look random, about some centre.
    fn numbers(seed: u64, count: usize, centre: f64) -> Vec<f64> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            f64::from(u32::try_from(state >> 32).unwrap()) / f64::from(u32::MAX) - 0.5
        };
        (0..count).map(|_| centre + next() + next() * 1e-7).collect()
    }

    /// Of ordinary windows all but few are settled the short way, with the bits of the exact one; also of times.
    #[test]
    fn differential_settled() {
        for features in [1, 2, 5, 9] {
            for centre in [0.0, 100.0, 1.7e9] {
                let mut open = 0;
                for seed in 0..100 {
                    let mut columns: Vec<_> =
                        (0..=features).map(|at| numbers(seed * 31 + at, 60, if at == 0 { centre } else { 0.0 })).collect();
                    for row in 0..60 {
                        let sum = columns.iter().map(|column| column[row]).sum::<f64>() - centre;
                        columns.last_mut().unwrap()[row] = sum;
                    }
                    let columns: Vec<_> = columns.iter().map(|column| Numbers::Float(column)).collect();
                    let extent = |column: &Numbers<'_>| {
                        let mut extent = Extent::EMPTY;
                        (0..60).for_each(|row| extent.touch(column.part(row).unwrap()));
                        extent
                    };
                    let mut sums = Fixed::default();
                    assert!(sums.start(&columns.iter().map(extent).collect::<Vec<_>>(), 60));
                    (0..60).for_each(|row| sums.put(&columns, Some(row), None));
                    let mut found = vec![0.0; columns.len()];
                    let outcome = match features {
                        1 => line::solve(&sums, &mut found),
                        _ => super::solve(&sums, &mut found),
                    };
                    let exact = Fit::new(sums.gram().unwrap(), Model::default()).unwrap().coefficients();
                    match outcome {
                        Outcome::Solved => assert_eq!(Some(found), exact, "{features} about {centre}"),
                        _ => open += 1,
                    }
                }
                assert!(open <= 2, "{open} of 100 with {features} features about {centre}");
            }
        }
    }
}
