//! Rolling: linear equations solved in doubles, and how far the solution may be off: proven, not estimated.
//!
//! The equations A·x = b are scaled by powers of two to a diagonal of ones to fours, and known to 80 places. An approximate
//! inverse R in doubles gives a first solution, which is cut to 37 places: so what it leaves, b − A·x, is worked out in
//! integers of 128 bits without any rounding, and R times that is the step to the next one. How far that may be off
//! follows from how far R·A is from the identity (S. M. Rump, *Verification methods: rigorous results using floating-point
//! arithmetic*, Acta Numerica 19, 2010, theorem 10.2).

use super::inverse::{Matrix, inverse};
use crate::infer::ball::{Ball, sum};

/// u = 2^-53: what an operation in doubles is off by at most, relative to its result.
const U: f64 = f64::EPSILON / 2.0;

/// What bounds are multiplied by for the roundings that they are themselves made with: there are a few for each of 65
/// unknowns.
const WIDER: f64 = 1.0 + 1e-12;

/// More than is lost to underflow.
const TINY: f64 = 1e-150;

/// Beyond this the inverse says nothing.
const MOST: f64 = 0.125;

/// The place of the ones in an entry. Entries are below 8 in size.
pub(super) const PLACES: u32 = 80;

/// 1 as an entry.
const ONE: i128 = 1 << PLACES;

/// What an entry is known to.
const LAST: f64 = U / (1u32 << (PLACES - 53)) as f64;

/// The first solution is cut so many places below a power of two that is not below it in size. With entries of 83 bits the
/// sums of 66 products have less than 127.
const CUT: u32 = 37;

/// That power of two is 2^24 at most.
const MOST_ABOVE: u32 = 24;

/// Bits that are dropped of what the first solution leaves: far below what entries are known to.
const DROPPED: u32 = 30;

/// More noise than this and the equations say nothing.
const LOUD: f64 = U * U * 1e10;

/// The equations of a window.
pub(super) struct Equations<const SIZE: usize> {
    /// A, symmetric: the upper triangle.
    pub matrix: [[i128; SIZE]; SIZE],
    /// b.
    pub right: [i128; SIZE],
    /// How far entry (i, j) may be off, beside the place that it is known to: noise[i]·noise[j], and for b the last one.
    pub noise: [f64; SIZE],
    pub noise_right: f64,
}

/// Doubles, what is to be added to them, and how far their sums may be off.
pub(super) struct Solution<const SIZE: usize> {
    first: [f64; SIZE],
    step: [f64; SIZE],
    reach: [f64; SIZE],
}

impl<const SIZE: usize> Solution<SIZE> {
    /// One unknown.
    #[inline]
    pub fn ball(&self, at: usize) -> Ball {
        let (high, low) = sum(self.first[at], self.step[at]);
        Ball::of_parts(high, low, self.reach[at])
    }
}

impl<const SIZE: usize> Equations<SIZE> {
    /// None yet: so many of `x = 0`.
    #[inline]
    pub fn new() -> Self {
        let mut matrix = [[0; SIZE]; SIZE];
        for (at, row) in matrix.iter_mut().enumerate() {
            row[at] = ONE;
        }
        Self { matrix, right: [0; SIZE], noise: [0.0; SIZE], noise_right: 0.0 }
    }

    /// The solution, if it can be proven to be one; of the matrix its upper triangle is looked at.
    #[inline]
    #[allow(clippy::needless_range_loop, reason = "an entry goes to two places")]
    pub fn solve(&mut self) -> Option<Solution<SIZE>> {
        let loudest = self.noise.iter().fold(self.noise_right, |most, noise| most.max(*noise));
        let noise = loudest * loudest;
        if noise.is_nan() || noise > LOUD {
            return None;
        }
        let mut doubles = [[0.0; SIZE]; SIZE];
        for one in 0..SIZE {
            for other in one..SIZE {
                let entry = self.matrix[one][other];
                self.matrix[other][one] = entry;
                doubles[one][other] = nearest(entry);
                doubles[other][one] = doubles[one][other];
            }
        }
        let inverse = inverse(&doubles)?;
        let sizes = sizes(&inverse);
        let distance = distance(&inverse, &sizes, &doubles)?;
        self.refine(&inverse, &sizes, distance)
    }

