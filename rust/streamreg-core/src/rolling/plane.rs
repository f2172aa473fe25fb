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

/// What is worked in; nothing in it outlasts a window.
#[derive(Debug, Default)]
pub(super) struct Plane {
    size: usize,
    /// The power of two that each variable is scaled by, the target last.
    scales: Vec<i64>,
    /// A, row by row; and b.
    matrix: Vec<Pair>,
    right: Vec<Pair>,
    /// Cholesky's factor below the diagonal, then the inverse of that.
    factor: Vec<f64>,
    /// R, row by row.
    inverse: Vec<f64>,
    first: Vec<f64>,
    residual: Vec<f64>,
    /// How far each entry of the residual may be off.
    unknown: Vec<f64>,
    step: Vec<f64>,
    /// How far each entry of R·residual may be off.
    reach: Vec<f64>,
}

impl Plane {
    /// Solves for the intercept and the coefficients.
    pub fn solve(&mut self, sums: &Fixed, found: &mut [f64]) -> Outcome {
        self.size = sums.features();
        if sums.count() <= i64::try_from(self.size).unwrap_or(i64::MAX) {
            return Outcome::Singular;
        }
        match self.load(sums) {
            Some(true) => {}
            Some(false) => return Outcome::Open,
            None => return Outcome::Singular,
        }
        let done = self.invert().and_then(|()| self.distance()).and_then(|distance| self.refine(distance));
        match done.and_then(|()| self.round(sums, found)) {
            Some(()) => Outcome::Solved,
            None => Outcome::Open,
        }
    }

    /// Takes the equations over; nothing if a feature does not vary, false if the target does not.
    fn load(&mut self, sums: &Fixed) -> Option<bool> {
        let size = self.size;
        self.scales.clear();
        self.matrix.resize(size * size, Pair::default());
        self.right.resize(size, Pair::default());
        for variable in 0..size {
            let own = sums.centred(variable, variable).floating()?;
            let scale = own.two.div_euclid(2);
            self.scales.push(scale);
            self.matrix[variable * size + variable] = scaled(own, 2 * scale);
        }
        let Some(target) = sums.centred(size, size).floating() else { return Some(false) };
        self.scales.push(target.two.div_euclid(2));
        for one in 0..size {
            for other in one + 1..size {
                let entry = sums.centred(one, other).floating();
                let entry = entry.map(|entry| scaled(entry, self.scales[one] + self.scales[other]));
                self.matrix[one * size + other] = entry.unwrap_or_default();
                self.matrix[other * size + one] = entry.unwrap_or_default();
            }
            let entry = sums.centred(one, size).floating();
            let entry = entry.map(|entry| scaled(entry, self.scales[one] + self.scales[size]));
            self.right[one] = entry.unwrap_or_default();
        }
        Some(true)
    }

    /// An approximate inverse, by Cholesky's factors. Nothing is claimed for it.
    fn invert(&mut self) -> Option<()> {
        let size = self.size;
        self.factor.clear();
        self.factor.resize(size * size, 0.0);
        let factor = &mut self.factor;
        for row in 0..size {
            let (above, own) = factor.split_at_mut(row * size);
            for column in 0..row {
                let other = &above[column * size..];
                let rest = self.matrix[row * size + column].high - dot(&own[..column], other);
                own[column] = rest / other[column];
            }
            let rest = self.matrix[row * size + row].high - dot(&own[..row], &own[..row]);
            if rest.is_nan() || rest <= 0.0 {
                return None;
            }
            own[row] = rest.sqrt();
        }
        // In place the inverse of the factor, column by column; it stays below the diagonal.
        for column in 0..size {
            factor[column * size + column] = 1.0 / factor[column * size + column];
            for row in column + 1..size {
                let mut rest = 0.0;
                for at in column..row {
                    rest -= factor[row * size + at] * factor[at * size + column];
                }
                factor[row * size + column] = rest / factor[row * size + row];
            }
        }
        self.inverse.resize(size * size, 0.0);
        for one in 0..size {
            for other in one..size {
                let both = (other..size).map(|row| factor[row * size + one] * factor[row * size + other]);
                let entry = both.sum();
                self.inverse[one * size + other] = entry;
                self.inverse[other * size + one] = entry;
            }
        }
        Some(())
    }

    /// A bound of the norm of I − R·A, in which each sum of n + 2 roundings is off by γ of the sizes of its terms.
    fn distance(&self) -> Option<f64> {
        let size = self.size;
        let gamma = self.gamma(3.0);
        let mut most = 0.0f64;
        for (at, row) in self.inverse.chunks_exact(size).enumerate() {
            let (mut whole, mut sizes) = (0.0, 0.0);
            for column in 0..size {
                let (mut rest, mut own) = (if at == column { 1.0 } else { 0.0 }, 0.0);
                for (entry, other) in row.iter().zip(&self.matrix[column * size..]) {
                    // A is symmetric: its row is its column.
                    let term = entry * other.high;
                    rest -= term;
                    own += term.abs();
                }
                whole += rest.abs();
                sizes += own;
            }
            most = most.max(whole + gamma * (sizes + 2.0));
        }
        let bound = most * WIDER + TINY;
        (bound < MOST).then_some(bound)
    }

    /// γ of so many roundings more than there are features, with room for its own.
    #[allow(clippy::cast_precision_loss, reason = "there are few features")]
    fn gamma(&self, more: f64) -> f64 {
        (self.size as f64 + more) * (1.001 * U)
    }

    /// The first solution, R·b; the second is that and R·(b − A·first), of which the exact one is not further than
    /// `distance / (1 − distance)` of the greatest entry of the exact step, and the roundings.
    fn refine(&mut self, distance: f64) -> Option<()> {
        let (size, gamma) = (self.size, self.gamma(2.0));
        self.first.clear();
        for row in self.inverse.chunks_exact(size) {
            self.first.push(row.iter().zip(&self.right).map(|(entry, right)| entry * right.high).sum());
        }
        self.residual.clear();
        self.unknown.clear();
        for (row, right) in self.matrix.chunks_exact(size).zip(&self.right) {
            let (residual, unknown) = residual(row, *right, &self.first, gamma);
            self.residual.push(residual);
            self.unknown.push(unknown);
        }
        self.step.clear();
        self.reach.clear();
        let mut most = 0.0f64;
        for row in self.inverse.chunks_exact(size) {
            let (mut step, mut reach) = (0.0, 0.0);
            for ((entry, residual), unknown) in row.iter().zip(&self.residual).zip(&self.unknown) {
                let term = entry * residual;
                step += term;
                reach += term.abs() * gamma + entry.abs() * unknown;
            }
            self.step.push(step);
            self.reach.push(reach * WIDER + TINY);
            most = most.max(step.abs() + reach * WIDER + TINY);
        }
        let common = distance / (1.0 - distance) * most * WIDER;
        self.reach.iter_mut().for_each(|reach| *reach = (*reach + common) * WIDER);
        most.is_finite().then_some(())
    }

    /// The nearest doubles, if all are certain.
    fn round(&self, sums: &Fixed, found: &mut [f64]) -> Option<()> {
        let (target, y) = (*self.scales.last()?, sums.unit(self.size));
        let mut level = Floating::of_integer(sums.sum(self.size));
        let (intercept, slopes) = found.split_first_mut()?;
        for (feature, slope) in slopes.iter_mut().enumerate() {
            let (high, low) = sum(self.first[feature], self.step[feature]);
            let ball = Ball::of_parts(high, low, self.reach[feature]);
            let value = Floating { ball, two: target - self.scales[feature] };
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

/// The sum of products, of as many as the first has.
fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
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
