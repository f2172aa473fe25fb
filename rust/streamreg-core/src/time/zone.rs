//! Time: the zones of the IANA database, as the crate jiff bundles it: the same on every machine.

use super::{NotTime, civil};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

/// The clocks of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone of this name, like `Europe/Berlin`; `None` if there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TimeZoneDatabase::bundled().get(name).ok().map(Self)
    }

    /// Seconds that the clocks are ahead of UTC when they show so many seconds since 1970-01-01T00:00.
    ///
    /// # Errors
    /// [`NotTime::ClockChange`] if they never do, or twice; [`NotTime::Range`] far off.
    pub(super) fn ahead(&self, local: i64) -> Result<i64, NotTime> {
        let beyond = NotTime::Range("outside of the years 1 to 9999");
        let shown = shown(local).ok_or(beyond)?;
        match self.0.to_ambiguous_timestamp(shown).offset() {
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
