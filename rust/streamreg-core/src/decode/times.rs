//! Decode: text and numbers to datetimes and timedeltas.

use super::number;
use super::reject::{Fault, RejectKind};
use crate::time::{self, NotTime, TimeType, Unit, Zone};

impl RejectKind {
    /// Text that is no date and time with an offset, as RFC 3339 and ISO 8601 have them; or a leap second.
    pub const INVALID_DATETIME: Self = Self::named("invalid-datetime");

    /// A datetime outside of the years 1 to 9999, or finer than a microsecond.
    pub const DATETIME_RANGE: Self = Self::named("datetime-range");

    /// A local time that the clocks of the column's time zone skip, or show twice.
    pub const CLOCK_CHANGE: Self = Self::named("clock-change");

    /// Text that is no duration of ISO 8601 in weeks, days, hours, minutes and seconds.
    pub const INVALID_TIMEDELTA: Self = Self::named("invalid-timedelta");

    /// A duration beyond 64 bits of microseconds, or finer than a microsecond.
    pub const TIMEDELTA_RANGE: Self = Self::named("timedelta-range");
}

/// How the datetimes of a column are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatetimeText {
    /// Each with its offset.
    Offset,
    /// With an offset, or as the clocks of a zone show them.
    Local(Zone),
    /// As numbers, since 1970-01-01T00:00:00Z.
    Epoch(Unit),
}

/// How the timedeltas of a column are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimedeltaText {
    /// As durations of ISO 8601.
    Iso,
    /// As numbers.
    Number(Unit),
}

impl DatetimeText {
    /// Whether they are numbers.
    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Epoch(_))
    }

    /// The microseconds that a text stands for.
    pub(super) fn read(&mut self, text: &[u8]) -> Result<i64, Fault> {
        checked(text, TimeType::Datetime, |text| match self {
            Self::Offset => time::parse_datetime(text, None),
            Self::Local(zone) => time::parse_datetime(text, Some(zone)),
            Self::Epoch(unit) => unit.parse(text, TimeType::Datetime),
        })
    }
}

impl TimedeltaText {
    /// Whether they are numbers.
    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }

    /// The microseconds that a text stands for.
    pub(super) fn read(&self, text: &[u8]) -> Result<i64, Fault> {
        checked(text, TimeType::Timedelta, |text| match self {
            Self::Iso => time::parse_timedelta(text),
            Self::Number(unit) => unit.parse(text, TimeType::Timedelta),
        })
    }
}

#[inline]
fn checked(
    text: &[u8],
    kind: TimeType,
    parse: impl FnOnce(&[u8]) -> Result<i64, NotTime>,
) -> Result<i64, Fault> {
    if text.len() > number::LONGEST {
        return Err(Fault::with(invalid(kind), format!("{} characters", text.len())));
    }
    parse(text).map_err(|error| refused(text, kind, error))
}

/// What is wrong with a text or a number that is no time.
pub(super) fn refused(text: &[u8], kind: TimeType, error: NotTime) -> Fault {
    match error {
        NotTime::Invalid(why) => Fault::of_text(invalid(kind), text, why),
        NotTime::ClockChange(why) => Fault::of_text(RejectKind::CLOCK_CHANGE, text, why),
        NotTime::Range(why) => {
            let range = match kind {
                TimeType::Datetime => RejectKind::DATETIME_RANGE,
                TimeType::Timedelta => RejectKind::TIMEDELTA_RANGE,
            };
            Fault::of_text(range, text, why)
        }
    }
}

/// The microseconds of a number that counts a unit.
pub(super) fn counted(count: i64, unit: Unit, kind: TimeType) -> Result<i64, Fault> {
    unit.whole_micros(count).and_then(|micros| kind.checked(micros)).map_err(|why| late(count, kind, why))
}

/// What is wrong with a number that counts to no time.
pub(super) fn late(count: i64, kind: TimeType, why: NotTime) -> Fault {
    refused(count.to_string().as_bytes(), kind, why)
}

fn invalid(kind: TimeType) -> RejectKind {
    match kind {
        TimeType::Datetime => RejectKind::INVALID_DATETIME,
        TimeType::Timedelta => RejectKind::INVALID_TIMEDELTA,
    }
}
