//! Solve: the statistics of SQL for one feature (ISO/IEC 9075-2, 10.9), each rounded once.

use num_bigint::BigInt;
use num_traits::{Signed, Zero};

use super::rational::Rational;
use crate::gram::{Gram, Unit};

/// The feature and the target among the variables.
const X: usize = 1;
const Y: usize = 2;

/// A statistic of (y, x); `regr_count`, `regr_slope` and `regr_intercept` need no formula of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Simple {
    /// Σx / n.
    AverageX,
    /// Σy / n.
    AverageY,
    /// Sxx = Σx² − (Σx)²/n.
    SquaresX,
    /// Syy = Σy² − (Σy)²/n.
    SquaresY,
    /// Sxy = Σxy − Σx·Σy/n.
    SquaresXY,
    /// The share of the squares of y that the line explains: 1 if there are none, none if x does not vary.
    R2,
    /// Sxy/√(Sxx·Syy); none if x or y does not vary.
    Correlation,
    /// Sxy / rows.
    Covariance(Denominator),
    /// Sxx / rows.
    Variance(Denominator),
    /// √(Sxx / rows).
    Deviation(Denominator),
}

/// What a variance divides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denominator {
    /// n, for the variance of a population.
    All,
    /// n − 1, for that of which the rows are a sample; none of one row.
    ButOne,
}

/// A statistic of unweighted rows of one feature; `None` where SQL has NULL.
#[must_use]
pub fn simple(gram: &Gram, statistic: Simple) -> Option<f64> {
    if gram.rows() <= 0 || gram.features() != 1 || gram.weighted() {
        return None;
    }
    let n = BigInt::from(gram.rows());
    Some(match statistic {
        Simple::AverageX => average(gram, X).nearest(),
        Simple::AverageY => average(gram, Y).nearest(),
        Simple::SquaresX => over(gram, X, X, &n).nearest(),
        Simple::SquaresY => over(gram, Y, Y, &n).nearest(),
        Simple::SquaresXY => over(gram, X, Y, &n).nearest(),
        Simple::Covariance(rows) => over(gram, X, Y, &(rows.of(&n)? * n)).nearest(),
        Simple::Variance(rows) => over(gram, X, X, &(rows.of(&n)? * n)).nearest(),
        Simple::Deviation(rows) => return over(gram, X, X, &(rows.of(&n)? * n)).root(),
        Simple::R2 => match shared(gram) {
            Shared::Flat { x: true } => return None,
            Shared::Flat { x: false } => 1.0,
            Shared::Share { square, .. } => square.nearest(),
        },
        Simple::Correlation => match shared(gram) {
            Shared::Flat { .. } => return None,
            Shared::Share { square, negative } => {
                let size = square.root()?;
                if negative && size != 0.0 { -size } else { size }
            }
        },
    })
}

impl Denominator {
    fn of(self, n: &BigInt) -> Option<BigInt> {
        let rows = n - i32::from(self == Self::ButOne);
        (!rows.is_zero()).then_some(rows)
    }
}

/// What x and y have in common.
enum Shared {
    /// One does not vary; whether that is x.
    Flat { x: bool },
    /// Sxy²/(Sxx·Syy), and whether Sxy is negative.
    Share { square: Rational, negative: bool },
}

fn shared(gram: &Gram) -> Shared {
    let (xx, xy, yy) = (squares(gram, X, X), squares(gram, X, Y), squares(gram, Y, Y));
    if xx.is_zero() || yy.is_zero() {
        return Shared::Flat { x: xx.is_zero() };
    }
    // The units of x and y are in both.
    Shared::Share { square: Rational::new(&xy * &xy, xx * yy, Unit::ONE), negative: xy.is_negative() }
}

fn average(gram: &Gram, variable: usize) -> Rational {
    Rational::new(gram.entry(0, variable).clone(), gram.rows().into(), gram.unit(variable))
}

/// What [`squares`] gives, divided, in the units that it is in.
fn over(gram: &Gram, a: usize, b: usize, divisor: &BigInt) -> Rational {
    Rational::new(squares(gram, a, b), divisor.clone(), gram.unit(a) * gram.unit(b))
}

/// n·Σab − Σa·Σb in the units of both.
fn squares(gram: &Gram, a: usize, b: usize) -> BigInt {
    gram.entry(a, b) * gram.rows() - gram.entry(0, a) * gram.entry(0, b)
}
