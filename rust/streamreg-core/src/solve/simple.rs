//! Stage: solve. The regr_* statistics of SQL for one feature (ISO/IEC 9075-2, 10.9), each rounded once.

use num_bigint::BigInt;
use num_traits::Zero;

use super::round::{ratio, signed};
use crate::exact::{ONES, Window};
use crate::moments::Moments;

/// A statistic of (y, x); `regr_count`, `regr_slope` and `regr_intercept` need no formula of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Simple {
    /// Σx / n.
    AverageX,
    /// Σy / n.
    AverageY,
    /// Σx² − (Σx)²/n.
    SquaresX,
    /// Σy² − (Σy)²/n.
    SquaresY,
    /// Σxy − Σx·Σy/n.
    SquaresXY,
    /// The share of the squares of y that the line explains: 1 if there are none, none if x does not vary.
    R2,
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
        Simple::SquaresX => squares(moments, x, x).over(&n),
        Simple::SquaresY => squares(moments, y, y).over(&n),
        Simple::SquaresXY => squares(moments, x, y).over(&n),
        Simple::R2 => {
            let (xx, xy, yy) = (squares(moments, x, x), squares(moments, x, y), squares(moments, y, y));
            if xx.value.is_zero() {
                return None;
            }
            if yy.value.is_zero() {
                return Some(1.0);
            }
            let exponent = 2 * xy.exponent - xx.exponent - yy.exponent;
            ratio(&(&xy.value * &xy.value), &(xx.value * yy.value), exponent)
        }
    })
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
    fn over(&self, n: &BigInt) -> f64 {
        ratio(&self.value, n, self.exponent)
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
