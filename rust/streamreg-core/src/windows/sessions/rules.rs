//! Windows: what touches what, and when a session is late, visible and closed.

use super::key::Extent;
use crate::windows::assign::Place;
use crate::windows::moment::{Moment, TimeKind, compare};

/// How sessions are told apart, and what their times are compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) kind: TimeKind,
    pub(super) gap: Moment,
    pub(super) delay: Option<Moment>,
    pub(super) cutoff: Option<Moment>,
    /// The least and the greatest time of a row whose own window ends at a time that there is.
    pub(super) bounds: (Moment, Moment),
}

impl Rules {
    /// Whether a session is one with another that begins no earlier.
    pub(super) fn joins(&self, one: Extent, later: Extent) -> bool {
        compare(&[later.start], &[one.last, self.gap]).is_lt()
    }

    /// Where a row is, of this time, with that greatest time before it: its own window ends a gap after it.
    pub(super) fn place(&self, time: Moment, before: Option<Moment>) -> Place<()> {
        if !self.is_inside(time) {
            Place::Outside
        } else if before.is_some_and(|before| self.late(time, before)) {
            Place::Late
        } else {
            Place::In(())
        }
    }

    /// Whether the time is within the bounds.
    pub(super) fn is_inside(&self, time: Moment) -> bool {
        let (least, greatest) = self.bounds;
        time.order(least).is_ge() && time.order(greatest).is_le()
    }

    /// Whether a row of this time is late, if that is the greatest time before it.
    pub(super) fn late(&self, time: Moment, before: Moment) -> bool {
        self.cutoff.is_some_and(|cutoff| compare(&[before], &[time, self.gap, cutoff]).is_ge())
    }

    /// Whether a session with this start may have results at this time of all partitions.
    pub(super) fn visible(&self, start: Moment, now: Option<Moment>) -> bool {
        match (self.delay, now) {
            (None, _) => true,
            (Some(delay), Some(now)) => compare(&[now], &[start, delay]).is_ge(),
            (Some(_), None) => false,
        }
    }

    /// Whether no row that is not late can touch a session with this last time any more. Such a row is later than the
    /// time of all partitions less the cutoff and the gap, and touches what is less than a gap away.
    pub(super) fn over(&self, last: Moment, now: Option<Moment>) -> bool {
        match (self.cutoff, now) {
            (Some(cutoff), Some(now)) => compare(&[now], &[last, self.gap, self.gap, cutoff]).is_ge(),
            _ => false,
        }
    }

    /// The least time later than this at which an open session is given results only because time goes on, or is closed;
    /// `None` if it never is. Those of a final one are given when it is closed.
    pub(super) fn next_change(&self, open: Extent, now: Option<Moment>, is_final: bool) -> Option<Moment> {
        let over = self.cutoff.map(|cutoff| self.kind.least_at(&[open.last, self.gap, self.gap, cutoff]));
        let Some(delay) = self.delay.filter(|_| !self.visible(open.start, now)) else { return over };
        let visible = self.kind.least_at(&[open.start, delay]);
        if is_final { over.map(|over| over.later(visible)) } else { Some(visible) }
    }
}
