//! Rolling: sums of the windows of several features, to some 100 places, where numbers are not far apart.
//!
//! Each number is counted from a centre of its column, exactly, and cut into an upper part of some 56 bits and a lower
//! one of up to 28. Of a product the upper parts count in full and what a lower part adds to some bits: what a row adds
//! depends on nothing but the row, so that it leaves without a trace, and all windows are known to a bound that is
//! proven. So a row costs a third of what [exact sums](super::fixed) do, and solving too, as nothing is left to cancel.

use super::equations::{Entry, Equations, PLACES, Solution};
use super::fixed::{Extent, counted, refill};
use super::floating::{Floating, power};
use super::sums::Outcome;
use crate::column::Numbers;
use crate::exact::{ONES, signed};

/// Bits of sums of products.
const BITS: u32 = 126;

/// Most bits of an upper part, and of a lower one; and what an upper one loses to be multiplied with a lower one, so that
/// two such products fit 64 bits.
const UPPER: u32 = 56;
const LOWER: u32 = 28;
const SLACK: u32 = UPPER + LOWER - 61;

/// What a product of two numbers may be off by, in units of the last bits of upper parts: what each of the two loses,
/// what their sum loses when it is shifted, and the product of the lower parts.
const LOST: f64 = (1u32 << (SLACK + 2)) as f64;

/// A column of a stretch.
#[derive(Clone, Debug, Default)]
struct Column {
    /// The place of the lowest bit of its numbers.
    low: i64,
    /// What numbers are counted from, and that once more.
    centre: i128,
    from: Option<Floating>,
    /// Bits of the lower part.
    cut: u32,
    /// The last number, and the row in which it became that.
    last: i128,
    since: usize,
}

/// A number in its parts.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    upper: i64,
    /// The upper part without its last bits.
    top: i64,
    /// In units of 2^-LOWER of the last bit of the upper part.
    lower: i64,
}

/// Count, sums and sums of products of the rows of a window.
#[derive(Debug, Default)]
pub(super) struct Narrow {
    columns: Vec<Column>,
    count: i64,
    sums: Vec<i128>,
    /// The upper triangle, row by row, in units of the last bits of upper parts.
    crosses: Vec<i128>,
    row: Vec<[Parts; 2]>,
}

impl Column {
    /// Numbers of which the upper parts have so many bits, if that leaves not too many for the lower ones.
    fn of(numbers: &Numbers<'_>, extent: &Extent, rows: &[usize], upper: i64) -> Option<Self> {
        let Some((low, bits)) = extent.span() else { return Some(Self::default()) };
        // Then the differences from any of them have less than 127.
        if bits > upper + i64::from(LOWER) {
            return None;
        }
        let value = |row: &usize| numbers.part(*row).map_or(0, |part| counted(part, low));
        let centre = if extent.is_around_zero() { 0 } else { median(rows, value) };
        let size = |row| (value(row) - centre).unsigned_abs();
        let sizes = || rows.iter().fold(0, |sizes, row| sizes | size(row));
        let own = if centre == 0 { bits } else { 128 - i64::from(sizes().leading_zeros()) };
        let cut = u32::try_from(own - upper).unwrap_or(0);
        // Numbers of few bits are counted in a smaller unit, as what is lost of products is; as far as they have room.
        let up = (upper - own).clamp(0, 124 - bits);
        let centre = centre << up;
        let from = Floating::of_integer(centre);
        (cut <= LOWER).then_some(Self { low: low - up, centre, from, cut, last: 0, since: 0 })
    }
}

impl Parts {
    /// The product, to `LOST`.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the body of the hot loop")]
    fn times(self, other: Self) -> i128 {
        let whole = i128::from(self.upper).wrapping_mul(other.upper.into());
        let rest = self.top.wrapping_mul(other.lower).wrapping_add(other.top.wrapping_mul(self.lower));
        whole.wrapping_add((rest >> (LOWER - SLACK)).into())
    }
}

