//! Windows: the windows of a grid by their numbers: in which a time is, which are visible and closed, where each begins
//! and ends.
//!
//! Window k is [origin + k·hop, origin + k·hop + duration). All that is asked of it is the floor of a sum of times over
//! the hop, which is exact: of integers by whole division; of doubles by [`floor_of_floats`], which rounds nowhere that
//! it matters.

pub(super) mod floor;
mod limits;
mod placing;

pub(super) use placing::Placing;

use super::assign::Place;
use super::difference::Difference;
use super::direct::Direct;
use super::moment::{Moment, Rational, TimeKind};
use super::spec::{MOST_PANES, Spec, Window};
use super::states::States;
use super::store::Store;
use crate::accumulate::Sign;
use crate::error::Error;
use floor::floor;

/// The store of windows of a grid: differences where a row is in several and can be subtracted, else the windows
/// themselves.
///
/// # Errors
/// [`Error::Invalid`] if a row would be in more than [`MOST_PANES`] windows.
pub(super) fn new(spec: &Spec, time: TimeKind, states: &States) -> Result<Box<dyn Store>, Error> {
    let grid = Grid::new(spec, time)?;
    if grid.panes() > 1 && states.check_sign(Sign::Removed).is_ok() {
        return Ok(Box::new(Difference::new(grid)));
    }
    Ok(Box::new(Direct::new(grid)))
}

/// The first and the last window that a row is in.
pub(super) type Windows = (i64, i64);

/// Windows of equal length at equal distances.
#[derive(Debug)]
pub(super) struct Grid {
    time: TimeKind,
    origin: Moment,
    hop: Moment,
    duration: Moment,
    delay: Option<Moment>,
    cutoff: Option<Moment>,
    is_final: bool,
    /// Most windows that a time is in.
    panes: i64,
    /// Whether the duration is so many hops.
    whole: bool,
    /// The first and the last window that there are: both ends of each are times of this kind.
    windows: Windows,
    /// The first and the last time that is in none beyond those.
    bounds: (Moment, Moment),
}

impl Grid {
    /// The windows of a grid.
    ///
    /// # Errors
    /// [`Error::Invalid`] for windows that are none of a grid, or if a time is in more than [`MOST_PANES`].
    fn new(spec: &Spec, time: TimeKind) -> Result<Self, Error> {
        let Window::Grid { origin, hop, duration } = spec.window else {
            return Err(Error::Invalid("these windows are no grid".to_owned()));
        };
        let hops = floor(&[duration], &[], hop);
        let panes = -floor(&[], &[duration], hop);
        if panes > i128::from(MOST_PANES) {
            return Err(Error::Invalid(format!("a row would be in more than {MOST_PANES} windows")));
        }
        let panes = i64::try_from(panes).unwrap_or(MOST_PANES);
        let windows = limits::windows(time, origin, hop, duration);
        let mut grid = Self {
            time,
            origin,
            hop,
            duration,
            delay: spec.delay,
            cutoff: spec.cutoff,
            is_final: spec.is_final,
            panes,
            whole: hops == i128::from(panes),
            windows,
            bounds: limits::nothing(time),
        };
        if windows.0 <= windows.1 {
            grid.bounds = limits::bounds(&grid);
        }
        Ok(grid)
    }

    /// The first and the last time that is not outside.
    pub(super) fn bounds(&self) -> (Moment, Moment) {
        self.bounds
    }

    /// Most windows that a row is in.
    pub(super) fn panes(&self) -> i64 {
        self.panes
    }

    /// Whether it would be late for any of its windows.
    pub(super) fn late(&self, time: Moment, before: Moment) -> bool {
        match Placing::new(self).place(time, None) {
            Place::In((first, _)) => self.open_from(before) > i128::from(first),
            _ => false,
        }
    }

    /// The first window that is not closed when the time is this.
    pub(super) fn open_from(&self, now: Moment) -> i128 {
        match self.cutoff {
            Some(cutoff) => floor(&[now], &[cutoff, self.origin, self.duration], self.hop) + 1,
            None => i128::MIN,
        }
    }

