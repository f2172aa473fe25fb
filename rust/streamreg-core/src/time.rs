//! Time: points in time and durations, exact, as 64-bit counts of microseconds.
//!
//! A datetime counts from 1970-01-01T00:00:00Z, without leap seconds, and lies in the years 1 to 9999. A timedelta is
//! any count but the least one. What is finer than a microsecond is refused, never rounded. As numbers both count in
//! seconds: they are the decimals `micros · 10^-6`.

mod civil;
mod datetime;
mod duration;
mod epoch;
mod fraction;
mod reader;
mod seconds;
mod zone;

pub use datetime::{parse as parse_datetime, write as write_datetime};
pub use duration::{parse as parse_timedelta, write as write_timedelta};
pub use epoch::Unit;
pub use seconds::{nearest_micros, of_seconds, to_seconds};
pub use zone::{Zone, of_local};

/// Microseconds of a second.
pub(crate) const SECOND: i64 = 1_000_000;

/// The first microsecond of the year 1.
pub const FIRST: i64 = -62_135_596_800 * SECOND;

/// The last microsecond of the year 9999.
pub const LAST: i64 = 253_402_300_800 * SECOND - 1;

/// What a count of microseconds stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeType {
    /// A point in time.
    Datetime,
    /// A duration, which may be negative.
    Timedelta,
}

impl TimeType {
    /// Whether there is such a point in time, or duration.
    #[must_use]
    pub const fn holds(self, micros: i64) -> bool {
        match self {
            Self::Datetime => FIRST <= micros && micros <= LAST,
            // NumPy's "not a time" is the least count.
            Self::Timedelta => micros != i64::MIN,
        }
    }

    /// The count, if there is such a point in time, or duration.
    ///
    /// # Errors
    /// [`NotTime::Range`] if there is none.
    pub fn checked(self, micros: i128) -> Result<i64, NotTime> {
        let beyond = match self {
            Self::Datetime => "outside of the years 1 to 9999",
            Self::Timedelta => "beyond 64 bits of microseconds",
        };
        i64::try_from(micros).ok().filter(|micros| self.holds(*micros)).ok_or(NotTime::Range(beyond))
    }

    /// The same of a count of nanoseconds.
    ///
    /// # Errors
    /// [`NotTime::Range`] if there is none, or it is finer than a microsecond.
    pub fn of_nanos(self, nanos: i128) -> Result<i64, NotTime> {
        if nanos % 1000 == 0 { self.checked(nanos / 1000) } else { Err(FINER) }
    }
}

/// Why a text or a number is no time; each with what is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTime {
    /// It is none at all.
    Invalid(&'static str),
    /// It is one, but out of range, or finer than a microsecond.
    Range(&'static str),
    /// A local time that the clocks of its zone skip, or show twice.
    ClockChange(&'static str),
}

/// What is said of more digits than a microsecond has.
pub(crate) const FINER: NotTime = NotTime::Range("finer than a microsecond");
