//! Rolling, narrow sums: the numbers of a column, counted from a centre and cut into two parts.

use crate::column::Numbers;
use crate::exact::Part;
use crate::rolling::fixed::{Extent, counted};
use crate::rolling::floating::Floating;

/// Most bits of an upper part, so that the sums of 2^14 products have 126, and the bits of a lower one; and what an upper
/// one loses to be multiplied with a lower one, so that two such products fit 64 bits.
const UPPER: u32 = 56;
pub(super) const LOWER: u32 = 28;
const SLACK: u32 = UPPER + LOWER - 61;

/// What a product of two numbers may be off by, in units of the last bits of upper parts: what each of the two loses,
/// what their sum loses when it is shifted, and the product of the lower parts.
pub(super) const LOST: f64 = (1u32 << (SLACK + 2)) as f64;

/// With numbers of so few bits nothing is lost: they have no lower part, and of products with that of the other number,
/// which is what bits are dropped of, these are zeros.
const FEW: u32 = UPPER - LOWER;

/// A column of a stretch.
#[derive(Clone, Debug, Default)]
pub(super) struct Column {
    /// The place of the last bit of lower parts: numbers are counted in a unit in which the largest takes all bits.
    pub unit: i64,
    /// How many places that is below the last bit of the numbers themselves.
    pub up: u32,
    /// Whether nothing is lost of products with its numbers.
    pub exact: bool,
    /// The bits that its numbers have, counted from the centre.
    bits: u32,
    /// What numbers are counted from, in units of their own last bit.
    centre: i128,
    /// The same in the units of lower parts, modulo 2^128, as its difference from a number is small.
    start: i128,
    /// The same in those units as a number, unless it is 0.
    pub from: Option<Floating>,
    /// The last number, and the row in which it became that.
    last: i128,
    since: usize,
}

/// A number in its parts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Parts {
    upper: i64,
    /// The upper part without its last bits.
    top: i64,
    /// In units of 2^-LOWER of the last bit of the upper part.
    lower: i64,
}

impl Column {
    /// The columns of a stretch, if their numbers have not too many bits.
    pub fn of(columns: &[Numbers<'_>], extents: &[Extent], rows: &[usize]) -> Option<Vec<Self>> {
        let each = columns.iter().zip(extents).map(|(column, extent)| Self::new(column, extent, rows));
        let mut each = each.collect::<Option<Vec<_>>>()?;
        // Without lower parts nothing is lost either.
        let whole = each.iter().all(|column| column.bits <= UPPER);
        for column in &mut each {
            column.exact = whole || column.bits <= FEW;
        }
        Some(each)
    }

    /// Numbers of these rows, if they have not too many bits.
    fn new(numbers: &Numbers<'_>, extent: &Extent, rows: &[usize]) -> Option<Self> {
        let Some((low, bits)) = extent.span() else { return Some(Self::default()) };
        let most = i64::from(UPPER + LOWER);
        // Then the differences from any of them have less than 127.
        if bits > most {
            return None;
        }
        let value = |row: &usize| numbers.part(*row).map_or(0, |part| counted(part, low));
        let centre = if extent.is_around_zero() { 0 } else { median(rows, value) };
        let size = |row| (value(row) - centre).unsigned_abs();
        let sizes = || rows.iter().fold(0, |sizes, row| sizes | size(row));
        let own = if centre == 0 { bits } else { 128 - i64::from(sizes().leading_zeros()) };
        let (bits, up) = (u32::try_from(own).ok()?, u32::try_from(most - own).ok()?);
        let from = Floating::of_integer(centre);
        let from = from.map(|from| Floating { two: from.two + i64::from(up), ..from });
        let (unit, start) = (low - i64::from(up), centre << up);
        Some(Self { unit, up, exact: false, bits, centre, start, from, last: 0, since: 0 })
    }

    /// The number of a row that comes, in units of lower parts, and its parts.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the body of the hot loop")]
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the upper part has 57 bits, and of the lower one its own are kept"
    )]
    pub fn take(&mut self, part: Part, row: usize) -> (i128, Parts) {
        let value = counted(part, self.unit).wrapping_sub(self.start);
        if value != self.last {
            (self.last, self.since) = (value, row);
        }
        let upper = (value >> LOWER) as i64;
        (value, Parts { upper, top: upper >> SLACK, lower: value as i64 & ((1 << LOWER) - 1) })
    }

    /// Whether all numbers are the same from a row to the last one that came.
    #[inline]
    pub fn is_constant(&self, first: usize) -> bool {
        self.since <= first
    }

    /// The last number that came, counted from zero in units of its own last bit.
    pub fn last(&self) -> i128 {
        (self.last >> self.up) + self.centre
    }

    /// A sum of so many numbers, which counts from their centre, counted from zero in units of their own last bit.
    #[inline]
    pub fn total(&self, sum: i128, count: i64) -> i128 {
        (sum >> self.up).wrapping_add(self.centre.wrapping_mul(count.into()))
    }
}

impl Parts {
    /// The product, to `LOST`.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the body of the hot loop")]
    pub fn times(self, other: Self) -> i128 {
        let whole = i128::from(self.upper).wrapping_mul(other.upper.into());
        let rest = self.top.wrapping_mul(other.lower).wrapping_add(other.top.wrapping_mul(self.lower));
        whole.wrapping_add((rest >> (LOWER - SLACK)).into())
    }
}

/// The middle one of the numbers of three rows.
fn median(rows: &[usize], value: impl Fn(&usize) -> i128) -> i128 {
    let mut values = [1, 2, 3].map(|at| rows.get(rows.len() * at / 4).map_or(0, &value));
    values.sort_unstable();
    values[1]
}
