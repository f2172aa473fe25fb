//! Rows of a topic for windowed reductions: made, batched and merged in any way, and what must come of them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::reduce::{Aggregate, Answer, KeyCell, KeyColumn, KeyType, Reduction, Statistic};
use streamreg_core::time::TimeType;
use streamreg_core::windows::{Moment, RowTimes, Spec, TimeKind, Times, WindowPartial, WindowReduction};

use super::{Rational, double, rational};

/// Partitions of the topic.
pub const PARTITIONS: i32 = 3;

/// One row, a message of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    pub instance: i64,
    pub partition: i32,
    pub offset: i64,
    pub time: Moment,
    pub x: f64,
    pub y: f64,
}

/// The time that stands for a small number: few different ones, so that rows meet, and among doubles such as are no
/// multiples of each other.
pub fn moment(kind: TimeKind, number: i64) -> Moment {
    #[allow(clippy::cast_precision_loss, reason = "they are small")]
    match kind {
        TimeKind::Int => Moment::Int(number),
        TimeKind::Datetime => Moment::Int(1_700_000_000_000_000 + number * 250_000),
        TimeKind::Float => Moment::Float(number as f64 * 0.1),
    }
}

/// A length of time that stands for a small number.
pub fn length(kind: TimeKind, number: i64) -> Moment {
    #[allow(clippy::cast_precision_loss, reason = "they are small")]
    match kind {
        TimeKind::Int => Moment::Int(number),
        TimeKind::Datetime => Moment::Int(number * 250_000),
        TimeKind::Float => Moment::Float(number as f64 * 0.1),
    }
}

pub fn kind() -> impl Strategy<Value = TimeKind> {
    prop::sample::select(vec![TimeKind::Int, TimeKind::Float, TimeKind::Datetime])
}

/// Rows in the order of their offsets in each partition: mostly forward in time, at times late.
pub fn events(kind: TimeKind, most: usize) -> impl Strategy<Value = Vec<Event>> {
    let row = (0..3i64, 0..PARTITIONS, 0..14i64, double(), double());
    prop::collection::vec(row, 0..most).prop_map(move |rows| {
        let mut offsets = BTreeMap::new();
        let rows = rows.into_iter().enumerate().map(|(at, (instance, partition, jitter, x, y))| {
            let offset = offsets.entry(partition).or_insert(-1);
            *offset += 1;
            let time = moment(kind, i64::try_from(at).unwrap() / 2 - jitter);
            Event { instance, partition, offset: *offset, time, x, y }
        });
        rows.collect()
    })
}

/// The exact number that a time is.
pub fn exact(time: Moment) -> Rational {
    match time {
        Moment::Int(value) => Rational::from_integer(value.into()),
        Moment::Float(value) => rational(value).unwrap(),
    }
}

/// A time as results have it, as text.
pub fn shown(kind: TimeKind, time: Moment) -> String {
    let answer = match (kind, time) {
        (TimeKind::Datetime, Moment::Int(micros)) => Answer::Time(TimeType::Datetime, micros),
        (_, Moment::Int(value)) => Answer::Int(value.into()),
        (_, Moment::Float(value)) => Answer::Float(value),
    };
    format!("{answer:?}")
}

/// Aggregates, of which one can be no group.
pub fn aggregates(groups: bool) -> Vec<Aggregate> {
    let mut found =
        vec![Aggregate::Count, Aggregate::Sum(0), Aggregate::Moments { features: vec![0], target: 1 }];
    if !groups {
        found.push(Aggregate::Max(1));
    }
    found
}

/// What is asked of those.
pub fn statistics(groups: bool) -> Vec<Statistic> {
    let mut asked = vec![(0, "count", 0), (1, "sum", 0), (2, "coefficient", 0), (2, "coefficient", 1)];
    if !groups {
        asked.push((3, "max", 0));
    }
    asked.into_iter().map(|(at, name, index)| Statistic::new(at, name, index).unwrap()).collect()
}

/// An empty windowed reduction of such rows by instance.
pub fn windows(kind: TimeKind, spec: Spec, groups: bool) -> WindowReduction {
    WindowReduction::new(&[KeyType::Int], &[NumberType::Float; 2], aggregates(groups), kind, spec).unwrap()
}

/// The greatest time of each partition so far.
pub type Watermarks = BTreeMap<i32, Moment>;