impl Narrow {
    /// Makes it the sums of nothing, for these rows of numbers of these extents; says whether they fit.
    pub fn start(&mut self, numbers: &[Numbers<'_>], extents: &[Extent], rows: &[usize]) -> bool {
        let length = usize::BITS - rows.len().leading_zeros();
        let upper = i64::from(UPPER.min(BITS.saturating_sub(length) / 2));
        self.columns.clear();
        for (numbers, extent) in numbers.iter().zip(extents) {
            let Some(column) = Column::of(numbers, extent, rows, upper) else { return false };
            self.columns.push(column);
        }
        let variables = self.columns.len();
        self.count = 0;
        refill(&mut self.sums, variables);
        refill(&mut self.crosses, variables * (variables + 1) / 2);
        refill(&mut self.row, variables);
        true
    }

    /// Adds a row of finite numbers, and takes another away; either may be none.
    #[inline]
    pub fn put(&mut self, numbers: &[Numbers<'_>], enters: Option<usize>, leaves: Option<usize>) {
        if let Some(row) = enters {
            self.take::<0>(numbers, row);
        }
        if let Some(row) = leaves {
            self.take::<1>(numbers, row);
        }
        match (enters, leaves) {
            (Some(_), Some(_)) => {
                self.multiply(|one, other| one[0].times(other[0]).wrapping_sub(one[1].times(other[1])));
            }
            (Some(_), None) => self.multiply(|one, other| one[0].times(other[0])),
            (None, Some(_)) => self.multiply(|one, other| one[1].times(other[1]).wrapping_neg()),
            (None, None) => {}
        }
    }

    /// Takes a row apart, at place 0 one that comes, at place 1 one that goes.
    #[inline]
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the upper part has 57 bits, of the lower ones some are asked for"
    )]
    fn take<const AT: usize>(&mut self, numbers: &[Numbers<'_>], row: usize) {
        self.count += if AT == 0 { 1 } else { -1 };
        let places = self.columns.iter_mut().zip(&mut self.row).zip(&mut self.sums);
        for (numbers, ((column, parts), sum)) in numbers.iter().zip(places) {
            let Some(part) = numbers.part(row) else { continue };
            let value = counted(part, column.low).wrapping_sub(column.centre);
            let upper = (value >> column.cut) as i64;
            let lower = (value << (LOWER - column.cut)) as i64 & ((1 << LOWER) - 1);
            parts[AT] = Parts { upper, top: upper >> SLACK, lower };
            if AT == 0 {
                *sum = sum.wrapping_add(value);
                if value != column.last {
                    (column.last, column.since) = (value, row);
                }
            } else {
                *sum = sum.wrapping_sub(value);
            }
        }
    }

    /// Changes each sum of products; for few variables the compiler knows how many there are, and needs no loops.
    #[inline]
    fn multiply(&mut self, change: impl Fn(&[Parts; 2], &[Parts; 2]) -> i128) {
        let (crosses, row) = (self.crosses.as_mut_slice(), self.row.as_slice());
        if let Some(row) = row.first_chunk::<3>().filter(|own| own.len() == row.len()) {
            multiply(crosses, row, change);
        } else if let Some(row) = row.first_chunk::<6>().filter(|own| own.len() == row.len()) {
            multiply(crosses, row, change);
        } else {
            multiply(crosses, row, change);
        }
    }

    /// Solves for the intercept and the coefficients; the window begins with a row.
    ///
    /// The sizes are known to the compiler; fewer equations are made more by such as `x = 0`.
    pub fn solve(&self, first: usize, found: &mut [f64]) -> Outcome {
        let features = self.columns.len() - 1;
        let few = self.count <= i64::try_from(features).unwrap_or(i64::MAX);
        if few || self.columns[..features].iter().any(|column| column.since <= first) {
            return Outcome::Singular;
        }
        let way = match features {
            ..=2 => Self::solve_in::<3>,
            3 => Self::solve_in::<4>,
            4 => Self::solve_in::<5>,
            5 => Self::solve_in::<6>,
            6 => Self::solve_in::<7>,
            7 => Self::solve_in::<8>,
            8 => Self::solve_in::<9>,
            9 => Self::solve_in::<10>,
            10 => Self::solve_in::<11>,
            11..=12 => Self::solve_in::<13>,
            13..=15 => Self::solve_in::<16>,
            16..=20 => Self::solve_in::<21>,
            21..=31 => Self::solve_in::<32>,
            32..=43 => Self::solve_in::<44>,
            _ => Self::solve_in::<65>,
        };
        if way(self, found).is_some() { Outcome::Solved } else { Outcome::Open }
    }

    fn solve_in<const SIZE: usize>(&self, found: &mut [f64]) -> Option<()> {
        let mut equations = Equations::<SIZE>::new();
        let mut scales = [0; SIZE];
        let target = self.fill(&mut equations, &mut scales);
        self.round(&equations.solve()?, &scales, target, found)
    }

    /// Makes the equations, that of the intercept first; the powers of two that unknowns and the target are scaled by.
    #[inline]
    #[allow(clippy::cast_precision_loss, reason = "a bound has room for that")]
    fn fill<const SIZE: usize>(&self, made: &mut Equations<SIZE>, scales: &mut [i64; SIZE]) -> i64 {
        let features = self.columns.len() - 1;
        let off = (self.count as f64 * LOST).sqrt() * (1.0 + 1e-9);
        scales[0] = length(self.count.into()) / 2;
        made.matrix[0][0] = Entry::of_places(moved(self.count.into(), -2 * scales[0]));
        let mut target = 0;
        let mut at = 0;
        for (variable, column) in self.columns.iter().enumerate() {
            let cut = i64::from(column.cut);
            let scale = (length(self.crosses[at]) + 2 * cut).div_euclid(2);
            let noise = off * power(cut - scale);
            if variable == features {
                (target, made.noise_right) = (scale, noise);
            } else {
                (scales[variable + 1], made.noise[variable + 1]) = (scale, noise);
            }
            at += self.columns.len() - variable;
        }
        let mut crosses = self.crosses.iter();
        for (variable, column) in self.columns.iter().enumerate() {
            let last = variable == features;
            let scale = if last { target } else { scales[variable + 1] };
            let sum = Entry::of_places(moved(self.sums[variable], -scale - scales[0]));
            if last {
                made.right[0] = sum;
                break;
            }
            (made.matrix[0][variable + 1], made.matrix[variable + 1][0]) = (sum, sum);
            let down = i64::from(column.cut) - scale;
            for (other, own) in self.columns.iter().enumerate().skip(variable) {
                let Some(cross) = crosses.next() else { continue };
                let cut = i64::from(own.cut);
                if other == features {
                    made.right[variable + 1] = Entry::of_places(moved(*cross, down + cut - target));
                } else {
                    let entry = Entry::of_places(moved(*cross, down + cut - scales[other + 1]));
                    made.matrix[variable + 1][other + 1] = entry;
                    made.matrix[other + 1][variable + 1] = entry;
                }
            }
        }
        target
    }

    /// The nearest doubles, if all are certain.
    #[inline]
    fn round<const SIZE: usize>(
        &self,
        solution: &Solution<SIZE>,
        scales: &[i64; SIZE],
        target: i64,
        found: &mut [f64],
    ) -> Option<()> {
        let (intercept, slopes) = found.split_first_mut()?;
        let own = self.columns.last()?;
        let mut level = Floating { ball: solution.ball(0), two: target - scales[0] };
        if let Some(from) = own.from {
            level = level.less(Floating { ball: -from.ball, ..from });
        }
        for (at, (slope, column)) in slopes.iter_mut().zip(&self.columns).enumerate() {
            let value = Floating { ball: solution.ball(at + 1), two: target - scales[at + 1] };
            *slope = value.rounded(own.low - column.low)?;
            if let Some(from) = column.from {
                level = level.less(from.times(value));
            }
        }
        *intercept = level.rounded(own.low - signed(ONES))?;
        Some(())
    }
}

/// Changes the sum of products of each pair of variables.
#[inline(always)]
#[allow(clippy::inline_always, reason = "for the lengths that the compiler knows")]
fn multiply(crosses: &mut [i128], row: &[[Parts; 2]], change: impl Fn(&[Parts; 2], &[Parts; 2]) -> i128) {
    let mut crosses = crosses.iter_mut();
    for (at, one) in row.iter().enumerate() {
        for (other, cross) in row[at..].iter().zip(&mut crosses) {
            *cross = cross.wrapping_add(change(one, other));
        }
    }
}

/// The place of the leading bit; 0 of what is not above zero.
#[inline]
fn length(value: i128) -> i64 {
    i64::from(127 - value.max(1).leading_zeros())
}

/// A number times a power of two, in units of the last place of an entry. What would not fit is of no use: its noise is
/// too loud.
#[inline]
fn moved(value: i128, two: i64) -> i128 {
    let up = i64::from(PLACES) + two;
    if up >= 0 { value << up.min(127) } else { value >> (-up).min(127) }
}

/// The middle one of the numbers of three rows.
fn median(rows: &[usize], value: impl Fn(&usize) -> i128) -> i128 {
    let mut values = [1, 2, 3].map(|at| rows.get(rows.len() * at / 4).map_or(0, &value));
    values.sort_unstable();
    values[1]
}
