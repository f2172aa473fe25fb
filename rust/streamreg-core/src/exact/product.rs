//! Exact, hot layer: sums of products of many columns.
//!
//! A block of rows is taken apart once, column by column. Then, for one column, the products with up to four
//! others are added to bins, four bins side by side for each exponent: consecutive rows often meet the same bin,
//! and four independent chains of additions hide the time that one takes. The bins of one group of columns are
//! folded before the next group uses them, so their size does not depend on the number of columns.

use super::bins::{Span, fold};
use super::{Number, Window};
use crate::column::Numbers;

/// Rows of a block: few enough for the second-level cache, many enough to make folding cheap.
pub const BLOCK_ROWS: usize = 2048;

/// Columns multiplied with one other at a time.
pub const LANES: usize = 4;

/// Exponents of products lie below this.
pub const PRODUCT_EXPONENTS: usize = 4096;

/// A column of a block.
#[derive(Debug)]
struct Apart {
    mantissas: [i64; BLOCK_ROWS],
    exponents: [u16; BLOCK_ROWS],
    span: Span,
}

/// A block of rows taken apart. Column 0 is all ones, so that sums are products with it.
#[derive(Debug)]
pub struct Block {
    columns: Vec<Apart>,
    rows: usize,
    bins: Vec<[i128; LANES]>,
}

impl Default for Block {
    fn default() -> Self {
        let ones =
            Apart { mantissas: [1; BLOCK_ROWS], exponents: [0; BLOCK_ROWS], span: Span { low: 0, high: 0 } };
        Self { columns: vec![ones], rows: 0, bins: vec![[0; LANES]; PRODUCT_EXPONENTS] }
    }
}

impl Block {
    /// Takes rows apart, at most [`BLOCK_ROWS`]; notes in `others` those that hold a number that the bins do not
    /// take (offset by `start`) and makes them count for nothing.
    pub fn load(&mut self, columns: &[Numbers<'_>], start: usize, others: &mut Vec<usize>) {
        self.rows = columns.first().map_or(0, Numbers::len).min(BLOCK_ROWS);
        while self.columns.len() <= columns.len() {
            self.columns.push(Apart {
                mantissas: [0; BLOCK_ROWS],
                exponents: [0; BLOCK_ROWS],
                span: Span::EMPTY,
            });
        }
        let known = others.len();
        for (apart, column) in self.columns[1..].iter_mut().zip(columns) {
            match column {
                Numbers::Float(values) => apart.load(values, start, others),
                Numbers::Int(values) => apart.load(values, start, others),
                Numbers::Decimal(_) | Numbers::Time(..) => others.extend(start..start + column.len()),
            }
        }
        others[known..].sort_unstable();
        others.dedup();
        for &row in &others[known..] {
            for apart in &mut self.columns[1..] {
                apart.mantissas[row - start] = 0;
            }
        }
    }

    /// Adds the sums of products of column `left` with the columns from `right` on, one for each window.
    pub fn multiply(&mut self, left: usize, right: usize, windows: &mut [Window], negate: bool) {
        for (group, windows) in windows.chunks_mut(LANES).enumerate() {
            let right = right + group * LANES;
            match windows.len() {
                1 => self.pass::<1>(left, right),
                2 => self.pass::<2>(left, right),
                3 => self.pass::<3>(left, right),
                _ => self.pass::<LANES>(left, right),
            }
            for (lane, window) in windows.iter_mut().enumerate() {
                let span = self.columns[left].span.plus(self.columns[right + lane].span);
                fold::<1>(span, |exponent| std::mem::take(&mut self.bins[exponent][lane]), window, negate);
            }
        }
    }

    fn pass<const COUNT: usize>(&mut self, left: usize, right: usize) {
        let Some(bins) = self.bins.first_chunk_mut::<PRODUCT_EXPONENTS>() else { return };
        let one = &self.columns[left];
        let others: [&Apart; COUNT] = std::array::from_fn(|lane| &self.columns[right + lane]);
        for row in 0..self.rows.min(BLOCK_ROWS) {
            let (mantissa, exponent) = (i128::from(one.mantissas[row]), usize::from(one.exponents[row]));
            for (lane, other) in others.iter().enumerate() {
                let at = exponent + usize::from(other.exponents[row]);
                let bin = &mut bins[at % PRODUCT_EXPONENTS][lane];
                *bin = bin.wrapping_add(mantissa.wrapping_mul(i128::from(other.mantissas[row])));
            }
        }
    }
}

impl Apart {
    #[allow(clippy::cast_possible_truncation, reason = "exponents of single numbers are below 2048")]
    fn load<N: Number>(&mut self, values: &[N], start: usize, others: &mut Vec<usize>) {
        self.span = Span::EMPTY;
        let places = self.mantissas.iter_mut().zip(&mut self.exponents);
        for (row, ((mantissa, exponent), value)) in places.zip(values).enumerate() {
            if let Some(part) = value.narrow() {
                self.span.touch(part);
                (*mantissa, *exponent) = (part.mantissa, part.exponent as u16);
            } else {
                others.push(start + row);
                *exponent = 0;
            }
        }
    }
}
