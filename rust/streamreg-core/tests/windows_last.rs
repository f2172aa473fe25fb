//! The last rows of each instance: which they are, and what they come to, is a function of the set of all rows.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use std::collections::BTreeMap;

use proptest::prelude::*;
use streamreg_core::column::{Decimals, NumberType, Numbers};
use streamreg_core::error::Error;
use streamreg_core::reduce::{Aggregate, Answer, KeyColumn, Observations, Reduction, Regression, Statistic};
use streamreg_core::time::TimeType;
use streamreg_core::windows::{Moment, RowTimes, Spec, TimeKind, Times, Window, WindowReduction};
use support::config;
use support::events::{
    Event, Row, Watermarks, apply, events, exact, kind, moment, partial, plain, reloaded, shown, windows,
};

fn spec(rows: u64) -> Spec {
    Spec {
        window: Window::Last { rows },
        delay: None,
        cutoff: None,
        is_final: false,
        keep_closed: false,
        labelled: false,
    }
}

/// Messages of one to three rows each.
fn messages(most: usize) -> impl Strategy<Value = (TimeKind, Vec<Vec<Event>>)> {
    let rows = kind().prop_flat_map(move |kind| (Just(kind), events(kind, most)));
    (rows, prop::collection::vec(1..4usize, most)).prop_map(|((kind, rows), sizes)| {
        let messages = rows.into_iter().zip(sizes).map(|(row, size)| {
            let more = (1..size).map(|at| Event {
                instance: (row.instance + i64::try_from(at).unwrap()) % 2,
                x: row.y,
                y: row.x,
                time: if at == 1 { row.time } else { moment(kind, 7) },
                ..row
            });
            std::iter::once(row).chain(more).collect()
        });
        (kind, messages.collect())
    })
}

/// The greatest rows of each instance, of all rows sorted.
fn oracle(messages: &[Vec<Event>], kind: TimeKind, most: usize, groups: bool) -> Vec<Row> {
    let mut rows: BTreeMap<i64, Vec<_>> = BTreeMap::new();
    for message in messages {
        for (index, row) in message.iter().enumerate() {
            let place = (exact(row.time), row.partition, row.offset, index);
            rows.entry(row.instance).or_default().push((place, *row));
        }
    }
    rows.into_iter()
        .map(|(instance, mut rows)| {
            rows.sort_by(|(one, _), (other, _)| one.cmp(other));
            let kept: Vec<_> = rows[rows.len().saturating_sub(most)..].iter().map(|(_, row)| *row).collect();
            let [first, last] = [kept[0].time, kept[kept.len() - 1].time].map(|time| shown(kind, time));
            (instance, first, last, plain(&kept, groups))
        })
        .collect()
}

