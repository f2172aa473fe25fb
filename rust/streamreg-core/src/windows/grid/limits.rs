//! Windows: which windows of a grid there are: those whose ends are times of their kind, and the times in them alone.

use num_bigint::BigInt;
use num_traits::ToPrimitive;

use super::{Grid, Windows, saturated};
use crate::time;
use crate::windows::moment::{Moment, Rational, TimeKind};

/// The first and the last window whose start and end are times; the last one is the lesser if there is none.
///
/// The index after the last one is a 64-bit integer too.
pub(super) fn windows(kind: TimeKind, origin: Moment, hop: Moment, duration: Moment) -> Windows {
    let (first, last) = match hop {
        Moment::Int(hop) => {
            let (least, greatest) = ends(kind);
            let (origin, hop) = (origin.int(), i128::from(hop));
            (
                -(origin - i128::from(least)).div_euclid(hop),
                (i128::from(greatest) - origin - duration.int()).div_euclid(hop),
            )
        }
        Moment::Float(hop) => {
            let hop = Rational::of(hop);
            // What is so far from zero, or further, is rounded to an infinity.
            let beyond = Rational::new((BigInt::from(1) << 54u32) - 1, 970);
            let mut below = Rational::of(-origin.float());
            below.add(&beyond.clone().negated());
            let mut above = Rational::sum(&[origin, duration]);
            above.add(&beyond.negated());
            (far(&(below.floor_div(&hop) + 1)), far(&(-above.floor_div(&hop) - 1)))
        }
    };
    (saturated(first), saturated(last.min(i128::from(i64::MAX) - 1)))
}

fn far(index: &BigInt) -> i128 {
    index.to_i128().unwrap_or(if index.sign() == num_bigint::Sign::Minus { i128::MIN } else { i128::MAX })
}

fn ends(kind: TimeKind) -> (i64, i64) {
    match kind {
        TimeKind::Datetime => (time::FIRST, time::LAST),
        TimeKind::Int | TimeKind::Float => (i64::MIN, i64::MAX),
    }
}

/// Bounds that no time is within.
pub(super) fn nothing(kind: TimeKind) -> (Moment, Moment) {
    match kind {
        TimeKind::Int | TimeKind::Datetime => (Moment::Int(1), Moment::Int(0)),
        TimeKind::Float => (Moment::Float(1.0), Moment::Float(0.0)),
    }
}

/// The first and the last time that is in no window before the first one or after the last one.
pub(super) fn bounds(grid: &Grid) -> (Moment, Moment) {
    let (before, behind) = (i128::from(grid.windows.0) - 1, i128::from(grid.windows.1) + 1);
    if let (Moment::Int(origin), Moment::Int(hop)) = (grid.origin, grid.hop) {
        let start = |window: i128| i128::from(origin) + window * i128::from(hop);
        let (least, greatest) = ends(grid.time);
        let from = saturated(start(before) + grid.duration.int()).max(least);
        let to = saturated(start(behind) - 1).min(greatest);
        return (Moment::Int(from), Moment::Int(to));
    }
    let (end, start) = (grid.start(before, &[grid.duration]), grid.start(behind, &[]));
    let (mut from, mut to) = (end.nearest().max(-f64::MAX), start.nearest().min(f64::MAX));
    if Rational::of(from).compare(&end).is_lt() {
        from = from.next_up();
    }
    if Rational::of(to).compare(&start).is_ge() {
        to = to.next_down();
    }
    (Moment::Float(from + 0.0), Moment::Float(to + 0.0))
}
