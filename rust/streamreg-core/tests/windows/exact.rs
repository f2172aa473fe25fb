//! Windows of a grid by rational numbers: which rows they hold, when they are visible and closed.

use std::collections::{BTreeMap, BTreeSet};

use streamreg_core::reduce::{Answer, KeyCell};
use streamreg_core::time::TimeType;
use streamreg_core::windows::{Moment, Spec, TimeKind, Window};

use crate::stream::{Event, Row, exact, plain_reduction, row, statistics};
use crate::support::{Rational, nearest};

/// A grid in rational numbers.
pub struct Exact {
    pub kind: TimeKind,
    pub spec: Spec,
    pub origin: Rational,
    pub hop: Rational,
    pub duration: Rational,
}

/// What should come out.
#[derive(Debug, Default)]
pub struct Expected {
    /// For each instance and window the rows that it holds.
    pub windows: BTreeMap<(i64, i64), Vec<usize>>,
    pub late: Vec<(usize, Moment)>,
    pub outside: Vec<usize>,
}

impl Exact {
    pub fn new(kind: TimeKind, spec: Spec) -> Self {
        let Window::Grid { origin, hop, duration } = spec.window else { unreachable!("a grid is asked for") };
        Self { kind, spec, origin: exact(origin), hop: exact(hop), duration: exact(duration) }
    }

    pub fn start(&self, window: i128) -> Rational {
        &self.origin + Rational::from_integer(window.into()) * &self.hop
    }

    pub fn end(&self, window: i128) -> Rational {
        self.start(window) + &self.duration
    }

    /// A time as a column has it; `None` if there is no such time.
    pub fn shown(&self, time: &Rational) -> Option<Answer> {
        match self.kind {
            TimeKind::Float => Some(nearest(time)).filter(|time| time.is_finite()).map(Answer::Float),
            TimeKind::Int => i64::try_from(time.to_integer()).ok().map(|time| Answer::Int(time.into())),
            TimeKind::Datetime => i64::try_from(time.to_integer())
                .ok()
                .filter(|micros| TimeType::Datetime.holds(*micros))
                .map(|micros| Answer::Time(TimeType::Datetime, micros)),
        }
    }

    /// The first and the last window of a time; in none if the last one is the lesser.
    pub fn windows(&self, time: &Rational) -> (i128, i128) {
        let last = ((time - &self.origin) / &self.hop).floor().to_integer();
        let first = ((time - &self.origin - &self.duration) / &self.hop).floor().to_integer() + 1;
        let far = |index: num_bigint::BigInt| i128::try_from(index).unwrap_or(i128::MAX);
        (far(first), far(last))
    }

    fn exists(&self, window: i128) -> bool {
        window < i128::from(i64::MAX)
            && i64::try_from(window).is_ok()
            && self.shown(&self.start(window)).is_some()
            && self.shown(&self.end(window)).is_some()
    }

    /// Whether a window is closed at a time.
    pub fn closed(&self, window: i128, time: Moment) -> bool {
        self.spec.cutoff.is_some_and(|cutoff| exact(time) - exact(cutoff) >= self.end(window))
    }

    /// Whether it has results.
    pub fn visible(&self, window: i128, time: Option<Moment>) -> bool {
        match (self.spec.is_final, self.spec.delay, time) {
            (true, _, time) => time.is_some_and(|time| self.closed(window, time)),
            (false, None, _) => true,
            (false, Some(delay), time) => {
                time.is_some_and(|time| exact(time) >= self.start(window) + exact(delay))
            }
        }
    }

    /// Where each row of a topic belongs.
    pub fn expected(&self, events: &[Event]) -> Expected {
        let mut expected = Expected::default();
        let mut watermarks: BTreeMap<i32, Moment> = BTreeMap::new();
        for (row, event) in events.iter().enumerate() {
            let time = exact(event.time);
            let before = watermarks.get(&event.partition).copied();
            let (first, last) = self.windows(&time);
            if first <= last && !(self.exists(first) && self.exists(last)) {
                expected.outside.push(row);
                continue;
            }
            if before.is_none_or(|before| exact(before) < time) {
                watermarks.insert(event.partition, event.time);
            }
            let own: Vec<_> = (first..=last)
                .filter(|&window| before.is_none_or(|before| !self.closed(window, before)))
                .collect();
            for &window in &own {
                let key = (event.key, i64::try_from(window).unwrap());
                expected.windows.entry(key).or_default().push(row);
            }
            if first <= last && own.is_empty() {
                expected.late.push((row, before.unwrap()));
            }
        }
        expected
    }

    /// The row of a window that holds these rows of a topic.
    pub fn row(&self, key: i64, window: i64, rows: &[usize], events: &[Event], group: bool) -> Row {
        let plain = plain_reduction(rows, events, group);
        let ends = [self.start(window.into()), self.end(window.into())].map(|end| self.shown(&end).unwrap());
        let answers: Vec<_> = ends.into_iter().chain(plain.answers(&statistics(group)).unwrap()).collect();
        row(&[KeyCell::Int(key)], &answers)
    }
}

/// For each aggregate the rows in any window that it cannot take, each counted once.
pub fn excluded(expected: &Expected, events: &[Event], group: bool) -> Vec<i128> {
    let rows: BTreeSet<_> = expected.windows.values().flatten().copied().collect();
    plain_reduction(&rows.into_iter().collect::<Vec<_>>(), events, group).excluded()
}
