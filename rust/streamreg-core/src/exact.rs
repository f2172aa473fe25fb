//! Exact: sums and sums of products without any rounding.
//!
//! Every finite double, and every 64-bit integer, is `mantissa · 2^(exponent − 1074)` with an integer mantissa
//! and an exponent ≥ 0. So sums are integers in units of 2^-1074 and products integers in units of 2^-2148,
//! and both are added as integers. There are two layers:
//!
//! - hot, for one batch: 128-bit [`bins`] indexed by the exponent. An addition is one multiplication and
//!   one 128-bit addition, whatever the numbers are; nothing is normalised, no carry travels.
//! - cold, for good: a [`Window`] of limbs, canonical, so that equal sums have equal bytes.
//!
//! Products of any number of doubles, integers and decimals, which need powers of five as well, are [`Mixed`] sums:
//! several windows.
//!
//! The bins follow the "large superaccumulator" of R. M. Neal, *Fast exact summation using small and large
//! superaccumulators* (arXiv:1505.05571, 2015), with 128-bit products in place of doubles; the window is the
//! long accumulator of U. Kulisch, stored without the limbs that say nothing.

pub mod bins;
pub mod decimals;
pub mod limbs;
pub mod mixed;
pub mod product;
pub mod sum;

pub use decimals::DecimalSum;
pub use limbs::Window;
pub use mixed::Mixed;
pub use sum::ExactSum;

use crate::column::Numbers;

/// The exponent at which a mantissa counts ones: the grid of sums starts at 2^-1074.
pub const ONES: usize = 1074;

/// A position on a grid as a signed number.
#[must_use]
pub fn signed(position: usize) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// Exponents of a double lie below this.
pub const EXPONENTS: usize = 2048;

/// Bits of the largest double, in units of the grid of sums.
const LONGEST: usize = 2098;

/// Most limbs of a sum of products of so many numbers: of 2^63 rows of the largest double to that power, and one
/// of headroom for a merge.
#[must_use]
pub const fn limbs(degree: usize) -> usize {
    (LONGEST * degree + 64).div_ceil(64) + 1
}

/// Most limbs of a sum.
pub const SUM_LIMBS: usize = limbs(1);

/// Most limbs of a sum of products of two.
pub const PRODUCT_LIMBS: usize = limbs(2);

/// Below so many rows the bins do not pay: each row goes straight into the windows.
pub const FEW_ROWS: usize = 16;

/// A finite number taken apart: `mantissa · 2^(exponent − 1074)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Signed; below 2^53 in size for a double, any 64-bit integer for an integer.
    pub mantissa: i64,
    /// In units of the grid of sums, below [`EXPONENTS`].
    pub exponent: usize,
}

/// A number that the bins can take.
pub trait Number: Copy {
    /// The number taken apart, if its mantissa is below 2^53 in size; else [`Number::part`] tells what it is.
    fn narrow(self) -> Option<Part>;

    /// The number taken apart, if it is finite.
    fn part(self) -> Option<Part>;
}

/// Mantissas in the bins are below this in size, so that 2^20 products of two stay below 2^126.
const NARROW: u64 = 1 << 53;

impl Number for f64 {
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the body of every hot loop; a call would double its time")]
    fn narrow(self) -> Option<Part> {
        let bits = self.to_bits();
        let biased = (bits >> 52) & 0x7ff;
        let fraction = bits & ((1 << 52) - 1);
        if biased == 0x7ff {
            return None;
        }
        // Zeros and subnormals are told from the rest without a branch: columns of zeros and ones are common.
        let normal = biased != 0;
        let mantissa = fraction | u64::from(normal) << 52;
        let exponent = biased as usize - usize::from(normal);
        // All ones for a negative number: x ^ sign - sign negates without a branch.
        let sign = bits.cast_signed() >> 63;
        Some(Part { mantissa: (mantissa.cast_signed() ^ sign) - sign, exponent })
    }

    fn part(self) -> Option<Part> {
        self.narrow()
    }
}

impl Number for i64 {
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the body of every hot loop; a call would double its time")]
    fn narrow(self) -> Option<Part> {
        (self.unsigned_abs() < NARROW).then_some(Part { mantissa: self, exponent: ONES })
    }

    fn part(self) -> Option<Part> {
        Some(Part { mantissa: self, exponent: ONES })
    }
}

impl Numbers<'_> {
    /// A row taken apart, if it is finite.
    pub(crate) fn part(&self, row: usize) -> Option<Part> {
        match self {
            Self::Float(values) => values[row].part(),
            Self::Int(values) => values[row].part(),
            Self::Decimal(_) | Self::Time(..) => None,
        }
    }
}