proptest! {
    #![proptest_config(config(150))]

    /// The output is what the greatest rows of all come to, whatever the batches, their order, the epochs and restarts.
    #[test]
    fn oracle_last_rows(
        (kind, messages) in messages(60),
        most in prop_oneof![4 => 1..8usize, 1 => 8..80usize],
        groups in any::<bool>(),
        places in prop::collection::vec(0..6u8, 60),
        turns in prop::collection::vec((any::<bool>(), any::<bool>()), 6),
    ) {
        // A message is read whole, but batches come in any order.
        let mut batches: BTreeMap<u8, Vec<Event>> = BTreeMap::new();
        for (message, place) in messages.iter().zip(places) {
            batches.entry(place).or_default().extend(message);
        }
        let of = || windows(kind, spec(u64::try_from(most).unwrap()), groups);
        let (mut state, mut table) = (of(), BTreeMap::new());
        for ((_, rows), (epoch, restart)) in batches.iter().rev().zip(turns) {
            let found = partial(&mut state, rows, kind, &mut Watermarks::new());
            prop_assert!(found.aside.late.is_empty() && found.aside.outside.is_empty());
            state.merge(&found.state).unwrap();
            if epoch {
                apply(&mut table, &mut state, None, groups)?;
                prop_assert!(state.close(Some(moment(kind, 1_000_000))).unwrap().is_empty());
                state.mark_clean();
                prop_assert_eq!(state.due(None).unwrap(), 0);
                if restart {
                    state = reloaded(&state, of(), None);
                }
            }
        }
        apply(&mut table, &mut state, None, groups)?;
        prop_assert_eq!(state.horizon(), None);
        prop_assert_eq!(state.open_windows().unwrap(), table.len());
        prop_assert_eq!(table.into_values().collect::<Vec<_>>(), oracle(&messages, kind, most, groups));
    }

    /// The entries are the same bytes for any batches in any order, and the excluded rows are those of all.
    #[test]
    fn law_order_and_split(
        (kind, messages) in messages(60),
        most in 1..8u64,
        places in prop::collection::vec(0..6u8, 60),
    ) {
        let (mut whole, mut split) = (windows(kind, spec(most), true), windows(kind, spec(most), true));
        let mut messages = messages;
        for row in messages.iter_mut().step_by(5).filter_map(|message| message.first_mut()) {
            row.x = f64::NAN;
        }
        let bytes = partial(&mut whole, &messages.concat(), kind, &mut Watermarks::new()).state;
        whole.merge(&bytes).unwrap();
        let mut batches: BTreeMap<u8, Vec<Event>> = BTreeMap::new();
        for (message, place) in messages.iter().zip(places) {
            batches.entry(place).or_default().extend(message);
        }
        for rows in batches.values().rev() {
            let bytes = partial(&mut split, rows, kind, &mut Watermarks::new()).state;
            split.merge(&bytes).unwrap();
        }
        prop_assert_eq!(split.tracked().in_order(), whole.tracked().in_order());
        prop_assert_eq!(split.tracked_mut().digest(), whole.tracked_mut().digest());
        let excluded: i128 = messages.iter().flatten().filter(|row| row.x.is_nan()).map(|_| 1).sum();
        prop_assert_eq!(split.excluded(), [0, excluded, excluded]);
        prop_assert_eq!(whole.excluded(), [0, excluded, excluded]);
    }

    /// Bytes that are changed anywhere behind a right checksum are an error that changes nothing, or a partial that can
    /// be merged, shown, stored and read again.
    #[test]
    fn law_forged_bytes(
        rows in events(TimeKind::Float, 12),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        twice in any::<bool>(),
    ) {
        let kind = TimeKind::Float;
        let of = || windows(kind, spec(3), true);
        let mut state = of();
        let whole = partial(&mut state, &rows, kind, &mut Watermarks::new()).state;
        if twice {
            state.merge(&whole).unwrap();
        }
        let entries = |state: &WindowReduction| -> Vec<_> {
            let entries = state.tracked().in_order();
            entries.iter().map(|(key, bytes)| (key.to_vec(), bytes.to_vec())).collect()
        };
        let before = entries(&state);
        let mut forged = whole[..whole.len() - 4].to_vec();
        let end = forged.len();
        forged[2 + at.index(end - 2)] = byte;
        forged.extend(crc32fast::hash(&forged).to_le_bytes());
        if state.merge(&forged).is_err() {
            prop_assert_eq!(entries(&state), before);
        }
        let due = state.due(None).unwrap();
        let found = state.results(&support::events::statistics(true), 0..due).unwrap();
        prop_assert_eq!(found.keys.len(), due);
        let mut loaded = reloaded(&state, of(), None);
        prop_assert_eq!(loaded.tracked_mut().digest(), state.tracked_mut().digest());
    }
}

fn event(instance: i64, offset: i64, time: i64) -> Event {
    #[allow(clippy::cast_precision_loss, reason = "it is small")]
    Event { instance, partition: 0, offset, time: Moment::Int(time), x: time as f64, y: (3 * offset) as f64 }
}

fn merged(state: &mut WindowReduction, rows: &[Event]) {
    let found = partial(state, rows, TimeKind::Int, &mut Watermarks::new());
    state.merge(&found.state).unwrap();
}

