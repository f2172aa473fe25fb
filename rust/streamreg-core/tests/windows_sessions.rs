//! Sessions: which there are, and what each comes to, is a function of the topic alone.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use streamreg_core::column::Numbers;
use streamreg_core::error::Error;
use streamreg_core::reduce::{Answer, KeyColumn, Observations, Regression};
use streamreg_core::time::TimeType;
use streamreg_core::windows::{Moment, Spec, TimeKind, Window, WindowReduction};
use support::events::{
    Event, Row, Watermarks, apply, events, exact, kind, length, moment, partial, plain, reloaded, time_of,
    windows,
};
use support::{Rational, config, nearest};

fn spec(kind: TimeKind, gap: i64, delay: Option<i64>, cutoff: Option<i64>, is_final: bool) -> Spec {
    Spec {
        window: Window::Session { max_gap: length(kind, gap) },
        delay: delay.map(|delay| length(kind, delay)),
        cutoff: cutoff.map(|cutoff| length(kind, cutoff)),
        is_final,
        keep_closed: true,
    }
}

/// How the windows are asked for, in small numbers.
fn asked() -> impl Strategy<Value = (TimeKind, Spec)> {
    let some = |range: std::ops::Range<i64>| prop::option::of(range);
    (kind(), 1..6i64, some(0..12), some(0..9), any::<bool>()).prop_map(
        |(kind, gap, delay, cutoff, is_final)| {
            (kind, spec(kind, gap, delay, cutoff, is_final && cutoff.is_some()))
        },
    )
}

fn answer(kind: TimeKind, time: Moment) -> String {
    let answer = match (kind, time) {
        (TimeKind::Datetime, Moment::Int(micros)) => Answer::Time(TimeType::Datetime, micros),
        (_, Moment::Int(value)) => Answer::Int(value.into()),
        (_, Moment::Float(value)) => Answer::Float(value),
    };
    format!("{answer:?}")
}

fn gap(spec: &Spec) -> Moment {
    let Window::Session { max_gap } = spec.window else { unreachable!("sessions have a gap") };
    max_gap
}

/// Which rows are late, each by the rows before it in its partition; and the sessions of the others.
fn oracle(rows: &[Event], kind: TimeKind, spec: &Spec) -> (Vec<Event>, Vec<Row>) {
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
        (rows[0].instance, answer(kind, rows[0].time), answer(kind, end), plain(rows, false))
    });
    (late, found.collect())
}

