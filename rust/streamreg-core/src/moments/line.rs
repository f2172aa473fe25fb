//! Moments, hot layer: one feature: the five sums of (x, y) in one pass over the rows.

use super::Moments;
use crate::column::Numbers;
use crate::exact::bins::{Span, fold};
use crate::exact::product::PRODUCT_EXPONENTS;
use crate::exact::{EXPONENTS, Number};

/// The bins of one variable at one exponent e: its sum at e and its sum of squares at 2e.
type Power = [i128; 2];

/// Bins for the five sums of one feature and its target.
#[derive(Debug)]
pub struct LineBins {
    x: Vec<Power>,
    y: Vec<Power>,
    cross: Vec<i128>,
}

impl Default for LineBins {
    fn default() -> Self {
        Self { x: vec![[0; 2]; EXPONENTS], y: vec![[0; 2]; EXPONENTS], cross: vec![0; PRODUCT_EXPONENTS] }
    }
}

impl Moments {
    /// Adds or removes rows; notes in `others` those that the bins do not take (offset by `start`).
    pub(super) fn line(
        &mut self,
        bins: &mut LineBins,
        x: Numbers<'_>,
        y: Numbers<'_>,
        start: usize,
        others: &mut Vec<usize>,
        negate: bool,
    ) {
        let mut other = |row| others.push(start + row);
        let (x_span, y_span) = match (x, y) {
            (Numbers::Float(x), Numbers::Float(y)) => bins.pass(x, y, &mut other),
            (Numbers::Float(x), Numbers::Int(y)) => bins.pass(x, y, &mut other),
            (Numbers::Int(x), Numbers::Float(y)) => bins.pass(x, y, &mut other),
            (Numbers::Int(x), Numbers::Int(y)) => bins.pass(x, y, &mut other),
            (x, _) => return (0..x.len()).for_each(other),
        };
        let LineBins { x, y, cross } = bins;
        let ([sum_x, sum_y], [xx, xy, yy]) = (&mut self.sums[..], &mut self.products[..]) else { return };
        fold::<1>(x_span, |exponent| std::mem::take(&mut x[exponent][0]), sum_x, negate);
        fold::<2>(x_span, |exponent| std::mem::take(&mut x[exponent][1]), xx, negate);
        fold::<1>(y_span, |exponent| std::mem::take(&mut y[exponent][0]), sum_y, negate);
        fold::<2>(y_span, |exponent| std::mem::take(&mut y[exponent][1]), yy, negate);
        fold::<1>(x_span.plus(y_span), |exponent| std::mem::take(&mut cross[exponent]), xy, negate);
    }
}

impl LineBins {
    fn pass<X: Number, Y: Number>(
        &mut self,
        xs: &[X],
        ys: &[Y],
        other: &mut impl FnMut(usize),
    ) -> (Span, Span) {
        let (mut x_span, mut y_span) = (Span::EMPTY, Span::EMPTY);
        let (Some(x_bins), Some(y_bins), Some(cross)) = (
            self.x.first_chunk_mut::<EXPONENTS>(),
            self.y.first_chunk_mut::<EXPONENTS>(),
            self.cross.first_chunk_mut::<PRODUCT_EXPONENTS>(),
        ) else {
            return (x_span, y_span);
        };
        for (row, (x, y)) in xs.iter().zip(ys).enumerate() {
            let (Some(x), Some(y)) = (x.narrow(), y.narrow()) else {
                other(row);
                continue;
            };
            x_span.touch(x);
            y_span.touch(y);
            let (mx, my) = (i128::from(x.mantissa), i128::from(y.mantissa));
            add_power(&mut x_bins[x.exponent % EXPONENTS], mx);
            add_power(&mut y_bins[y.exponent % EXPONENTS], my);
            let bin = &mut cross[(x.exponent + y.exponent) % PRODUCT_EXPONENTS];
            *bin = bin.wrapping_add(mx.wrapping_mul(my));
        }
        (x_span, y_span)
    }
}

#[inline(always)]
#[allow(clippy::inline_always, reason = "part of the body of the hot loop")]
fn add_power([sum, square]: &mut Power, mantissa: i128) {
    // No wrap happens: see `MOST_ADDS`.
    *sum = sum.wrapping_add(mantissa);
    *square = square.wrapping_add(mantissa.wrapping_mul(mantissa));
}
