//! Moments, hot layer: which way a batch takes into the windows.

use super::Moments;
use super::line::LineBins;
use crate::column::Numbers;
use crate::exact::bins::MOST_ADDS;
use crate::exact::product::{BLOCK_ROWS, Block};
use crate::exact::{FEW_ROWS, Part};

/// The bins of the hot layer: made when first needed, empty between two batches.
#[derive(Debug, Default)]
pub struct Workspace {
    line: Option<LineBins>,
    block: Option<Block>,
}

impl Moments {
    /// Adds or removes rows of columns that fit.
    pub(super) fn accumulate(&mut self, workspace: &mut Workspace, columns: &[Numbers<'_>], negate: bool) {
        let rows = columns.first().map_or(0, Numbers::len);
        let mut others = Vec::new();
        if rows < FEW_ROWS {
            others.extend(0..rows);
        } else if let [x, y] = columns {
            let bins = workspace.line.get_or_insert_default();
            for (start, end) in chunks(rows, MOST_ADDS) {
                self.line(bins, x.rows(start..end), y.rows(start..end), start, &mut others, negate);
            }
        } else {
            let block = workspace.block.get_or_insert_default();
            for (start, end) in chunks(rows, BLOCK_ROWS) {
                let part: Vec<_> = columns.iter().map(|column| column.rows(start..end)).collect();
                self.block(block, &part, start, &mut others, negate);
            }
        }
        self.count(rows - others.len(), negate);
        let mut parts = Vec::with_capacity(columns.len());
        for row in others {
            self.row(columns, row, &mut parts, negate);
        }
    }

    fn block(
        &mut self,
        block: &mut Block,
        columns: &[Numbers<'_>],
        start: usize,
        others: &mut Vec<usize>,
        negate: bool,
    ) {
        block.load(columns, start, others);
        block.multiply(0, 1, &mut self.sums, negate);
        let mut products = self.products.as_mut_slice();
        for variable in 1..=columns.len() {
            let (row, rest) = products.split_at_mut(columns.len() + 1 - variable);
            block.multiply(variable, variable, row, negate);
            products = rest;
        }
    }

    /// Takes one row straight into the windows: of a small batch, or with a number that the bins do not take.
    fn row(&mut self, columns: &[Numbers<'_>], row: usize, parts: &mut Vec<Part>, negate: bool) {
        parts.clear();
        parts.extend(columns.iter().map_while(|column| column.part(row)));
        if parts.len() < columns.len() {
            self.excluded += if negate { -1 } else { 1 };
            return;
        }
        self.count(1, negate);
        let mut products = self.products.iter_mut();
        for (i, one) in parts.iter().enumerate() {
            self.sums[i].add_at(one.exponent, one.mantissa.into(), negate);
            for (other, window) in parts[i..].iter().zip(&mut products) {
                let product = i128::from(one.mantissa) * i128::from(other.mantissa);
                window.add_at(one.exponent + other.exponent, product, negate);
            }
        }
    }

    /// Counts rows; that the count has room was checked before.
    fn count(&mut self, rows: usize, negate: bool) {
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        self.n += if negate { -rows } else { rows };
    }
}

/// Ranges of at most `most` rows.
fn chunks(rows: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).step_by(most).map(move |start| (start, (start + most).min(rows)))
}
