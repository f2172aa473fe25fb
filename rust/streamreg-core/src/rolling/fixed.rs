//! Rolling: the exact sums of a window, in fixed point.
//!
//! The numbers of a column that come into a stretch of windows are integers of up to 107 bits in one unit, if they are
//! not very far apart. Each is two digits, and a product four products of digits, which are added without a carry: their
//! sums are put together when a window is solved. So rows come and go in a few nanoseconds, exactly.

use num_bigint::BigInt;

use super::integer::Integer;
use crate::column::Numbers;
use crate::error::Error;
use crate::exact::{Number, ONES, Part, signed};
use crate::gram::{Gram, Unit};

/// Bits of sums of products of digits: one less than an `i128` has.
const BITS: u32 = 126;

/// Bits of a lower digit, of 2^17 rows at most; of more rows it has fewer.
const LONG: u32 = 54;

/// The least and the highest place of a bit of numbers, in the units of the grid of sums.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    low: i64,
    high: i64,
    /// Whether a number is not below zero, and whether one is not above.
    above: bool,
    below: bool,
}

impl Extent {
    /// Of no number.
    pub const EMPTY: Self = Self { low: i64::MAX, high: i64::MIN, above: false, below: false };

    /// Of those numbers of a column that count, which are finite.
    pub fn of<N: Number>(values: &[N], whole: &[bool]) -> Self {
        let mut extent = Self::EMPTY;
        for (value, whole) in values.iter().zip(whole) {
            if let Some(part) = value.part().filter(|_| *whole) {
                extent.touch(part);
            }
        }
        extent
    }

    /// The lowest place, and the bits up from there that sizes take; nothing of no number.
    pub fn span(&self) -> Option<(i64, i64)> {
        (self.high != i64::MIN).then(|| (self.low, self.high - self.low))
    }

    /// Whether numbers lie on both sides of zero.
    pub fn is_around_zero(&self) -> bool {
        self.above && self.below
    }

    /// Stretches to hold a number.
    #[inline]
    fn touch(&mut self, part: Part) {
        let size = part.mantissa.unsigned_abs();
        self.above |= part.mantissa >= 0;
        self.below |= part.mantissa <= 0;
        if size != 0 {
            let place = signed(part.exponent);
            self.low = self.low.min(place + i64::from(size.trailing_zeros()));
            self.high = self.high.max(place + 64 - i64::from(size.leading_zeros()));
        }
    }
}

/// The sums of the products of two variables' digits: of the upper ones, of an upper and a lower one, of the lower ones.
#[derive(Clone, Copy, Debug, Default)]
struct Cross {
    high: i128,
    middle: i128,
    low: i128,
}

/// A number as two digits, of which the upper one has the sign.
#[derive(Clone, Copy, Debug, Default)]
struct Digits {
    high: i64,
    low: i64,
}

impl Digits {
    #[inline]
    fn times(self, sign: i64) -> Self {
        Self { high: self.high.wrapping_mul(sign), low: self.low.wrapping_mul(sign) }
    }
}

/// Count, sums and sums of products of the rows of a window.
#[derive(Debug, Default)]
pub(super) struct Fixed {
    /// The place of the lowest bit of each variable.
    lows: Vec<i64>,
    /// Bits of a lower digit.
    digit: u32,
    count: i64,
    sums: Vec<i128>,
    /// The upper triangle, row by row.
    crosses: Vec<Cross>,
    /// The digits of the rows that come and go.
    row: Vec<[Digits; 2]>,
}

impl Fixed {
    /// Makes it the sums of nothing, for up to so many rows of numbers of these extents; says whether they fit.
    pub fn start(&mut self, extents: &[Extent], rows: usize) -> bool {
        let length = usize::BITS - rows.leading_zeros();
        // Products of digits are below 2^(2·digit) in size, two of them for a row in the middle below twice that; and
        // what is centred, n·Σab − Σa·Σb, stays below 2^(2·(2·digit − 1) + 2·length), which 256 bits hold.
        self.digit = LONG.min(BITS.saturating_sub(length + 1) / 2);
        let most = i64::from(2 * self.digit) - 1;
        let fits = |extent: &Extent| extent.span().is_none_or(|(_, bits)| bits <= most);
        if self.digit == 0 || !extents.iter().all(fits) {
            return false;
        }
        let variables = extents.len();
        self.lows.clear();
        self.lows.extend(extents.iter().map(|extent| extent.span().map_or(0, |(low, _)| low)));
        self.count = 0;
        refill(&mut self.sums, variables);
        refill(&mut self.crosses, variables * (variables + 1) / 2);
        refill(&mut self.row, variables);
        true
    }

