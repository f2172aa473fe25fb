//! Rolling: linear equations solved in doubles, and how far the solution may be off: proven, not estimated.
//!
//! The equations A·x = b are scaled by powers of two to a diagonal of ones to fours, and known to 93 places. An approximate
//! inverse R in doubles gives a first solution, which is cut to 24 places, and two steps of refinement the next; how far
//! the last may be off follows from how far R·A is from the identity (S. M. Rump, *Verification methods: rigorous results
//! using floating-point arithmetic*, Acta Numerica 19, 2010, theorem 10.2). Entries are cut into pieces of 22, 20 and 53
//! digits, so that the sums of the products of either of the first two with the first solution are exact (K. Ozaki,
//! T. Ogita, S. Oishi, S. M. Rump, *Error-free transformations of matrix multiplication by using fast routines of matrix
//! multiplication and its applications*, Numerical Algorithms 59, 2012).

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

/// The place of the ones in an entry that is given as an integer.
pub(super) const PLACES: u32 = 93;

/// 2^-20 and 2^-40: the last places of the first two pieces of an entry.
const UPPER: f64 = 1.0 / 1_048_576.0;
const MIDDLE: f64 = UPPER * UPPER;

/// 2^-93: what an entry is known to.
const LAST: f64 = MIDDLE * U;

/// More noise than this and the equations say nothing.
const LOUD: f64 = U * U * 1e10;

/// An entry in its pieces.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Entry {
    upper: f64,
    middle: f64,
    lower: f64,
}

impl Entry {
    pub const ONE: Self = Self { upper: 1.0, middle: 0.0, lower: 0.0 };

    /// Of an integer in units of the last place, with a size below 8.
    #[inline]
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "of 53 digits at most")]
    pub fn of_places(value: i128) -> Self {
        let (upper, rest) = ((value >> 73) as i64, value as i64);
        let middle = (value >> 53) as i64 & ((1 << 20) - 1);
        let lower = rest & ((1 << 53) - 1);
        Self { upper: upper as f64 * UPPER, middle: middle as f64 * MIDDLE, lower: lower as f64 * LAST }
    }

    #[inline]
    fn nearest(self) -> f64 {
        self.upper + (self.middle + self.lower)
    }
}

