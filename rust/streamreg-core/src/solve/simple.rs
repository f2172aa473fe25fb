//! Stage: solve. The statistics of SQL for one feature (ISO/IEC 9075-2, 10.9), each rounded once.

use num_bigint::BigInt;
use num_traits::{Signed, Zero};

use super::rational::Rational;
use super::round::{ratio, signed};
use crate::exact::{ONES, Window};
use crate::gram::Unit;
use crate::moments::Moments;

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
    Covariance(Rows),
    /// Sxx / rows.
    Variance(Rows),
    /// √(Sxx / rows).
    Deviation(Rows),
}

/// What a variance divides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// n, for the variance of a population.
    All,
    /// n − 1, for that of which the rows are a sample; none of one row.
    ButOne,
}

/// A statistic of moments of one feature; `None` where SQL has NULL.
#[must_use]
pub fn simple(moments: &Moments, statistic: Simple) -> Option<f64> {
    if moments.n() <= 0 || moments.features() != 1 {
        return None;
    }
    let (x, y) = (0, 1);
    let n = BigInt::from(moments.n());
    Some(match statistic {
        Simple::AverageX => average(moments.sum(x), &n),
        Simple::AverageY => average(moments.sum(y), &n),
        Simple::SquaresX => squares(moments, x, x).over(&n).nearest(),
        Simple::SquaresY => squares(moments, y, y).over(&n).nearest(),
        Simple::SquaresXY => squares(moments, x, y).over(&n).nearest(),
        Simple::Covariance(rows) => squares(moments, x, y).over(&(rows.of(&n)? * n)).nearest(),
        Simple::Variance(rows) => squares(moments, x, x).over(&(rows.of(&n)? * n)).nearest(),
        Simple::Deviation(rows) => return squares(moments, x, x).over(&(rows.of(&n)? * n)).root(),
        Simple::R2 => match shared(moments) {
            Shared::Flat { x: true } => return None,
            Shared::Flat { x: false } => 1.0,
            Shared::Share { square, .. } => square.nearest(),
        },
        Simple::Correlation => match shared(moments) {
            Shared::Flat { .. } => return None,
            Shared::Share { square, negative } => {
                let size = square.root()?;
                if negative && size != 0.0 { -size } else { size }
            }
        },
    })
}

impl Rows {
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

fn shared(moments: &Moments) -> Shared {
    let (xx, xy, yy) = (squares(moments, 0, 0), squares(moments, 0, 1), squares(moments, 1, 1));
    if xx.value.is_zero() || yy.value.is_zero() {
        return Shared::Flat { x: xx.value.is_zero() };
    }
    let unit = Unit::two(2 * xy.exponent - xx.exponent - yy.exponent);
    let square = Rational::new(&xy.value * &xy.value, xx.value * yy.value, unit);
    Shared::Share { square, negative: xy.value.is_negative() }
}

fn average(sum: &Window, n: &BigInt) -> f64 {
    let (integer, shift) = sum.to_integer();
    ratio(&integer, n, signed(shift) - signed(ONES))
}

/// n·Σab − Σa·Σb as `value · 2^exponent`.
struct Scaled {
    value: BigInt,
    exponent: i64,
}

impl Scaled {
    fn over(self, divisor: &BigInt) -> Rational {
        Rational::new(self.value, divisor.clone(), Unit::two(self.exponent))
    }
}

fn squares(moments: &Moments, a: usize, b: usize) -> Scaled {
    let (product, product_shift) = moments.product(a, b).to_integer();
    let ((one, one_shift), (other, other_shift)) = (moments.sum(a).to_integer(), moments.sum(b).to_integer());
    let (scaled, sums) = (product * moments.n(), one * other);
    let sums_shift = one_shift + other_shift;
    // A zero lies nowhere.
    let shift = match (scaled.is_zero(), sums.is_zero()) {
        (true, _) => sums_shift,
        (_, true) => product_shift,
        _ => product_shift.min(sums_shift),
    };
    let value = (scaled << product_shift.saturating_sub(shift)) - (sums << sums_shift.saturating_sub(shift));
    Scaled { value, exponent: signed(shift) - 2 * signed(ONES) }
}
