//! Decode: text to numbers and booleans, the same for every format.

use super::reject::{Fault, RejectKind};
use crate::decimal::{Decimal, MOST_DIGITS, MOST_EXPONENT, NotDecimal};

/// Longest text taken for a number. The longest double written out exactly has 1077 characters; beyond some
/// 65 000 the parser's cap on exponents could meet as many zeros and give a wrong number (`0.000…1e100000`).
pub(super) const LONGEST: usize = 4096;

/// The double nearest to the decimal number in `text` (ties to even), by the algorithm of D. Lemire,
/// "Number parsing at a gigabyte per second", Software: Practice and Experience 51 (2021).
pub(super) fn float(text: &[u8]) -> Result<f64, Fault> {
    if text.len() > LONGEST {
        return Err(Fault::with(RejectKind::INVALID_NUMBER, format!("{} characters", text.len())));
    }
    match fast_float2::parse::<f64, _>(text) {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) => Err(Fault::found(RejectKind::NON_FINITE, text)),
        Err(_) => Err(Fault::found(RejectKind::INVALID_NUMBER, text)),
    }
}

/// The decimal number in `text`, exactly as written.
pub(super) fn decimal(text: &[u8]) -> Result<Decimal, Fault> {
    if text.len() > LONGEST {
        return Err(Fault::with(RejectKind::INVALID_NUMBER, format!("{} characters", text.len())));
    }
    Decimal::parse(text).map_err(|error| match error {
        NotDecimal::Syntax => Fault::found(RejectKind::INVALID_NUMBER, text),
        NotDecimal::NonFinite => Fault::found(RejectKind::NON_FINITE, text),
        NotDecimal::Digits => {
            let why = format!("more than {MOST_DIGITS} significant digits");
            Fault::of_text(RejectKind::DECIMAL_RANGE, text, &why)
        }
        NotDecimal::Exponent => {
            let why = format!("an exponent beyond ±{MOST_EXPONENT}");
            Fault::of_text(RejectKind::DECIMAL_RANGE, text, &why)
        }
    })
}

/// The 64-bit integer in `text`: a sign or none, then digits.
pub(super) fn integer(text: &[u8]) -> Result<i64, Fault> {
    let negative = text.starts_with(b"-");
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Fault::found(RejectKind::INVALID_INTEGER, text));
    }
    // Summed below zero, where there is room for one more than above.
    digits
        .iter()
        .try_fold(0i64, |sum, &digit| sum.checked_mul(10)?.checked_sub(i64::from(digit - b'0')))
        .and_then(|sum| if negative { Some(sum) } else { sum.checked_neg() })
        .ok_or_else(|| Fault::found(RejectKind::INTEGER_OVERFLOW, text))
}

/// The boolean in `text`: true, false, 1 or 0, in any case.
pub(super) fn boolean(text: &[u8]) -> Result<bool, Fault> {
    if text == b"1" || text.eq_ignore_ascii_case(b"true") {
        Ok(true)
    } else if text == b"0" || text.eq_ignore_ascii_case(b"false") {
        Ok(false)
    } else {
        Err(Fault::found(RejectKind::INVALID_BOOLEAN, text))
    }
}

/// A number that must be finite.
#[inline]
pub(super) fn finite(value: f64) -> Result<f64, Fault> {
    if value.is_finite() { Ok(value) } else { Err(Fault::with(RejectKind::NON_FINITE, value.to_string())) }
}