/// The equations of a window.
pub(super) struct Equations<const SIZE: usize> {
    /// A, symmetric.
    pub matrix: [[Entry; SIZE]; SIZE],
    /// b.
    pub right: [Entry; SIZE],
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
        let mut matrix = [[Entry::default(); SIZE]; SIZE];
        for (at, row) in matrix.iter_mut().enumerate() {
            row[at] = Entry::ONE;
        }
        Self { matrix, right: [Entry::default(); SIZE], noise: [0.0; SIZE], noise_right: 0.0 }
    }

    /// The solution, if it can be proven to be one.
    #[inline]
    pub fn solve(&self) -> Option<Solution<SIZE>> {
        let mut nearest = [[0.0; SIZE]; SIZE];
        for (row, entries) in nearest.iter_mut().zip(&self.matrix) {
            for (value, entry) in row.iter_mut().zip(entries) {
                *value = entry.nearest();
            }
        }
        let inverse = inverse(&nearest)?;
        let distance = self.distance(&inverse, &nearest)?;
        self.refine(&inverse, &nearest, distance)
    }

    /// A bound of the norm of I − R·A: the sums of n + 2 roundings are off by γ of the sizes of their terms, and so is A in
    /// doubles.
    #[inline]
    fn distance(&self, inverse: &Matrix<SIZE>, nearest: &Matrix<SIZE>) -> Option<f64> {
        let gamma = gamma(SIZE, 4);
        let loudest = self.noise.iter().fold(self.noise_right, |most, noise| most.max(*noise));
        let noise = loudest * loudest;
        if noise.is_nan() || noise > LOUD {
            return None;
        }
        let mut sizes = [0.0; SIZE];
        for (size, row) in sizes.iter_mut().zip(nearest) {
            *size = row.iter().map(|entry| entry.abs()).sum::<f64>() + 1.0;
        }
        let mut most = 0.0f64;
        for (at, row) in inverse.iter().enumerate() {
            let mut rests = [0.0; SIZE];
            rests[at] = 1.0;
            for (entry, others) in row.iter().zip(nearest) {
                for (rest, other) in rests.iter_mut().zip(others) {
                    *rest -= entry * other;
                }
            }
            let whole: f64 = rests.iter().map(|rest| rest.abs()).sum();
            let terms: f64 = row.iter().zip(&sizes).map(|(entry, size)| entry.abs() * size).sum();
            most = most.max(whole + gamma * (terms + 2.0));
        }
        // `LOUD` and `LAST` are far below γ of the 1 that was added to each size.
        let bound = most * WIDER + TINY;
        (bound < MOST).then_some(bound)
    }

    /// The first solution, x = R·b cut, leaves r = b − A·x; the step s = R·r leaves r − A·s, and R times that is the
    /// second step. The exact solution is not further from all three than `distance / (1 − distance)` of the greatest
    /// entry of the exact second step, and the roundings: in r those of `residual`, in r − A·s those of n + 2 terms that
    /// are as small as the step is, and what A in doubles is off by.
    #[inline]
    fn refine(
        &self,
        inverse: &Matrix<SIZE>,
        nearest: &Matrix<SIZE>,
        distance: f64,
    ) -> Option<Solution<SIZE>> {
        let gamma = gamma(SIZE, 2);
        let mut made = Solution { first: [0.0; SIZE], step: [0.0; SIZE], reach: [0.0; SIZE] };
        for (first, row) in made.first.iter_mut().zip(inverse) {
            *first = row.iter().zip(&self.right).map(|(entry, right)| entry * right.nearest()).sum();
        }
        cut(&mut made.first)?;
        let (mut whole, mut heard) = (1.0, self.noise_right);
        for (first, noise) in made.first.iter().zip(&self.noise) {
            whole += first.abs();
            heard += first.abs() * noise;
        }
        let (mut residuals, mut unknowns) = ([0.0; SIZE], [0.0; SIZE]);
        let rounded = gamma * (4.0 * MIDDLE) + 2.0 * LAST;
        for (at, row) in self.matrix.iter().enumerate() {
            let residual = residual(row, self.right[at], &made.first);
            let unknown = residual.abs() * (3.0 * U) + rounded * whole + self.noise[at] * heard;
            (residuals[at], unknowns[at]) = (residual, unknown * WIDER + TINY);
        }
        let mut steps = [0.0; SIZE];
        for (step, row) in steps.iter_mut().zip(inverse) {
            *step = row.iter().zip(&residuals).map(|(entry, residual)| entry * residual).sum();
        }
        let wide = gamma * 1.5;
        for (at, row) in nearest.iter().enumerate() {
            let (mut rest, mut sizes) = (residuals[at], residuals[at].abs());
            for (entry, step) in row.iter().zip(&steps) {
                let term = entry * step;
                rest -= term;
                sizes += term.abs();
            }
            residuals[at] = rest;
            unknowns[at] += wide * sizes * WIDER;
        }
        let mut most = 0.0f64;
        for (at, row) in inverse.iter().enumerate() {
            let (mut second, mut reach) = (0.0, 0.0);
            for ((entry, residual), unknown) in row.iter().zip(&residuals).zip(&unknowns) {
                let term = entry * residual;
                second += term;
                reach += term.abs() * gamma + entry.abs() * unknown;
            }
            let reach = reach * WIDER + TINY;
            most = most.max(second.abs() + reach);
            made.step[at] = steps[at] + second;
            made.reach[at] = reach + made.step[at].abs() * U;
        }
        let common = distance / (1.0 - distance) * most * WIDER;
        made.reach.iter_mut().for_each(|reach| *reach = (*reach + common) * WIDER);
        most.is_finite().then_some(made)
    }
}

/// γ of so many roundings and some more, with room for its own.
#[allow(clippy::cast_precision_loss, reason = "there are few features")]
fn gamma(size: usize, more: usize) -> f64 {
    (size + more) as f64 * (1.001 * U)
}

/// Cuts doubles to 24 places below the first power of two from 1 up that is above all of them; nothing if one is large.
#[inline]
fn cut(values: &mut [f64]) -> Option<()> {
    let most = values.iter().fold(0.0f64, |most, value| most.max(value.abs()));
    let mut power = 1.0;
    while power < most && power < 16_777_216.0 {
        power *= 2.0;
    }
    // Beside this number a double has its last place where the cut is to be.
    let large = power * (1.5 * 268_435_456.0);
    for value in values {
        *value = (*value + large) - large;
    }
    (most <= power).then_some(())
}

/// b − A·x of one equation.
///
/// With x of 25 digits above 2^(e − 24) and below 2^(e + 1), products of upper pieces are multiples of 2^(e − 44) below
/// 2^(e + 3), those of middle ones of 2^(e − 64) below 2^(e − 19): of either 66 are summed without rounding. Of the lower
/// ones, below 2^-40 for each 1 in the sizes of 1 and x, there are 2n + 2 roundings, and two of the residual.
#[inline]
fn residual<const SIZE: usize>(row: &[Entry; SIZE], right: Entry, x: &[f64; SIZE]) -> f64 {
    let (mut upper, mut middle, mut lower) = (right.upper, right.middle, right.lower);
    for (entry, x) in row.iter().zip(x) {
        upper -= entry.upper * x;
        middle -= entry.middle * x;
        lower -= entry.lower * x;
    }
    (upper + middle) + lower
}