/// What rows come to that stand behind the watermarks, which move on.
pub fn partial(
    to: &mut WindowReduction,
    rows: &[Event],
    kind: TimeKind,
    marks: &mut Watermarks,
) -> WindowPartial {
    let ints: Vec<_> =
        rows.iter().map(|row| if let Moment::Int(time) = row.time { time } else { 0 }).collect();
    let floats: Vec<_> =
        rows.iter().map(|row| if let Moment::Float(time) = row.time { time } else { 0.0 }).collect();
    let times = match kind {
        TimeKind::Int => Times::Int(&ints),
        TimeKind::Float => Times::Float(&floats),
        TimeKind::Datetime => Times::Datetime(&ints),
    };
    let partitions: Vec<_> = rows.iter().map(|row| row.partition).collect();
    let offsets: Vec<_> = rows.iter().map(|row| row.offset).collect();
    let before: Vec<_> = marks.iter().map(|(partition, mark)| (*partition, *mark)).collect();
    let times = RowTimes::new(times, &partitions, &before, Some(&offsets), Some(to.bounds())).unwrap();
    for mark in times.watermarks() {
        marks.insert(mark.partition, mark.greatest);
    }
    let instances: Vec<_> = rows.iter().map(|row| row.instance).collect();
    let x: Vec<_> = rows.iter().map(|row| row.x).collect();
    let y: Vec<_> = rows.iter().map(|row| row.y).collect();
    let columns = [Numbers::Float(&x), Numbers::Float(&y)];
    to.partial(&[KeyColumn::Int(&instances)], &times, &columns, rows.len()).unwrap()
}

/// The time of all partitions: none before each has one.
pub fn time_of(marks: &Watermarks) -> Option<Moment> {
    let all = marks.len() == usize::try_from(PARTITIONS).unwrap();
    all.then(|| *marks.values().min_by(|one, other| exact(**one).cmp(&exact(**other))).unwrap())
}

/// What a plain reduction says of rows: as text, where NaN equals itself.
pub fn plain(rows: &[Event], groups: bool) -> String {
    let mut plain = Reduction::new(&[NumberType::Float; 2], aggregates(groups)).unwrap();
    let x: Vec<_> = rows.iter().map(|row| row.x).collect();
    let y: Vec<_> = rows.iter().map(|row| row.y).collect();
    plain.add(&[Numbers::Float(&x), Numbers::Float(&y)], rows.len()).unwrap();
    format!("{:?}", plain.answers(&statistics(groups)).unwrap())
}

/// A row of a table of results: instance, start and end, and the statistics as text.
pub type Row = (i64, String, String, String);

/// Takes the results that are due into a table, as the output does; gives the keys that it had a row of, or had none of
/// to take back.
pub fn apply(
    table: &mut BTreeMap<Vec<u8>, Row>,
    state: &mut WindowReduction,
    time: Option<Moment>,
    groups: bool,
) -> Result<Vec<Vec<u8>>, TestCaseError> {
    let due = state.due(time).unwrap();
    let mut found = state.results(&statistics(groups), 0..due).unwrap();
    prop_assert_eq!(found.keys.len(), due);
    prop_assert!(found.keys.is_sorted());
    found.keys.dedup();
    prop_assert_eq!(found.keys.len(), due);
    let mut at = 0;
    for (key, present) in found.keys.iter().zip(&found.present) {
        if *present {
            let KeyCell::Int(instance) = found.cells[0][at] else { unreachable!("instances are integers") };
            let answers: Vec<_> = found.columns[2..].iter().map(|column| column[at].clone()).collect();
            let [start, end] = [0, 1].map(|column| format!("{:?}", found.columns[column][at]));
            table.insert(key.clone(), (instance, start, end, format!("{answers:?}")));
            at += 1;
        } else {
            prop_assert!(table.remove(key).is_some(), "what is taken back was given");
        }
    }
    Ok(found.keys)
}

/// The same reduction after a restart.
pub fn reloaded(
    state: &WindowReduction,
    mut fresh: WindowReduction,
    time: Option<Moment>,
) -> WindowReduction {
    let entries = state.tracked().in_order();
    // In two pieces, as a store may give them.
    for half in entries.chunks(entries.len() / 2 + 1) {
        let mut rows = Vec::new();
        for piece in half.iter().flat_map(|(key, bytes)| [key, bytes]) {
            rows.extend(u32::try_from(piece.len()).unwrap().to_le_bytes());
            rows.extend(*piece);
        }
        fresh.load(&rows).unwrap();
    }
    fresh.resume(time).unwrap();
    fresh
}
