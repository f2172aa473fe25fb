//! Rolling: sums of windows to some 100 places, where numbers are not far apart.
//!
//! Each number is counted from a centre of its column, exactly, and cut into an upper part of some 56 bits and a lower
//! one of 28. Of a product the upper parts count in full and what a lower part adds to some bits: what a row adds
//! depends on nothing but the row, so that it leaves without a trace, and all windows are known to a bound that is
//! proven. So a row costs a third of what [exact sums](super::fixed) do, and solving too: [a line](line) takes no integer
//! of more than 128 bits, and in [a plane](plane) nothing is left to cancel.

mod line;
mod parts;
mod plane;

use super::fixed::{Extent, refill};
use super::sums::Outcome;
use crate::column::Numbers;
use parts::{Column, Parts};

/// Most rows that come: see [`parts`] and [`line`].
const MOST_ROWS: usize = 1 << 14;

/// Most sums in the ring: 16 MiB.
const MOST_KEPT: usize = 1 << 20;

/// Count, sums and sums of products of the rows of a window.
#[derive(Debug, Default)]
pub(super) struct Narrow {
    columns: Vec<Column>,
    count: i64,
    /// The sums, in units of the last bits of lower parts, and of products the upper triangle, row by row, in units of the
    /// last bits of upper parts.
    totals: Vec<i128>,
    /// What each row of the window has added to them, in a ring: what comes is put at one place, what goes is taken from
    /// another.
    ring: Vec<i128>,
    next: usize,
    oldest: usize,
    /// The row that comes.
    row: Vec<Parts>,
}

impl Narrow {
    /// Makes it the sums of nothing, for these rows of numbers of these extents, of which so many are in a window at
    /// most; says whether they fit.
    pub fn start(
        &mut self,
        numbers: &[Numbers<'_>],
        extents: &[Extent],
        rows: &[usize],
        window: usize,
    ) -> bool {
        let variables = numbers.len();
        let width = variables + variables * (variables + 1) / 2;
        if rows.len() > MOST_ROWS || width.saturating_mul(window) > MOST_KEPT {
            return false;
        }
        let Some(columns) = Column::of(numbers, extents, rows) else { return false };
        self.columns = columns;
        (self.count, self.next, self.oldest) = (0, 0, 0);
        refill(&mut self.totals, width);
        refill(&mut self.ring, width * window);
        refill(&mut self.row, variables);
        true
    }

    /// Adds a row of finite numbers, and takes the oldest one away; either may not be.
    #[inline]
    pub fn put(&mut self, numbers: &[Numbers<'_>], enters: Option<usize>, leaves: bool) {
        let width = self.totals.len();
        if leaves {
            let place = step(&mut self.oldest, width, self.ring.len());
            self.count -= 1;
            for (total, old) in self.totals.iter_mut().zip(&self.ring[place..]) {
                *total = total.wrapping_sub(*old);
            }
        }
        if let Some(at) = enters {
            let place = step(&mut self.next, width, self.ring.len());
            self.count += 1;
            let (totals, new) = (&mut self.totals, &mut self.ring[place..place + width]);
            let (columns, row) = (&mut self.columns, &mut self.row);
            // Of a line the compiler knows the lengths, and needs no loops.
            if let ([_, _], Some(columns), Some(row), Some(totals), Some(new)) = (
                numbers,
                columns.first_chunk_mut::<2>(),
                row.first_chunk_mut::<2>(),
                totals.first_chunk_mut::<5>(),
                new.first_chunk_mut::<5>(),
            ) {
                add(numbers, at, columns, row, totals, new);
            } else {
                add(numbers, at, columns, row, totals, new);
            }
        }
    }

    /// The sums, and the sums of products.
    #[inline]
    fn sums(&self) -> (&[i128], &[i128]) {
        self.totals.split_at(self.columns.len())
    }

    /// Solves for the intercept and the coefficients; the window begins with a row.
    pub fn solve(&self, first: usize, found: &mut [f64]) -> Outcome {
        let features = self.columns.len() - 1;
        let few = self.count <= i64::try_from(features).unwrap_or(i64::MAX);
        if few || self.columns[..features].iter().any(|column| column.is_constant(first)) {
            return Outcome::Singular;
        }
        if features == 1 { line::solve(self, first, found) } else { plane::solve(self, found) }
    }
}

/// Takes a place in the ring, and moves to the next one.
#[inline]
fn step(place: &mut usize, width: usize, length: usize) -> usize {
    let next = *place + width;
    std::mem::replace(place, if next < length { next } else { 0 })
}

/// Adds a row, and notes what it has added.
#[inline(always)]
#[allow(clippy::inline_always, reason = "for the lengths that the compiler knows")]
fn add(
    numbers: &[Numbers<'_>],
    at: usize,
    columns: &mut [Column],
    row: &mut [Parts],
    totals: &mut [i128],
    new: &mut [i128],
) {
    let mut sums = totals.iter_mut().zip(new);
    for (numbers, ((column, parts), (total, value))) in
        numbers.iter().zip(columns.iter_mut().zip(row.iter_mut()).zip(&mut sums))
    {
        let Some(part) = numbers.part(at) else { continue };
        (*value, *parts) = column.take(part, at);
        *total = total.wrapping_add(*value);
    }
    for (first, one) in row.iter().enumerate() {
        for (other, (total, product)) in row[first..].iter().zip(&mut sums) {
            *product = one.times(*other);
            *total = total.wrapping_add(*product);
        }
    }
}

#[cfg(test)]
mod tests;