    /// The last window that is visible when the time is this.
    pub(super) fn visible_to(&self, now: Option<Moment>) -> i128 {
        match (self.is_final, self.delay, now) {
            (true, _, Some(now)) => self.open_from(now) - 1,
            (false, Some(delay), Some(now)) => floor(&[now], &[delay, self.origin], self.hop),
            (false, None, _) => i128::MAX,
            (_, _, None) => i128::MIN,
        }
    }

    /// The first window that is not both visible and closed when the time is this.
    pub(super) fn kept_from(&self, now: Moment) -> i128 {
        self.open_from(now).min(self.visible_to(Some(now)).saturating_add(1))
    }

    /// Whether any window is ever closed.
    pub(super) fn closes(&self) -> bool {
        self.cutoff.is_some()
    }

    /// Whether any window changes only because time goes on.
    pub(super) fn waits(&self) -> bool {
        self.cutoff.is_some() || self.delay.is_some()
    }

    /// The least time at which a window is visible and closed; `None` if there is none.
    pub(super) fn done(&self, window: i64) -> Option<Moment> {
        let end = self.exact(self.time, window, &[self.duration, self.cutoff?], true)?;
        match self.delay.filter(|_| !self.is_final) {
            Some(delay) => Some(end.later(self.exact(self.time, window, &[delay], true)?)),
            None => Some(end),
        }
    }

    /// The least time later than this at which an open window becomes visible, or else is closed; `None` if there is none.
    pub(super) fn next_change(&self, window: i64, now: Option<Moment>) -> Option<Moment> {
        match self.delay.filter(|_| !self.is_final && i128::from(window) > self.visible_to(now)) {
            Some(delay) => self.exact(self.time, window, &[delay], true),
            None => self.done(window),
        }
    }

    /// Start and end of a window, each rounded once; `None` if there is no such window.
    pub(super) fn span(&self, window: i64) -> Option<(Moment, Moment)> {
        let end = if self.whole {
            self.exact(self.time, window.checked_add(self.panes)?, &[], false)?
        } else {
            self.exact(self.time, window, &[self.duration], false)?
        };
        Some((self.exact(self.time, window, &[], false)?, end))
    }

    /// Whether a row can be in these windows.
    pub(super) fn holds(&self, (first, last): Windows) -> bool {
        self.windows.0 <= first && first <= last && last <= self.windows.1 && last - first < self.panes
    }

    /// The start of a window and some more: as the nearest time of a kind, or the least that is not below.
    fn exact(&self, kind: TimeKind, window: i64, more: &[Moment], up: bool) -> Option<Moment> {
        let found = match (self.origin, self.hop) {
            (Moment::Int(origin), Moment::Int(hop)) => {
                let start = i128::from(origin) + i128::from(window) * i128::from(hop);
                let end = start + more.iter().map(|term| term.int()).sum::<i128>();
                Moment::Int(i64::try_from(end).ok()?)
            }
            (Moment::Float(origin), Moment::Float(hop)) if more.is_empty() && window.abs() <= 1 << 53 => {
                // The sum of a product is rounded once; 0.0 is made of -0.0.
                #[allow(clippy::cast_precision_loss, reason = "has no more bits than a double")]
                let start = (window as f64).mul_add(hop, origin);
                Moment::Float(start + 0.0)
            }
            _ => {
                let exact = self.start(window.into(), more);
                let nearest = exact.nearest();
                let below = up && nearest.is_finite() && Rational::of(nearest).compare(&exact).is_lt();
                let found = if below { nearest.next_up() } else { nearest };
                if found.is_infinite() {
                    return None;
                }
                Moment::Float(found)
            }
        };
        Some(found).filter(|found| kind.holds(*found))
    }

    /// The start of a window and some more, of doubles.
    fn start(&self, window: i128, more: &[Moment]) -> Rational {
        let mut exact = Rational::of(self.hop.float()).times(window);
        exact.add(&Rational::of(self.origin.float()));
        exact.add(&Rational::sum(more));
        exact
    }
}

fn saturated(index: i128) -> i64 {
    i64::try_from(index).unwrap_or(if index < 0 { i64::MIN } else { i64::MAX })
}
