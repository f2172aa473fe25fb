//! Solve: the one rounding: an exact ratio, or its square root, to the nearest double, ties to even.

use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer;
use num_traits::{ToPrimitive, Zero};

use crate::exact::{Window, signed};

/// The nearest double to `± quotient · 2^exponent`, where `sticky` says that the true value lies a little
/// (less than one unit of the quotient) further from zero. With `sticky` the quotient must have at least 55 bits.
#[must_use]
pub fn nearest(negative: bool, quotient: u128, sticky: bool, exponent: i64) -> f64 {
    if quotient == 0 {
        return 0.0;
    }
    let length = 128 - i64::from(quotient.leading_zeros());
    // The unit in the last place of the result: 52 bits below the leading one, but never below 2^-1074.
    let Some(unit) = exponent.checked_add(length - 53).map(|unit| unit.max(-1074)) else {
        return sign(negative, f64::INFINITY);
    };
    if unit > 971 {
        return sign(negative, f64::INFINITY);
    }
    let drop = unit.saturating_sub(exponent);
    let mantissa = if drop <= 0 {
        quotient << -drop
    } else if drop > length {
        0
    } else {
        let half = 1u128 << (drop - 1);
        let low = quotient & (half | (half - 1));
        let kept = quotient.checked_shr(u32::try_from(drop).unwrap_or(u32::MAX)).unwrap_or(0);
        let up = low > half || (low == half && (sticky || kept % 2 == 1));
        kept + u128::from(up)
    };
    // The mantissa holds the implicit bit, which counts one in the field of the exponent: so the same sum is
    // right for subnormals, and for a mantissa rounded up to the next power of two, infinity included.
    let field = u64::try_from(unit + 1074).unwrap_or(0) << 52;
    sign(negative, f64::from_bits(field + u64::try_from(mantissa).unwrap_or(0)))
}

/// The nearest double to `numerator / denominator · 2^exponent`; the denominator is not zero.
#[must_use]
pub fn ratio(numerator: &BigInt, denominator: &BigInt, exponent: i64) -> f64 {
    if numerator.is_zero() || denominator.is_zero() {
        return 0.0;
    }
    let negative = (numerator.sign() == Sign::Minus) != (denominator.sign() == Sign::Minus);
    let (numerator, denominator) = (numerator.magnitude(), denominator.magnitude());
    // A quotient of 65 or 66 bits.
    let shift = 65 + bits(denominator) - bits(numerator);
    let (quotient, rest) = scaled(numerator, denominator, shift);
    nearest(negative, quotient.to_u128().unwrap_or(0), !rest.is_zero(), exponent - shift)
}

/// The nearest double to the square root of `numerator / denominator · 2^exponent`, which is not negative.
#[must_use]
pub fn root(numerator: &BigInt, denominator: &BigInt, exponent: i64) -> f64 {
    let (numerator, denominator) = (numerator.magnitude(), denominator.magnitude());
    if numerator.is_zero() || denominator.is_zero() {
        return 0.0;
    }
    // The root of a quotient of 130 to 132 bits, and an even exponent: the floor of the root of a number is that of
    // the root of its floor.
    let shift = 131 + bits(denominator) - bits(numerator);
    let shift = shift + (exponent - shift).rem_euclid(2);
    let (quotient, rest) = scaled(numerator, denominator, shift);
    let root = quotient.sqrt();
    let sticky = !rest.is_zero() || &root * &root != quotient;
    nearest(false, root.to_u128().unwrap_or(0), sticky, (exponent - shift) / 2)
}

/// Quotient and remainder of `numerator · 2^shift / denominator`.
fn scaled(numerator: &BigUint, denominator: &BigUint, shift: i64) -> (BigUint, BigUint) {
    match usize::try_from(shift) {
        Ok(left) => (numerator << left).div_rem(denominator),
        Err(_) => numerator.div_rem(&(denominator << shift.unsigned_abs())),
    }
}

/// The nearest double to `window · 2^exponent`.
#[must_use]
pub fn window(window: &Window, exponent: i64) -> f64 {
    let (integer, shift) = window.to_integer();
    ratio(&integer, &BigInt::from(1), exponent + signed(shift))
}

fn bits(value: &BigUint) -> i64 {
    i64::try_from(value.bits()).unwrap_or(i64::MAX)
}

fn sign(negative: bool, size: f64) -> f64 {
    // A result that underflows to nothing is +0.0 as well.
    if negative && size != 0.0 { -size } else { size }
}