/// A row that comes to a large window changes two entries, its own and that of the row that goes for it.
#[test]
fn a_row_changes_two_entries() {
    let mut state = windows(TimeKind::Int, spec(20_000), true);
    let rows: Vec<_> = (0..20_000).map(|at| event(0, at, at)).collect();
    merged(&mut state, &rows);
    assert_eq!(state.due(None).unwrap(), 1);
    state.mark_clean();
    merged(&mut state, &[event(0, 20_000, 30_000), event(0, 20_001, -1)]);
    assert_eq!(state.tracked_mut().changed(), 2);
    assert_eq!((state.due(None).unwrap(), state.tracked().len()), (1, 20_000));
    let found = state.results(&support::events::statistics(true), 0..1).unwrap();
    let kept: Vec<_> = rows[1..].iter().copied().chain([event(0, 20_000, 30_000)]).collect();
    let answers: Vec<_> = found.columns[2..].iter().map(|column| column[0].clone()).collect();
    assert_eq!(format!("{answers:?}"), plain(&kept, true));
    let spans = [&found.columns[0][0], &found.columns[1][0]];
    assert_eq!(spans, [&Answer::Int(1.into()), &Answer::Int(30_000.into())]);
    // One that is too old changes nothing.
    state.mark_clean();
    merged(&mut state, &[event(0, 20_002, -2)]);
    assert_eq!(state.due(None).unwrap(), 0);
}

/// A batch that comes twice is an error, and nothing is added: which rows there are is told by their places.
#[test]
fn a_row_that_comes_twice_is_an_error() {
    let mut state = windows(TimeKind::Int, spec(5), true);
    let bytes =
        partial(&mut state, &[event(0, 0, 0), event(1, 1, 1)], TimeKind::Int, &mut Watermarks::new()).state;
    state.merge(&bytes).unwrap();
    let before = state.tracked_mut().digest();
    assert!(matches!(state.merge(&bytes), Err(Error::Corrupt(_))));
    assert_eq!(state.tracked_mut().digest(), before);
}

/// Rows without a time that there is are outside, all others are in.
#[test]
fn times_that_are_none_are_outside() {
    let mut state = windows(TimeKind::Float, spec(9), true);
    let times = [f64::NAN, -0.0, f64::INFINITY, f64::MAX, 0.0];
    let times =
        RowTimes::new(Times::Float(&times), &[0; 5], &[], Some(&[4; 5]), Some(state.bounds())).unwrap();
    let zeros = Numbers::Float(&[0.0; 5]);
    let found = state.partial(&[KeyColumn::Int(&[1; 5])], &times, &[zeros, zeros], 5).unwrap();
    assert_eq!(found.aside.outside, [0, 2]);
    state.merge(&found.state).unwrap();
    assert_eq!(state.due(None).unwrap(), 1);
    let found = state.results(&[Statistic::new(0, "count", 0).unwrap()], 0..1).unwrap();
    assert_eq!(found.columns[2], [Answer::Int(3.into())]);
    assert_eq!(format!("{:?}", found.columns[0]), "[Float(0.0)]");
}