/// The rows of some turns in which each partition gives some of its next rows.
fn turns(rows: &[Event], cuts: &[Vec<usize>]) -> Vec<Vec<Event>> {
    let mut rest: Vec<Vec<Event>> = (0..support::events::PARTITIONS)
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

fn cuts() -> impl Strategy<Value = Vec<Vec<usize>>> {
    prop::collection::vec(prop::collection::vec(0..9usize, 3), 0..9)
}

fn merged(state: &mut WindowReduction, rows: &[Event], kind: TimeKind, marks: &mut Watermarks) {
    let found = partial(state, rows, kind, marks);
    state.merge(&found.state).unwrap();
}

proptest! {
    #![proptest_config(config(200))]

    /// Whatever the batches, and whatever order their partials are merged in, the entries are the same bytes.
    #[test]
    fn law_order_and_split(
        ((kind, spec), rows) in asked().prop_flat_map(|asked| (Just(asked), events(asked.0, 60))),
        cuts in cuts(),
        order in prop::collection::vec(any::<u32>(), 12),
    ) {
        let mut whole = windows(kind, spec, false);
        merged(&mut whole, &rows, kind, &mut Watermarks::new());
        let (mut split, mut marks) = (windows(kind, spec, false), Watermarks::new());
        let mut partials: Vec<_> = turns(&rows, &cuts)
            .iter()
            .zip(order)
            .map(|(turn, place)| (place, partial(&mut split, turn, kind, &mut marks).state))
            .collect();
        partials.sort();
        for (_, bytes) in &partials {
            split.merge(bytes).unwrap();
        }
        prop_assert_eq!(split.tracked().in_order(), whole.tracked().in_order());
        prop_assert_eq!(split.tracked().digest(), whole.tracked().digest());
        prop_assert_eq!(split.excluded(), whole.excluded());
        prop_assert_eq!(split.open_windows().unwrap(), whole.open_windows().unwrap());
    }

    /// The rows of the output, the late rows and the closed sessions are those of all rows sorted and chained by gaps,
    /// whatever the batches and epochs, and whatever restarts there are between them.
    #[test]
    fn oracle_sessions(
        ((kind, spec), rows) in asked().prop_flat_map(|asked| (Just(asked), events(asked.0, 80))),
        cuts in cuts(),
        batches in prop::collection::vec(1..4usize, 10),
        restarts in prop::collection::vec(any::<bool>(), 10),
    ) {
        let (mut state, mut marks, mut table) = (windows(kind, spec, false), Watermarks::new(), BTreeMap::new());
        // One that is never restarted, and gives the same results.
        let mut steady = windows(kind, spec, false);
        let (mut late, mut closed, mut given) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for ((turn, batches), restart) in turns(&rows, &cuts).iter().zip(batches).zip(restarts) {
            // A worker of its own for each partition and piece of it; the last one is merged first.
            let mut partials = Vec::new();
            for partition in 0..support::events::PARTITIONS {
                let own: Vec<_> = turn.iter().filter(|row| row.partition == partition).copied().collect();
                for piece in own.chunks(own.len() / batches + 1) {
                    let found = partial(&mut state, piece, kind, &mut marks);
                    late.extend(found.aside.late.iter().map(|(row, _)| piece[*row as usize]));
                    prop_assert!(found.aside.outside.is_empty());
                    partials.push(found.state);
                }
            }
            for bytes in partials.iter().rev() {
                state.merge(bytes).unwrap();
                steady.merge(bytes).unwrap();
            }
            let time = time_of(&marks);
            let keys = apply(&mut table, &mut state, time, false)?;
            let count = steady.due(time).unwrap();
            prop_assert_eq!(&keys, &steady.results(&[], 0..count).unwrap().keys);
            if spec.is_final {
                for key in &keys {
                    prop_assert!(given.insert(key.clone()), "a final row is written once");
                }
            }
            let gone = state.close(time).unwrap();
            prop_assert_eq!(&gone, &steady.close(time).unwrap());
            steady.mark_clean();
            if spec.is_final {
                prop_assert_eq!(&gone, &keys);
            }
            for key in gone {
                prop_assert!(table.contains_key(&key), "what is closed had its results");
                prop_assert!(closed.insert(key));
            }
            state.mark_clean();
            if restart {
                state = reloaded(&state, windows(kind, spec, false), time);
            }
        }
        let (expected_late, expected) = oracle(&rows, kind, &spec);
        late.sort_by_key(|row| (row.partition, row.offset));
        let mut expected_late = expected_late;
        expected_late.sort_by_key(|row| (row.partition, row.offset));
        prop_assert_eq!(late, expected_late);

        // What is still open gets its results when the time comes for all of it.
        let horizon = state.horizon();
        prop_assert_eq!(horizon.is_some(), spec.cutoff.is_some() && state.open_windows().unwrap() > 0);
        if let Some(time) = horizon {
            let keys = apply(&mut table, &mut state, Some(time), false)?;
            prop_assert!(!spec.is_final || keys.iter().all(|key| given.insert(key.clone())));
            let gone = state.close(Some(time)).unwrap();
            prop_assert!(gone.into_iter().all(|key| closed.insert(key)));
            prop_assert_eq!(state.open_windows().unwrap(), 0);
            prop_assert_eq!(closed.len(), expected.len());
        } else if spec.delay.is_some() && state.open_windows().unwrap() > 0 {
            // Without a cutoff nothing is ever closed, but all of it is visible long after its start.
            apply(&mut table, &mut state, Some(moment(kind, 1000)), false)?;
        }
        prop_assert_eq!(table.into_values().collect::<Vec<_>>(), expected);
    }

    /// Doubles of any size are chained by their exact differences, and the end is the sum rounded once.
    #[test]
    fn oracle_doubles(
        times in prop::collection::vec(time(), 1..12),
        gap in prop_oneof![time().prop_map(f64::abs), Just(0.1), Just(f64::MAX)],
    ) {
        prop_assume!(gap > 0.0);
        let kind = TimeKind::Float;
        let spec = Spec { window: Window::Session { max_gap: Moment::Float(gap) }, ..spec(kind, 1, None, None, false) };
        let rows: Vec<_> = times.iter().zip(0..).map(|(time, offset)| {
            Event { instance: 0, partition: 0, offset, time: Moment::Float(time + 0.0), x: 1.0, y: *time }
        }).collect();
        let (mut state, mut table) = (windows(kind, spec, false), BTreeMap::new());
        let found = partial(&mut state, &rows, kind, &mut Watermarks::new());
        state.merge(&found.state).unwrap();
        apply(&mut table, &mut state, None, false)?;
        let is_outside = |row: &Event| nearest(&(exact(row.time) + exact(Moment::Float(gap)))).is_infinite();
        let outside: Vec<_> = (0u32..).zip(&rows).filter(|(_, row)| is_outside(row)).map(|(at, _)| at).collect();
        prop_assert_eq!(found.aside.outside, outside);
        let inside: Vec<_> = rows.into_iter().filter(|row| !is_outside(row)).collect();
        prop_assert_eq!(table.into_values().collect::<Vec<_>>(), oracle(&inside, kind, &spec).1);
    }

    /// Bytes that are changed anywhere behind a right checksum are an error that changes nothing, or a partial that can
    /// be merged, shown, stored and read again.
    #[test]
    fn law_forged_bytes(
        rows in events(TimeKind::Float, 12),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let kind = TimeKind::Float;
        let spec = spec(kind, 3, Some(2), Some(1), false);
        let mut state = windows(kind, spec, false);
        let whole = partial(&mut state, &rows, kind, &mut Watermarks::new()).state;
        state.merge(&whole).unwrap();
        let before: Vec<_> = state.tracked().in_order().iter().map(|(key, bytes)| (key.to_vec(), bytes.to_vec())).collect();
        let mut forged = whole[..whole.len() - 4].to_vec();
        let end = forged.len();
        forged[2 + at.index(end - 2)] = byte;
        forged.extend(crc32fast::hash(&forged).to_le_bytes());
        if state.merge(&forged).is_err() {
            let after: Vec<_> = state.tracked().in_order().iter().map(|(key, bytes)| (key.to_vec(), bytes.to_vec())).collect();
            prop_assert_eq!(after, before);
        } else {
            let time = Some(Moment::Float(1e6));
            state.due(time).unwrap();
            let _ = state.results(&support::events::statistics(false), 0..10);
            let loaded = reloaded(&state, windows(kind, spec, false), time);
            prop_assert_eq!(loaded.tracked().digest(), state.tracked().digest());
            state.close(time).unwrap();
        }
    }

    /// Random entries are an error, never a panic.
    #[test]
    fn law_hostile_entries(key in prop::collection::vec(any::<u8>(), 0..40), bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let kind = TimeKind::Int;
        let mut state = windows(kind, spec(kind, 3, None, None, false), false);
        let mut rows = Vec::new();
        for piece in [&key, &bytes] {
            rows.extend(u32::try_from(piece.len()).unwrap().to_le_bytes());
            rows.extend(piece);
        }
        let key = [&[0, 2][..], &[128, 0, 0, 0, 0, 0, 0, 1], &key].concat();
        let mut open = u32::try_from(key.len()).unwrap().to_le_bytes().to_vec();
        open.extend(&key);
        open.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
        open.extend(&bytes);
        prop_assert!(state.load(&rows).is_err());
        prop_assert!(state.load(&open).is_err());
    }
}

/// Doubles that are near to each other, near to the end of their range, or both.
fn time() -> impl Strategy<Value = f64> {
    prop_oneof![
        support::double(),
        prop::sample::select(vec![
            f64::MAX,
            -f64::MAX,
            f64::MAX / 2.0,
            0.1,
            0.2,
            0.1 + 0.2,
            0.3,
            1e16,
            1e16 + 2.0
        ]),
        (-20..20i32).prop_map(|number| f64::from(number) * 0.1),
        (0..40u32).prop_map(|number| 1e9 + f64::from(number) * 0.1),
    ]
}

fn event(instance: i64, offset: i64, time: i64) -> Event {
    #[allow(clippy::cast_precision_loss, reason = "it is small")]
    Event {
        instance,
        partition: 0,
        offset,
        time: Moment::Int(time),
        x: time as f64,
        y: (offset * offset) as f64,
    }
}

/// A late row that stands between two sessions makes them one: the two rows of the output go, and one takes their place.
#[test]
fn a_late_row_joins_two_sessions() {
    let kind = TimeKind::Int;
    let mut state = windows(kind, spec(kind, 10, None, Some(100), false), false);
    let (mut marks, mut table) = (Watermarks::new(), BTreeMap::new());
    let rows = [event(1, 0, 0), event(1, 1, 5), event(1, 2, 20), event(2, 3, 12)];
    merged(&mut state, &rows, kind, &mut marks);
    apply(&mut table, &mut state, None, false).unwrap();
    state.mark_clean();
    let spans = |table: &BTreeMap<Vec<u8>, Row>| -> Vec<_> {
        table.values().map(|row| (row.0, row.1.clone(), row.2.clone())).collect()
    };
    let row = |instance, start: i64, end: i64| {
        (instance, answer(kind, Moment::Int(start)), answer(kind, Moment::Int(end)))
    };
    assert_eq!(spans(&table), [row(1, 0, 15), row(1, 20, 30), row(2, 12, 22)]);
    let late = [event(1, 4, 13)];
    merged(&mut state, &late, kind, &mut marks);
    assert_eq!(state.due(None).unwrap(), 3);
    let found = state.results(&[], 0..3).unwrap();
    assert_eq!(found.present, [false, true, false]);
    apply(&mut table, &mut state, None, false).unwrap();
    assert_eq!(spans(&table), [row(1, 0, 30), row(2, 12, 22)]);
    let joined: Vec<_> = rows.iter().chain(&late).filter(|row| row.instance == 1).copied().collect();
    assert_eq!(table.values().next().unwrap().3, plain(&joined, false));
}

/// Two sessions are one if their rows are less than the gap away from each other, and two if it is the gap.
#[test]
fn the_gap_itself_separates() {
    for (times, count) in [([0, 9], 1), ([0, 10], 2), ([i64::MIN, i64::MAX - 10], 2)] {
        let kind = TimeKind::Int;
        let mut state = windows(kind, spec(kind, 10, None, None, false), false);
        let rows = [event(1, 0, times[0]), event(1, 1, times[1])];
        merged(&mut state, &rows, kind, &mut Watermarks::new());
        assert_eq!(state.open_windows().unwrap(), count);
    }
}

/// A session whose end is no time is outside, and its rows are told.
#[test]
fn ends_beyond_all_times_are_outside() {
    let kind = TimeKind::Int;
    let mut state = windows(kind, spec(kind, 10, None, None, false), false);
    let rows = [event(1, 0, i64::MAX - 9), event(1, 1, i64::MAX - 10), event(1, 2, 3)];
    let found = partial(&mut state, &rows, kind, &mut Watermarks::new());
    assert_eq!((found.aside.outside, found.aside.late), (vec![0], vec![]));
    let kind = TimeKind::Datetime;
    let mut state = windows(kind, spec(kind, 4, None, None, false), false);
    let rows =
        [event(1, 0, streamreg_core::time::LAST - 999_999), event(1, 1, streamreg_core::time::FIRST - 1)];
    let found = partial(&mut state, &rows, kind, &mut Watermarks::new());
    assert_eq!(found.aside.outside, [0, 1]);
}

/// However many sessions pass, the state holds the open ones, one closed one an instance, and the totals.
#[test]
fn the_state_is_bounded() {
    let kind = TimeKind::Int;
    let mut state = windows(kind, spec(kind, 2, None, Some(0), true), false);
    let (mut marks, mut closed) =
        (Watermarks::from([(1, Moment::Int(i64::MAX)), (2, Moment::Int(i64::MAX))]), 0);
    for turn in 0..400 {
        let rows: Vec<_> = (0..50).map(|at| event(at % 5, turn * 50 + at, (turn * 50 + at) * 3)).collect();
        merged(&mut state, &rows, kind, &mut marks);
        state.due(time_of(&marks)).unwrap();
        closed += state.close(time_of(&marks)).unwrap().len();
        state.mark_clean();
        assert!(state.tracked().len() <= 2 * 5 + 1, "{}", state.tracked().len());
    }
    assert_eq!(closed + state.open_windows().unwrap(), 20_000);
}

/// Rows are scored by the session of their instance that was closed last when they were frozen, not by a later one.
#[test]
fn rows_are_scored_by_the_last_closed_session() {
    let kind = TimeKind::Int;
    let mut state = windows(kind, spec(kind, 2, None, Some(0), false), false);
    let mut marks = Watermarks::new();
    let line = |from: i64, slope: f64| -> Vec<_> {
        (0..3)
            .map(|at| Event {
                y: slope * f64::from(at),
                x: f64::from(at),
                ..event(1, from + i64::from(at), from + i64::from(at))
            })
            .collect()
    };
    let score = |state: &mut WindowReduction, instance: i64| {
        let features = [Numbers::Float(&[10.0])];
        let rows = Observations { features: &features, target: Numbers::Float(&[0.0]), weights: None };
        state.scores(2, &Regression::default(), &[KeyColumn::Int(&[instance])], rows).unwrap().values[0]
    };
    merged(&mut state, &line(0, 2.0), kind, &mut marks);
    state.freeze();
    assert!(score(&mut state, 1).is_nan());
    state.due(Some(Moment::Int(50))).unwrap();
    assert_eq!(state.close(Some(Moment::Int(50))).unwrap().len(), 1);
    assert!(score(&mut state, 1).is_nan());
    state.freeze();
    merged(&mut state, &line(60, 7.0), kind, &mut marks);
    state.due(Some(Moment::Int(90))).unwrap();
    assert_eq!(state.close(Some(Moment::Int(90))).unwrap().len(), 1);
    assert_eq!(score(&mut state, 1).to_bits(), 20f64.to_bits());
    assert!(score(&mut state, 2).is_nan());
    state.freeze();
    assert_eq!(score(&mut state, 1).to_bits(), 70f64.to_bits());
}

/// A partial of other windows is refused.
#[test]
fn misfits_are_errors() {
    let kind = TimeKind::Int;
    let of = |gap, cutoff| windows(kind, spec(kind, gap, None, cutoff, false), false);
    let bytes = partial(&mut of(3, None), &[event(1, 0, 0)], kind, &mut Watermarks::new()).state;
    assert!(of(3, None).merge(&bytes).is_ok());
    assert!(matches!(of(4, None).merge(&bytes), Err(Error::Mismatch(_))));
    assert!(matches!(of(3, Some(0)).merge(&bytes), Err(Error::Mismatch(_))));
}
