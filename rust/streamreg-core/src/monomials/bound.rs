//! Monomials: a bound of the sums of powers.
//!
//! A sum has a window for each power of five that its products have. Products of decimals to high powers have many, and
//! are long: rows made for it, with all exponents that there are, would take a gigabyte at the 64th power. So what could
//! become too large is refused before there is a row. Plain features are let through: their windows are short.

use super::terms::Monomial;
use crate::column::NumberType;
use crate::decimal::MOST_EXPONENT;
use crate::error::Error;

/// Most bytes that the sums may come to.
const MOST_BYTES: usize = 1 << 27;

/// What a window takes beside its limbs.
const WINDOW: usize = 40;

/// Exponents that a decimal can have.
const EXPONENTS: usize = 2 * MOST_EXPONENT.unsigned_abs() as usize + 1;

/// Bits of the mantissa of a decimal: 34 digits. Where they lie follows from the power of five.
const DECIMAL_BITS: usize = 113;

/// Bits of a number of microseconds, which are all of one power of five.
const TIME_BITS: usize = 64;

/// Bits between the ends of the doubles.
const DOUBLE_BITS: usize = 1074 + 1024;

/// What the sum of a product of such columns can come to. Without decimals it is one window, bounded anyway: nothing.
pub(super) fn most_bytes(monomial: &Monomial, columns: &[NumberType]) -> usize {
    let (mut decimals, mut of_decimals, mut of_times, mut of_others) = (0, 0, 0, 0);
    for (&column, &power) in monomial {
        match columns[column] {
            NumberType::Decimal => {
                decimals += 1;
                of_decimals += power as usize;
            }
            NumberType::Time(_) => of_times += power as usize,
            NumberType::Float | NumberType::Int => of_others += power as usize,
        }
    }
    if decimals == 0 {
        return 0;
    }
    let windows = ((EXPONENTS - 1) * of_decimals + 1).min(EXPONENTS.saturating_pow(decimals));
    let bits = DECIMAL_BITS * of_decimals + TIME_BITS * of_times + DOUBLE_BITS * of_others;
    let limbs = bits.div_ceil(64) + 1;
    windows * (8 * limbs + WINDOW)
}

/// # Errors
/// [`Error::Invalid`] if sums that come to so many bytes are too large.
pub(super) fn check(bytes: usize) -> Result<(), Error> {
    if bytes <= MOST_BYTES {
        return Ok(());
    }
    let (bytes, most) = (bytes >> 20, MOST_BYTES >> 20);
    Err(Error::Invalid(format!(
        "the exact sums of these powers could take {bytes} MB, with decimals of all exponents, and at most {most} will \
         do: take lower powers, or doubles in place of decimals"
    )))
}