/// Decimals and times of rows that are kept are those that came.
#[test]
fn columns_of_all_types_are_kept() {
    let inputs = [NumberType::Decimal, NumberType::Time(TimeType::Timedelta), NumberType::Int];
    let aggregates =
        vec![Aggregate::Count, Aggregate::Sum(0), Aggregate::Sum(1), Aggregate::Max(2), Aggregate::Min(0)];
    let mut state = WindowReduction::new(&[], &inputs, aggregates.clone(), TimeKind::Int, spec(2)).unwrap();
    let words = [[1, 2, 3], [-5, 0, -2], [7, 0, -1]].map(|[low, high, exponent]: [i64; 3]| {
        let mantissa = i128::from(high) << 64 | i128::from(low);
        streamreg_core::decimal::Decimal::new(mantissa, i32::try_from(exponent).unwrap()).unwrap().to_words()
    });
    let (decimals, spans, numbers) = (Decimals::new(&words).unwrap(), [i64::MAX, -3, 5], [i64::MIN, 3, 2]);
    let columns =
        [Numbers::Decimal(decimals), Numbers::Time(TimeType::Timedelta, &spans), Numbers::Int(&numbers)];
    let times =
        RowTimes::new(Times::Int(&[0, 1, 2]), &[-1, 0, 1], &[], Some(&[0, 0, 0]), Some(state.bounds()))
            .unwrap();
    let found = state.partial(&[], &times, &columns, 3).unwrap();
    state.merge(&found.state).unwrap();
    let mut plain = Reduction::new(&inputs, aggregates).unwrap();
    plain.add(&columns.map(|column| column.rows(1..3)), 2).unwrap();
    let asked = [(0, "count"), (1, "sum"), (2, "sum"), (3, "max"), (4, "min")];
    let asked = asked.map(|(at, name)| Statistic::new(at, name, 0).unwrap());
    assert_eq!(state.due(None).unwrap(), 1);
    let found = state.results(&asked, 0..1).unwrap();
    let answers: Vec<_> = found.columns[2..].iter().map(|column| column[0].clone()).collect();
    assert_eq!(answers, plain.answers(&asked).unwrap());
    assert_eq!(found.keys, [Vec::<u8>::new()]);
}

/// Rows are scored by the window of their instance as it was when they were frozen.
#[test]
fn rows_are_scored_by_the_window_that_was() {
    let mut state = windows(TimeKind::Int, Spec { keep_closed: true, ..spec(3) }, true);
    let line = |from: i64, slope: f64| -> Vec<_> {
        (from..from + 3)
            .zip(0..3)
            .map(|(at, x)| Event { x: x.into(), y: slope * f64::from(x), ..event(1, at, at) })
            .collect()
    };
    let score = |state: &mut WindowReduction| {
        let features = [Numbers::Float(&[10.0])];
        let rows = Observations { features: &features, target: Numbers::Float(&[0.0]), weights: None };
        state.scores(2, &Regression::default(), &[KeyColumn::Int(&[1])], rows).unwrap().values[0]
    };
    state.freeze();
    merged(&mut state, &line(0, 2.0));
    state.due(None).unwrap();
    assert!(score(&mut state).is_nan());
    state.freeze();
    merged(&mut state, &line(3, 7.0));
    assert_eq!(score(&mut state).to_bits(), 20f64.to_bits());
    state.due(None).unwrap();
    assert_eq!(score(&mut state).to_bits(), 20f64.to_bits());
    state.freeze();
    assert_eq!(score(&mut state).to_bits(), 70f64.to_bits());
    let mut loaded =
        reloaded(&state, windows(TimeKind::Int, Spec { keep_closed: true, ..spec(3) }, true), None);
    loaded.freeze();
    assert_eq!(score(&mut loaded).to_bits(), 70f64.to_bits());
}

/// What cannot be is an error: no rows, behaviours of windows that are closed, rows without offsets.
#[test]
fn misfits_are_errors() {
    let of = |spec| WindowReduction::new(&[], &[], vec![Aggregate::Count], TimeKind::Int, spec);
    let some = Some(Moment::Int(1));
    for spec in [spec(0), Spec { delay: some, ..spec(1) }, Spec { cutoff: some, ..spec(1) }] {
        assert!(matches!(of(spec), Err(Error::Invalid(_))));
    }
    let mut state = of(spec(2)).unwrap();
    let times = RowTimes::new(Times::Int(&[1]), &[0], &[], None, None).unwrap();
    assert!(matches!(state.partial(&[], &times, &[], 1), Err(Error::Invalid(_))));
    let bytes = partial(
        &mut windows(TimeKind::Int, spec(2), true),
        &[event(1, 0, 0)],
        TimeKind::Int,
        &mut Watermarks::new(),
    );
    assert!(matches!(windows(TimeKind::Int, spec(3), true).merge(&bytes.state), Err(Error::Mismatch(_))));
}
