//! Single topics, each for one rule.

use std::collections::BTreeMap;

use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::decode::{Item, Text};
use streamreg_core::error::Error;
use streamreg_core::reduce::{KeyColumn, KeyType, Observations, Regression};
use streamreg_core::windows::{Moment, RowTimes, TimeKind, Times, WindowReduction};

use crate::oracle::{merged, spec};
use crate::support::events::{
    Event, Row, Watermarks, aggregates, apply, partial, plain, shown, time_of, windows,
};

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
        (instance, shown(kind, Moment::Int(start)), shown(kind, Moment::Int(end)))
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

/// Texts of which one begins the other are two instances, though the bytes of the one begin those of the other.
#[test]
fn instances_that_begin_alike_are_apart() {
    let kind = TimeKind::Int;
    let spec = spec(kind, 10, None, None, false);
    let mut state =
        WindowReduction::new(&[KeyType::Text], &[NumberType::Float; 2], aggregates(true), kind, spec)
            .unwrap();
    for texts in [["a", "a\0"], ["a\0", "a"], ["a\0b", "a"]] {
        let mut text = Text::strings(2);
        for each in texts {
            text.push(Item::Str(each)).unwrap();
        }
        let times = RowTimes::new(Times::Int(&[1, 2]), &[0, 0], &[], None, None).unwrap();
        let columns = [Numbers::Float(&[1.0, 2.0]), Numbers::Float(&[1.0, 2.0])];
        let found = state.partial(&[KeyColumn::Text(&text)], &times, &columns, 2).unwrap();
        state.merge(&found.state).unwrap();
    }
    assert_eq!(state.open_windows().unwrap(), 3);
}
