//! Time: numbers of a stated unit, since 1970-01-01T00:00:00Z or as durations.

use super::{FINER, NotTime, TimeType};
use crate::decimal::{Decimal, NotDecimal};

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Second,
    /// Milliseconds.
    Millisecond,
    /// Microseconds.
    Microsecond,
    /// Nanoseconds.
    Nanosecond,
}

impl Unit {
    /// The unit of this name: s, ms, us (or µs) or ns.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "s" => Some(Self::Second),
            "ms" => Some(Self::Millisecond),
            // The micro sign, and the Greek letter that Unicode prefers.
            "us" | "\u{b5}s" | "\u{3bc}s" => Some(Self::Microsecond),
            "ns" => Some(Self::Nanosecond),
            _ => None,
        }
    }

    /// The power of ten that makes microseconds of it.
    const fn places(self) -> i32 {
        match self {
            Self::Second => 6,
            Self::Millisecond => 3,
            Self::Microsecond => 0,
            Self::Nanosecond => -3,
        }
    }

    /// The microseconds of a number that is written so.
    ///
    /// # Errors
    /// [`NotTime`] if it is no number, or out of range, or finer than a microsecond.
    pub fn parse(self, text: &[u8], kind: TimeType) -> Result<i64, NotTime> {
        let decimal = Decimal::parse(text).map_err(|error| match error {
            NotDecimal::Syntax | NotDecimal::NonFinite => NotTime::Invalid("no number"),
            NotDecimal::Digits => NotTime::Range("more than 34 significant digits"),
            NotDecimal::Exponent => NotTime::Range("an exponent beyond ±400"),
        })?;
        self.micros(decimal, kind)
    }

    /// The microseconds of a whole number.
    ///
    /// # Errors
    /// [`NotTime::Range`] if they are finer than a microsecond; whether there is such a time is not asked.
    pub fn whole_micros(self, count: i64) -> Result<i128, NotTime> {
        let count = i128::from(count);
        match self {
            Self::Second => Ok(count * 1_000_000),
            Self::Millisecond => Ok(count * 1000),
            Self::Microsecond => Ok(count),
            Self::Nanosecond if count % 1000 == 0 => Ok(count / 1000),
            Self::Nanosecond => Err(FINER),
        }
    }

    /// The microseconds of a number.
    ///
    /// # Errors
    /// [`NotTime::Range`] if it is out of range, or finer than a microsecond.
    pub fn micros(self, number: Decimal, kind: TimeType) -> Result<i64, NotTime> {
        if number.mantissa() == 0 {
            return Ok(0);
        }
        // A mantissa does not end in zero: a power below 0 leaves a fraction.
        let power = number.exponent() + self.places();
        let power = u32::try_from(power).map_err(|_| FINER)?;
        let micros = 10_i128.checked_pow(power).and_then(|power| number.mantissa().checked_mul(power));
        kind.checked(micros.unwrap_or(i128::MAX))
    }
}
