//! Windows: the first and the last time that there is, and the first one that is late enough.

use super::moment::{Moment, TimeKind, compare};
use crate::time;

impl TimeKind {
    /// The least and the greatest time.
    pub(super) fn all(self) -> (Moment, Moment) {
        match self {
            Self::Int => (Moment::Int(i64::MIN), Moment::Int(i64::MAX)),
            Self::Float => (Moment::Float(-f64::MAX), Moment::Float(f64::MAX)),
            Self::Datetime => (Moment::Int(time::FIRST), Moment::Int(time::LAST)),
        }
    }

    /// The least and the greatest time from which it is so long, at most, to a time that there is. There is none between
    /// them if that is longer than from the first to the last.
    pub(super) fn bounds(self, length: Moment) -> (Moment, Moment) {
        let (least, greatest) = self.all();
        let greatest = match (greatest, length) {
            (Moment::Int(greatest), Moment::Int(length)) => Moment::Int(greatest.saturating_sub(length)),
            _ => Moment::Float(greatest_before(length)),
        };
        (least, greatest)
    }

    /// The first time that is not before this sum of times; the last one of 64 bits if none is.
    pub(super) fn least_at(self, terms: &[Moment]) -> Moment {
        let exact = terms.iter().map(|term| term.int()).sum::<i128>();
        let Self::Float = self else {
            return Moment::Int(i64::try_from(exact).unwrap_or(if exact < 0 { i64::MIN } else { i64::MAX }));
        };
        let nearest = match self.sum(terms) {
            Some(Moment::Float(nearest)) => nearest,
            _ if compare(&[Moment::Float(0.0)], terms).is_gt() => -f64::MAX,
            _ => f64::MAX,
        };
        let below = compare(&[Moment::Float(nearest)], terms).is_lt();
        Moment::Float(if below && nearest < f64::MAX { nearest.next_up() + 0.0 } else { nearest })
    }
}

/// The greatest double of which the sum with this one, rounded, is finite.
fn greatest_before(length: Moment) -> f64 {
    // The bits of doubles that are not negative are in their order.
    let (mut low, mut high) = (0, f64::MAX.to_bits());
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        let sum = TimeKind::Float.sum(&[Moment::Float(f64::from_bits(middle)), length]);
        if sum.is_some() { low = middle } else { high = middle - 1 }
    }
    f64::from_bits(low)
}
