//! All rows sorted and chained by gaps, in rationals; and a topic cut into turns.

use std::collections::BTreeMap;

use proptest::prelude::*;
use streamreg_core::windows::{Moment, Spec, TimeKind, Window, WindowReduction};

use crate::support::events::{self, Event, Row, Watermarks, exact, kind, length, partial, plain, shown};
use crate::support::{Rational, nearest};

/// Sessions with lengths that stand for small numbers.
pub fn spec(kind: TimeKind, gap: i64, delay: Option<i64>, cutoff: Option<i64>, is_final: bool) -> Spec {
    Spec {
        window: Window::Session { max_gap: length(kind, gap) },
        delay: delay.map(|delay| length(kind, delay)),
        cutoff: cutoff.map(|cutoff| length(kind, cutoff)),
        is_final,
        keep_closed: true,
        labelled: false,
    }
}

/// How the windows are asked for, in small numbers.
pub fn asked() -> impl Strategy<Value = (TimeKind, Spec)> {
    let some = |range: std::ops::Range<i64>| prop::option::of(range);
    (kind(), 1..6i64, some(0..12), some(0..9), any::<bool>()).prop_map(
        |(kind, gap, delay, cutoff, is_final)| {
            (kind, spec(kind, gap, delay, cutoff, is_final && cutoff.is_some()))
        },
    )
}

/// The gap of sessions.
pub fn gap(spec: &Spec) -> Moment {
    let Window::Session { max_gap } = spec.window else { unreachable!("sessions have a gap") };
    max_gap
}

/// Which rows are late, each by the rows before it in its partition; and the sessions of the others.
pub fn oracle(rows: &[Event], kind: TimeKind, spec: &Spec) -> (Vec<Event>, Vec<Row>) {
    let own_gap = exact(gap(spec));
    let mut greatest: BTreeMap<i32, Rational> = BTreeMap::new();
    let (mut late, mut kept) = (Vec::new(), Vec::new());
    for row in rows {
        let time = exact(row.time);
        let before = greatest.get(&row.partition).cloned();
        let is_late = spec
            .cutoff
            .zip(before.clone())
            .is_some_and(|(cutoff, before)| before - exact(cutoff) >= &time + &own_gap);
        if is_late {
            late.push(*row);
        } else {
            kept.push(*row);
        }
        greatest.insert(row.partition, before.map_or(time.clone(), |before| before.max(time)));
    }
    kept.sort_by_key(|row| (row.instance, exact(row.time)));
    let mut sessions: Vec<Vec<Event>> = Vec::new();
    for row in kept {
        match sessions.last_mut() {
            Some(own)
                if own[0].instance == row.instance
                    && exact(row.time) - exact(own.last().unwrap().time) < own_gap =>
            {
                own.push(row);
            }
            _ => sessions.push(vec![row]),
        }
    }
    let found = sessions.iter().map(|rows| {
        let end = exact(rows.last().unwrap().time) + &own_gap;
        let end = match rows[0].time {
            Moment::Int(_) => Moment::Int(end.to_integer().try_into().unwrap()),
            Moment::Float(_) => Moment::Float(nearest(&end)),
        };
        (rows[0].instance, shown(kind, rows[0].time), shown(kind, end), plain(rows, false))
    });
    (late, found.collect())
}

/// The rows of some turns in which each partition gives some of its next rows.
pub fn turns(rows: &[Event], cuts: &[Vec<usize>]) -> Vec<Vec<Event>> {
    let mut rest: Vec<Vec<Event>> = (0..events::PARTITIONS)
        .map(|partition| rows.iter().filter(|row| row.partition == partition).copied().collect())
        .collect();
    let mut found = Vec::new();
    for cut in cuts {
        let mut turn = Vec::new();
        for (own, count) in rest.iter_mut().zip(cut) {
            turn.extend(own.drain(..(*count).min(own.len())));
        }
        found.push(turn);
    }
    found.push(rest.concat());
    found
}

/// How many rows each partition gives in each turn.
pub fn cuts() -> impl Strategy<Value = Vec<Vec<usize>>> {
    prop::collection::vec(prop::collection::vec(0..9usize, 3), 0..9)
}

/// Merges what rows come to.
pub fn merged(state: &mut WindowReduction, rows: &[Event], kind: TimeKind, marks: &mut Watermarks) {
    let found = partial(state, rows, kind, marks);
    state.merge(&found.state).unwrap();
}
