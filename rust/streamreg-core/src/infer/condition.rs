//! Stage: infer. How nearly the columns of a design follow from each other.
//!
//! The condition number is that of D. A. Belsley, E. Kuh, R. E. Welsch, *Regression Diagnostics* (1980), 3.2: the ratio of
//! the largest singular value to the smallest of the design, the column of ones included if there is an intercept, after
//! each column was scaled to length 1 (with weights, of √w times the rows; with a ridge, of its rows too). The exact
//! cross-products and their exact inverse are each scaled and rounded once; the largest eigenvalue of either, whose
//! relative error is that of doubles, is found by rotations (C. G. J. Jacobi, 1846; G. H. Golub, C. F. Van Loan,
//! *Matrix Computations*, 4th edition, 8.5). So it is right to some 13 digits however large it is.

use num_bigint::BigInt;
use num_traits::Signed;

use super::Fit;
use crate::solve::round::root;

/// A column that is no further from those before it than 2⁻⁴⁸ of its length, 32 roundings, follows from them.
const NEAR: u64 = 2 * 48;

/// Rotations reduce what is off the diagonal quadratically: a matrix of 65 columns takes ten sweeps.
const MOST_SWEEPS: usize = 60;

impl Fit {
    /// The condition number of the scaled design: an infinity if the rows do not determine the coefficients, `None`
    /// without any row.
    pub(super) fn condition_number(&self) -> Option<f64> {
        if self.rows() <= 0 {
            return None;
        }
        if !self.is_determined() {
            return Some(f64::INFINITY);
        }
        let size = self.size();
        let diagonal: Vec<_> = (0..size).map(|at| self.equation(at, at)).collect();
        if diagonal.iter().any(|entry| !entry.is_positive()) {
            return None;
        }
        let one = BigInt::from(1);
        let scaled = symmetric(size, |a, b| {
            let entry = self.equation(a, b);
            signed_root(&entry, &one, &one, &(&diagonal[a] * &diagonal[b]), 0)
        });
        let (inverse, determinant) = (self.inverse(), self.determinant());
        // Even, so that the root of it is a power of two.
        let bits = |at: usize| (&inverse[at][at] * &diagonal[at]).bits();
        let most = (0..size).map(bits).max().unwrap_or(0);
        let shift = i64::try_from(determinant.bits()).ok()? - i64::try_from(most).ok()?;
        let shift = shift - shift.rem_euclid(2);
        let inverted = symmetric(size, |a, b| {
            let both = &diagonal[a] * &diagonal[b];
            signed_root(&inverse[a][b], determinant, &both, &one, shift)
        });
        let product = (largest(scaled) * largest(inverted)).sqrt();
        let (half, rest) = (-shift / 4, -shift / 2 + shift / 4);
        let two = |power: i64| i32::try_from(power).map_or(f64::INFINITY, |power| 2f64.powi(power));
        Some(product * two(half) * two(rest))
    }

    /// The coefficients whose columns follow from those before them but for roundings, if the rows determine them all.
    #[must_use]
    pub fn nearly_dependent(&self) -> Vec<usize> {
        let elimination = self.normal.elimination();
        if !self.is_determined() || !elimination.is_in_order() {
            return Vec::new();
        }
        let one = BigInt::from(1);
        let follows = |&at: &usize| {
            let before = if at == 0 { &one } else { elimination.pivot(at - 1) };
            is_near(elimination.pivot(at), &(before * self.equation(at, at)))
        };
        let found = (0..self.size()).filter(follows);
        found.map(|at| self.places.as_ref().map_or(at, |places| places.kept[at])).collect()
    }

    /// An entry of the equations' matrix.
    pub(super) fn equation(&self, one: usize, other: usize) -> BigInt {
        let normal = &self.normal;
        let entry = normal.gram().entry(normal.variable(one), normal.variable(other));
        if one == other { entry + &normal.penalties()[one] } else { entry.clone() }
    }
}

/// Whether a squared distance is as small beside a squared length as roundings make it.
pub(crate) fn is_near(distance: &BigInt, length: &BigInt) -> bool {
    !distance.is_negative() && (distance << NEAR) <= *length
}

/// entry / divisor · √(numerator / denominator) · 2^shift, rounded once.
fn signed_root(
    entry: &BigInt,
    divisor: &BigInt,
    numerator: &BigInt,
    denominator: &BigInt,
    shift: i64,
) -> f64 {
    let size = root(&(entry * entry * numerator), &(divisor * divisor * denominator), 2 * shift);
    if entry.is_negative() == divisor.is_negative() { size } else { -size }
}

fn symmetric(size: usize, entry: impl Fn(usize, usize) -> f64) -> Vec<Vec<f64>> {
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(size);
    for a in 0..size {
        let before: Vec<_> = rows.iter().map(|row| row[a]).collect();
        rows.push(before.into_iter().chain((a..size).map(|b| entry(a, b))).collect());
    }
    rows
}

/// The largest eigenvalue of a positive definite matrix.
fn largest(mut rows: Vec<Vec<f64>>) -> f64 {
    let size = rows.len();
    for _ in 0..MOST_SWEEPS {
        let trace: f64 = (0..size).map(|at| rows[at][at].abs()).sum();
        let off = |(at, row): (usize, &Vec<f64>)| row[at + 1..].iter().fold(0.0, |most, v| v.abs().max(most));
        let off = rows.iter().enumerate().map(off).fold(0.0, f64::max);
        if off <= trace * f64::EPSILON * 1e-3 {
            break;
        }
        for a in 0..size {
            for b in a + 1..size {
                rotate(&mut rows, a, b);
            }
        }
    }
    (0..size).map(|at| rows[at][at]).fold(0.0, f64::max)
}

/// Turns two axes so that their entry off the diagonal vanishes (Golub and Van Loan, 8.5.2).
fn rotate(rows: &mut [Vec<f64>], a: usize, b: usize) {
    let entry = rows[a][b];
    if entry == 0.0 {
        return;
    }
    let slope = (rows[b][b] - rows[a][a]) / (2.0 * entry);
    let tangent = slope.signum() / (slope.abs() + (1.0 + slope * slope).sqrt());
    let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
    let sine = tangent * cosine;
    for row in rows.iter_mut() {
        let (one, other) = (row[a], row[b]);
        row[a] = cosine * one - sine * other;
        row[b] = sine * one + cosine * other;
    }
    let (above, below) = rows.split_at_mut(b);
    for (one, other) in above[a].iter_mut().zip(&mut below[0]) {
        (*one, *other) = (cosine * *one - sine * *other, sine * *one + cosine * *other);
    }
}
