//! Time: the decimal fraction of the last part of a time, exact.

use super::{FINER, NotTime, SECOND};

/// `digits · 10^-places`, below 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fraction {
    digits: u64,
    places: u32,
    /// More digits that are not zero.
    longer: bool,
    /// No digit at all.
    empty: bool,
}

/// A week has 2^13 · 5^8 · 189 microseconds, so that no longer fraction of it, or of less, is a whole number of them.
const MOST_PLACES: u32 = 18;

impl Fraction {
    /// The fraction of these digits.
    #[inline]
    pub(super) fn of(text: &[u8]) -> Self {
        let end = text.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
        let mut fraction =
            Self { digits: 0, places: 0, longer: end > MOST_PLACES as usize, empty: text.is_empty() };
        for digit in text[..end].iter().take(MOST_PLACES as usize) {
            fraction.digits = fraction.digits * 10 + u64::from(digit - b'0');
            fraction.places += 1;
        }
        fraction
    }

    /// That part of so many microseconds, of a week at most.
    #[inline]
    pub(super) fn of_micros(self, unit: i64) -> Result<i64, NotTime> {
        if self.empty {
            return Err(NotTime::Invalid("no digit after the decimal sign"));
        }
        if unit == SECOND && self.places <= 6 {
            // The usual one.
            return Ok(self.digits.cast_signed() * 10_i64.pow(6 - self.places));
        }
        let scale = 10_i128.pow(self.places);
        let part = i128::from(self.digits) * i128::from(unit);
        if self.longer || (self.places > 0 && part % scale != 0) {
            return Err(FINER);
        }
        // Less than the unit.
        i64::try_from(part / scale).map_err(|_| FINER)
    }
}