    /// The first solution, x = R·b cut, leaves r = b − A·x, and the step is s = R·r. The exact solution is not further from
    /// x + s than `distance / (1 − distance)` of the greatest entry of the exact R·r, and the roundings: in s those of n + 2
    /// terms, and what r in doubles is off by, as A and b are known to a place and to their noise.
    #[inline]
    #[allow(clippy::cast_precision_loss, reason = "the bound has room for that")]
    fn refine(&self, inverse: &Matrix<SIZE>, sizes: &[f64; SIZE], distance: f64) -> Option<Solution<SIZE>> {
        let gamma = gamma(SIZE, 2);
        let mut first = product(inverse, &self.right.map(nearest));
        let (counts, above) = cut(&mut first)?;
        let (mut whole, mut heard) = (1.0, self.noise_right);
        for (first, noise) in first.iter().zip(&self.noise) {
            whole += first.abs();
            heard += first.abs() * noise;
        }
        let unit = LAST * f64::from(1u32 << above) / f64::from(1u32 << (CUT - DROPPED));
        let (mut residuals, mut worst) = ([0.0; SIZE], 0.0f64);
        for (at, (row, right)) in self.matrix.iter().zip(self.right).enumerate() {
            let mut rest = right << (CUT - above);
            for (entry, count) in row.iter().zip(&counts) {
                rest = rest.wrapping_sub(entry.wrapping_mul((*count).into()));
            }
            // What does not fit is no solution.
            residuals[at] = i64::try_from(rest >> DROPPED).ok()? as f64 * unit;
            let unknown = residuals[at].abs() * (gamma + U) + unit + LAST * whole + self.noise[at] * heard;
            worst = worst.max(unknown);
        }
        let worst = worst * WIDER + TINY;
        let step = product(inverse, &residuals);
        let mut most = 0.0f64;
        for (step, size) in step.iter().zip(sizes) {
            most = most.max(step.abs() + size * worst);
        }
        let common = distance / (1.0 - distance) * most * WIDER;
        let reach = sizes.map(|size| (size * worst + common) * WIDER);
        most.is_finite().then_some(Solution { first, step, reach })
    }
}

/// A bound of the norm of I − R·A, R with rows of these sizes: the sums of n + 1 roundings are off by γ of the sizes of
/// their terms, and A in doubles by u of its size and u.
#[inline]
fn distance<const SIZE: usize>(
    inverse: &Matrix<SIZE>,
    own: &[f64; SIZE],
    doubles: &Matrix<SIZE>,
) -> Option<f64> {
    let mut off = [0.0; SIZE];
    for (at, row) in inverse.iter().enumerate() {
        let mut rests = [0.0; SIZE];
        rests[at] = 1.0;
        for (entry, others) in row.iter().zip(doubles) {
            for (rest, other) in rests.iter_mut().zip(others) {
                *rest -= entry * other;
            }
        }
        for (off, rest) in off.iter_mut().zip(&rests) {
            *off += rest.abs();
        }
    }
    // The sum of all rows is not below the greatest of them.
    let whole: f64 = off.iter().sum();
    let terms = greatest(own) * (greatest(&sizes(doubles)) + 1.0);
    // `LOUD` and `LAST` are far below γ of the 1 that was added.
    let bound = (whole + gamma(SIZE, 4) * (terms + 2.0)) * WIDER + TINY;
    (bound < MOST).then_some(bound)
}

/// The sums of the sizes of each row of a symmetric matrix.
#[inline]
fn sizes<const SIZE: usize>(matrix: &Matrix<SIZE>) -> [f64; SIZE] {
    let mut sizes = [0.0; SIZE];
    for row in matrix {
        for (size, entry) in sizes.iter_mut().zip(row) {
            *size += entry.abs();
        }
    }
    sizes
}