    /// Adds a row of finite numbers, and takes another away; either may be none.
    #[inline]
    pub fn put(&mut self, columns: &[Numbers<'_>], enters: Option<usize>, leaves: Option<usize>) {
        match (enters, leaves) {
            (Some(enters), Some(leaves)) => self.exchange(columns, [(enters, 1), (leaves, -1)]),
            (Some(row), None) => self.exchange(columns, [(row, 1)]),
            (None, Some(row)) => self.exchange(columns, [(row, -1)]),
            (None, None) => {}
        }
    }

    /// Adds rows, each so many times.
    #[inline]
    fn exchange<const ROWS: usize>(&mut self, columns: &[Numbers<'_>], rows: [(usize, i64); ROWS]) {
        let Self { lows, digit, count, sums, crosses, row } = self;
        *count += rows.iter().map(|(_, sign)| sign).sum::<i64>();
        // Of a line the compiler knows the lengths, and needs no loops.
        if let ([_, _], Some(lows), Some(sums), Some(crosses), Some(row)) = (
            columns,
            lows.first_chunk::<2>(),
            sums.first_chunk_mut::<2>(),
            crosses.first_chunk_mut::<3>(),
            row.first_chunk_mut::<2>(),
        ) {
            exchange(*digit, columns, lows, sums, crosses, row, rows);
        } else {
            exchange(*digit, columns, lows, sums, crosses, row, rows);
        }
    }

    /// The number of rows.
    #[inline]
    pub fn count(&self) -> i64 {
        self.count
    }

    /// The number of features.
    #[inline]
    pub fn features(&self) -> usize {
        self.lows.len() - 1
    }

    /// The unit of a variable: the power of two.
    #[inline]
    pub fn unit(&self, variable: usize) -> i64 {
        self.lows[variable] - signed(ONES)
    }

    /// The sum of a variable in its unit; the target comes after the features.
    #[inline]
    pub fn sum(&self, variable: usize) -> i128 {
        self.sums[variable]
    }

    /// The sum of the products of variables `one` ≤ `other` in their units.
    #[inline]
    fn product(&self, one: usize, other: usize) -> Integer {
        let cross = &self.crosses[one * (2 * self.lows.len() + 1 - one) / 2 + other - one];
        // Shifts by numbers that the compiler knows take half the time.
        match self.digit {
            LONG => cross.total(LONG),
            digit => cross.total(digit),
        }
    }

    /// n·Σab − Σa·Σb of variables `one` ≤ `other` in their units: n times the sum of products about the means.
    #[inline]
    pub fn centred(&self, one: usize, other: usize) -> Integer {
        let means = Integer::product(self.sums[one], self.sums[other]);
        self.product(one, other).times(self.count.unsigned_abs()).less(means)
    }

    /// The cross-products, as all that is fitted exactly takes them.
    ///
    /// # Errors
    /// None for what rows were added to.
    pub fn gram(&self) -> Result<Gram, Error> {
        let variables = self.lows.len();
        let mut entries = vec![BigInt::from(self.count)];
        entries.extend(self.sums.iter().map(|sum| BigInt::from(*sum)));
        for one in 0..variables {
            entries.extend((one..variables).map(|other| self.product(one, other).to_big()));
        }
        let own = (0..variables).map(|variable| Unit::two(self.unit(variable)));
        let units = std::iter::once(Unit::ONE).chain(own).collect();
        Gram::new(self.count, self.features(), entries, units, Unit::ONE, false)
    }
}

impl Cross {
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "for each length of a digit that the compiler knows")]
    fn total(&self, digit: u32) -> Integer {
        let upper = Integer::shifted(self.high, 2 * digit);
        upper.plus(Integer::shifted(self.middle, digit)).plus(Integer::shifted(self.low, 0))
    }

    // No wrap happens: see `Fixed::start`.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the body of the hot loop")]
    fn add(&mut self, one: Digits, other: Digits) {
        let (a, b) = (i128::from(one.high), i128::from(one.low));
        let (c, d) = (i128::from(other.high), i128::from(other.low));
        self.high = self.high.wrapping_add(a.wrapping_mul(c));
        self.middle = self.middle.wrapping_add(a.wrapping_mul(d)).wrapping_add(b.wrapping_mul(c));
        self.low = self.low.wrapping_add(b.wrapping_mul(d));
    }
}

/// Adds rows to sums, each so many times.
#[inline(always)]
#[allow(clippy::inline_always, reason = "for the lengths that the compiler knows")]
fn exchange<const ROWS: usize>(
    digit: u32,
    columns: &[Numbers<'_>],
    lows: &[i64],
    sums: &mut [i128],
    crosses: &mut [Cross],
    variables: &mut [[Digits; 2]],
    rows: [(usize, i64); ROWS],
) {
    let mask = (1i64 << digit) - 1;
    for (column, ((digits, sum), low)) in columns.iter().zip(variables.iter_mut().zip(sums).zip(lows)) {
        for (at, (row, sign)) in rows.into_iter().enumerate() {
            let Some(part) = column.part(row) else { continue };
            let value = counted(part, *low);
            digits[at] = Digits { high: low_word(value >> digit), low: low_word(value) & mask };
            *sum = sum.wrapping_add(if sign < 0 { value.wrapping_neg() } else { value });
        }
    }
    let mut crosses = crosses.iter_mut();
    for (at, one) in variables.iter().enumerate() {
        for (other, cross) in variables[at..].iter().zip(&mut crosses) {
            for (row, (_, sign)) in rows.into_iter().enumerate() {
                cross.add(one[row].times(sign), other[row]);
            }
        }
    }
}

/// The number in units of a place that all of its bits are at or above.
#[inline]
pub(super) fn counted(part: Part, low: i64) -> i128 {
    let up = signed(part.exponent) - low;
    // The places of a zero say nothing.
    if up >= 0 { i128::from(part.mantissa) << up.min(127) } else { (part.mantissa >> (-up).min(63)).into() }
}

/// The lowest 64 bits.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "the low bits are what is asked for")]
fn low_word(value: i128) -> i64 {
    value as i64
}

/// So many zeros.
pub(super) fn refill<T: Clone + Default>(values: &mut Vec<T>, count: usize) {
    values.clear();
    values.resize(count, T::default());
}