/// The product of a symmetric matrix and some numbers.
#[inline]
fn product<const SIZE: usize>(matrix: &Matrix<SIZE>, numbers: &[f64; SIZE]) -> [f64; SIZE] {
    let mut sums = [0.0; SIZE];
    for (row, number) in matrix.iter().zip(numbers) {
        for (sum, entry) in sums.iter_mut().zip(row) {
            *sum += entry * number;
        }
    }
    sums
}

fn greatest(sizes: &[f64]) -> f64 {
    sizes.iter().fold(0.0, |most, size| most.max(*size))
}

/// An entry as a double, to u of its size and u.
#[inline]
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "it has 57 bits")]
fn nearest(entry: i128) -> f64 {
    (entry >> (PLACES - 53)) as i64 as f64 * U
}

/// γ of so many roundings and some more, with room for its own.
#[allow(clippy::cast_precision_loss, reason = "there are few features")]
fn gamma(size: usize, more: usize) -> f64 {
    (size + more) as f64 * (1.001 * U)
}

/// Cuts doubles to `CUT` places below the first power of two from 1 up that is not below any of them: how many of these
/// places they are, and which power that is; nothing if one is large.
#[inline]
fn cut<const SIZE: usize>(values: &mut [f64; SIZE]) -> Option<([i64; SIZE], u32)> {
    let most = values.iter().fold(0.0f64, |most, value| most.max(value.abs()));
    let (mut power, mut above) = (1.0, 0);
    while power < most && above < MOST_ABOVE {
        (power, above) = (power * 2.0, above + 1);
    }
    // Beside this number a double has its last place where the cut is to be.
    let large = power * (1.5 * f64::from(1u32 << (52 - CUT)));
    let mut counts = [0; SIZE];
    for (value, count) in values.iter_mut().zip(&mut counts) {
        let sum = *value + large;
        *count = sum.to_bits().cast_signed().wrapping_sub(large.to_bits().cast_signed());
        *value = sum - large;
    }
    (most <= power).then_some((counts, above))
}

#[cfg(test)]
mod tests {
    use num_bigint::BigInt;
    use num_rational::Ratio;
    use num_traits::Signed;
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngSeed};

    use super::{Equations, ONE};
    use crate::infer::ball::tests::beyond;

    /// The determinant of three rows.
    fn determinant(rows: &[[i128; 3]; 3]) -> BigInt {
        let minor = |a: usize, b: usize| {
            BigInt::from(rows[1][a]) * rows[2][b] - BigInt::from(rows[1][b]) * rows[2][a]
        };
        minor(1, 2) * rows[0][0] - minor(0, 2) * rows[0][1] + minor(0, 1) * rows[0][2]
    }

    proptest! {
        #![proptest_config(Config {
            cases: 2000, failure_persistence: None, rng_seed: RngSeed::Fixed(2026), ..Config::default()
        })]

        /// The solution is not further from that of Cramer's rule than is said, also where the first two unknowns can
        /// hardly be told apart.
        #[test]
        fn oracle_solution(
            diagonal in prop::array::uniform3(ONE..4 * ONE),
            right in prop::array::uniform3(-4 * ONE..4 * ONE),
            others in prop::array::uniform2(-ONE / 3..ONE / 3),
            near in 1u32..40,
        ) {
            let mut equations = Equations::<3>::new();
            for (at, entry) in diagonal.into_iter().enumerate() {
                equations.matrix[at][at] = entry;
            }
            let least = diagonal[0].min(diagonal[1]);
            (equations.matrix[0][1], equations.right) = (least - (least >> near), right);
            [equations.matrix[0][2], equations.matrix[1][2]] = others;
            let solution = equations.solve();
            let whole = determinant(&equations.matrix);
            if near == 1 {
                prop_assert!(solution.is_some());
            }
            for (at, solution) in solution.iter().flat_map(|solution| (0..3).map(move |at| (at, solution))) {
                let mut other = equations.matrix;
                for (row, right) in other.iter_mut().zip(right) {
                    row[at] = right;
                }
                let exact = Ratio::new(determinant(&other), whole.clone());
                prop_assert!(!beyond(&exact, solution.ball(at)).is_positive());
            }
        }
    }
}
