//! Windows of rows that lack values: each window is that of the rows that have a time, and each aggregate in it that of the
//! rows which have all that it reads.
//!
//! Plain windows, which other tests hold against rational numbers, say the same of other rows: without those that have no
//! time, with a zero in a sum, and with NaN, which a regression leaves out, in the place of what is missing.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use std::collections::BTreeMap;

use proptest::prelude::*;
use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::error::Error;
use streamreg_core::reduce::{Aggregate, Answer, KeyCell, KeyColumn, KeyType, Statistic};
use streamreg_core::windows::{
    Moment, RowTimes, Spec, TimeKind, Times, Watermark, Window, WindowPartial, WindowReduction,
};
use support::config;
use support::events::{Event, Watermarks, events, kind, length, moment, reloaded, time_of};

/// A row, and whether it lacks its instance, its time, x and y. A plain row has all of them.
type Row = (Event, [bool; 4]);

/// The instance that stands for a missing one among plain rows: before all others, as there.
const NONE: i64 = -1;

fn rows(kind: TimeKind, most: usize) -> impl Strategy<Value = Vec<Row>> {
    let lacks = prop::array::uniform4(prop::bool::weighted(0.2));
    (events(kind, most), prop::collection::vec(lacks, most))
        .prop_map(|(events, lacks)| events.into_iter().zip(lacks).collect())
}

fn window(kind: TimeKind) -> impl Strategy<Value = Window> {
    let lengths = prop::sample::select(vec![(5, 5), (2, 7), (3, 9), (5, 2)]);
    prop_oneof![
        3 => lengths.prop_map(move |(hop, duration)| Window::Grid {
            origin: moment(kind, 1),
            hop: length(kind, hop),
            duration: length(kind, duration),
        }),
        1 => (1..4i64).prop_map(move |gap| Window::Session { max_gap: length(kind, gap) }),
        1 => (1..9u64).prop_map(|rows| Window::Last { rows }),
    ]
}

/// Aggregates over a sum's column, those of a regression, and one that says whether there is something to sum.
fn aggregates(sum: usize, line: [usize; 2], there: usize, groups: bool) -> Vec<Aggregate> {
    let moments = Aggregate::Moments { features: vec![line[0]], target: line[1] };
    let mut found = vec![Aggregate::Count, Aggregate::Sum(sum), moments, Aggregate::Sum(there)];
    if !groups {
        found.push(Aggregate::Max(line[1]));
    }
    found
}

fn statistics(groups: bool) -> Vec<Statistic> {
    let mut asked =
        vec![(0, "count", 0), (1, "sum", 0), (2, "coefficient", 0), (2, "coefficient", 1), (3, "sum", 0)];
    if !groups {
        asked.push((4, "max", 0));
    }
    asked.into_iter().map(|(at, name, index)| Statistic::new(at, name, index).unwrap()).collect()
}

const FLOAT: NumberType = NumberType::Float;

fn optional(kind: TimeKind, spec: Spec, groups: bool) -> WindowReduction {
    let inputs = [FLOAT, FLOAT, NumberType::Int];
    let aggregates = aggregates(0, [0, 1], 2, groups);
    WindowReduction::with_missing((&[KeyType::Int], &[0]), (&inputs, &[0, 1]), aggregates, (kind, true), spec)
        .unwrap()
}

fn plain(kind: TimeKind, spec: Spec, groups: bool) -> WindowReduction {
    let inputs = [FLOAT, FLOAT, FLOAT, NumberType::Int];
    WindowReduction::new(&[KeyType::Int], &inputs, aggregates(0, [1, 2], 3, groups), kind, spec).unwrap()
}

fn times(kind: TimeKind, rows: &[Row], marks: &Watermarks, bounds: (Moment, Moment)) -> RowTimes {
    let ints: Vec<_> =
        rows.iter().map(|(row, _)| if let Moment::Int(time) = row.time { time } else { 0 }).collect();
    let floats: Vec<_> =
        rows.iter().map(|(row, _)| if let Moment::Float(time) = row.time { time } else { 0.0 }).collect();
    let times = match kind {
        TimeKind::Int => Times::Int(&ints),
        TimeKind::Float => Times::Float(&floats),
        TimeKind::Datetime => Times::Datetime(&ints),
    };
    let partitions: Vec<_> = rows.iter().map(|(row, _)| row.partition).collect();
    let offsets: Vec<_> = rows.iter().map(|(row, _)| row.offset).collect();
    let before: Vec<_> = marks.iter().map(|(partition, mark)| (*partition, *mark)).collect();
    let missing: Vec<_> = rows.iter().map(|(_, lacks)| lacks[1]).collect();
    let made = RowTimes::new(times, &partitions, &before, Some(&offsets), Some(bounds)).unwrap();
    made.without(&missing).unwrap()
}

/// A column of rows.
fn each<T>(rows: &[Row], value: impl Fn(&Row) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

/// What rows come to where values can be missing.
fn partial_of_optional(
    to: &mut WindowReduction,
    kind: TimeKind,
    rows: &[Row],
    marks: &Watermarks,
) -> (WindowPartial, Vec<Watermark>) {
    let times = times(kind, rows, marks, to.bounds());
    let (instances, x, y) =
        (each(rows, |(row, _)| row.instance), each(rows, |(row, _)| row.x), each(rows, |(row, _)| row.y));
    let [no_instance, no_x, no_y] = [0, 2, 3].map(|at| each(rows, |(_, lacks)| lacks[at]));
    let there = each(rows, |(_, lacks)| i64::from(!lacks[2]));
    let keys = [KeyColumn::Optional(&KeyColumn::Int(&instances), &no_instance)];
    let columns = [Numbers::Float(&x), Numbers::Float(&y), Numbers::Int(&there)];
    let missing = [Some(&no_x[..]), Some(&no_y[..]), None];
    let found = to.partial_with_missing(&keys, &times, &columns, &missing, rows.len()).unwrap();
    (found, times.watermarks())
}

/// The same of plain windows, of the rows that have a time.
fn partial_of_plain(
    to: &mut WindowReduction,
    kind: TimeKind,
    rows: &[Row],
    marks: &Watermarks,
) -> (WindowPartial, Vec<Watermark>) {
    let times = times(kind, rows, marks, to.bounds());
    let instances = each(rows, |(row, lacks)| if lacks[0] { NONE } else { row.instance });
    let summed = each(rows, |(row, lacks)| if lacks[2] { 0.0 } else { row.x });
    let x = each(rows, |(row, lacks)| if lacks[2] { f64::NAN } else { row.x });
    let y = each(rows, |(row, lacks)| if lacks[3] { f64::NAN } else { row.y });
    let there = each(rows, |(_, lacks)| i64::from(!lacks[2]));
    let columns = [Numbers::Float(&summed), Numbers::Float(&x), Numbers::Float(&y), Numbers::Int(&there)];
    let found = to.partial(&[KeyColumn::Int(&instances)], &times, &columns, rows.len()).unwrap();
    (found, times.watermarks())
}

/// What is given of windows now: instance, start and end, and what they come to; gone ones by their number.
fn given(state: &mut WindowReduction, time: Option<Moment>, groups: bool) -> (Vec<String>, usize) {
    let due = state.due(time).unwrap();
    let found = state.results(&statistics(groups), 0..due).unwrap();
    let gone = found.present.iter().filter(|present| !**present).count();
    let rows = (0..due - gone).map(|at| {
        let instance = match found.cells[0][at] {
            KeyCell::Int(instance) => instance,
            KeyCell::Missing => NONE,
            ref other => unreachable!("no instance: {other:?}"),
        };
        let mut answers: Vec<_> = found.columns.iter().map(|column| column[at].clone()).collect();
        // The sum of no number is missing, and plain windows have that of zeros.
        if matches!(&answers[6], Answer::Int(there) if there.bits() == 0) {
            answers[3] = Answer::Null;
        }
        format!("{instance} {answers:?}")
    });
    (rows.collect(), gone)
}

fn spec(kind: TimeKind, window: Window, cutoff: Option<i64>, is_final: bool) -> Spec {
    let closes = !matches!(window, Window::Last { .. });
    let cutoff = cutoff.filter(|_| closes).map(|cutoff| length(kind, cutoff));
    Spec {
        window,
        delay: None,
        cutoff,
        is_final: is_final && cutoff.is_some(),
        keep_closed: true,
        labelled: false,
    }
}

proptest! {
    #![proptest_config(config(300))]

    /// Whatever the windows, batches, epochs and restarts: the same windows, late rows and results.
    #[test]
    fn differential_plain_windows(
        (kind, rows, window) in kind().prop_flat_map(|kind| (Just(kind), rows(kind, 60), window(kind))),
        cutoff in prop::option::of(0..6i64),
        (is_final, groups) in any::<(bool, bool)>(),
        sizes in prop::collection::vec((1..12usize, any::<bool>(), any::<bool>()), 1..5),
    ) {
        let spec = spec(kind, window, cutoff, is_final);
        let (mut own, mut other) = (optional(kind, spec, groups), plain(kind, spec, groups));
        let (mut marks, mut untimed, mut rest) = (Watermarks::new(), 0, &rows[..]);
        for &(size, epoch, restart) in sizes.iter().cycle() {
            let (batch, after) = rest.split_at(size.min(rest.len()));
            let timed: Vec<u32> = (0u32..).zip(batch).filter(|(_, row)| !row.1[1]).map(|(at, _)| at).collect();
            let whole: Vec<_> = timed.iter().map(|&at| batch[at as usize]).collect();
            untimed += batch.len() - whole.len();
            let (found, seen) = partial_of_optional(&mut own, kind, batch, &marks);
            let (expected, passed) = partial_of_plain(&mut other, kind, &whole, &marks);
            prop_assert_eq!(&seen, &passed);
            let in_batch = |row: u32| timed[row as usize];
            let late: Vec<_> = expected.aside.late.iter().map(|&(row, mark)| (in_batch(row), mark)).collect();
            prop_assert_eq!(found.aside.late, late);
            prop_assert!(found.aside.outside.is_empty() && expected.aside.outside.is_empty());
            marks.extend(seen.iter().map(|mark| (mark.partition, mark.greatest)));
            own.merge(&found.state).unwrap();
            other.merge(&expected.state).unwrap();
            rest = after;
            if epoch || rest.is_empty() {
                let time = time_of(&marks);
                prop_assert_eq!(given(&mut own, time, groups), given(&mut other, time, groups));
                prop_assert_eq!(own.horizon(), other.horizon());
                prop_assert_eq!(own.close(time).unwrap().len(), other.close(time).unwrap().len());
                own.mark_clean();
                other.mark_clean();
                prop_assert_eq!(own.open_windows().unwrap(), other.open_windows().unwrap());
                if restart {
                    own = reloaded(&own, optional(kind, spec, groups), time);
                }
            }
            if rest.is_empty() {
                break;
            }
        }
        let untimed = i128::try_from(untimed).unwrap();
        let (excluded, others) = (own.excluded(), other.excluded());
        prop_assert_eq!((excluded[0], excluded[2], excluded[3]), (untimed, others[2] + untimed, untimed));
    }

    /// The entries are the same bytes for any batches, and in any order of them.
    #[test]
    fn law_batches(
        (kind, rows, window) in kind().prop_flat_map(|kind| (Just(kind), rows(kind, 40), window(kind))),
        places in prop::collection::vec(0..5u8, 40),
        groups in any::<bool>(),
    ) {
        let spec = spec(kind, window, None, false);
        let mut batches: BTreeMap<u8, Vec<Row>> = BTreeMap::new();
        for (row, place) in rows.iter().zip(places) {
            batches.entry(place).or_default().push(*row);
        }
        let (mut once, mut parts) = (optional(kind, spec, groups), optional(kind, spec, groups));
        let found = partial_of_optional(&mut once, kind, &rows, &Watermarks::new()).0.state;
        once.merge(&found).unwrap();
        for batch in batches.values().rev() {
            let found = partial_of_optional(&mut parts, kind, batch, &Watermarks::new()).0.state;
            parts.merge(&found).unwrap();
        }
        prop_assert_eq!(once.tracked().in_order(), parts.tracked().in_order());
        prop_assert_eq!(once.excluded(), parts.excluded());
    }

    /// Bytes that are cut or changed are refused, or merged as others would be, and never more.
    #[test]
    fn damaged_bytes_are_refused(
        (kind, rows, window) in kind().prop_flat_map(|kind| (Just(kind), rows(kind, 20), window(kind))),
        (at, bit) in (any::<prop::sample::Index>(), 0..8u8),
    ) {
        let spec = spec(kind, window, None, false);
        let mut state = optional(kind, spec, true);
        let whole = partial_of_optional(&mut state, kind, &rows, &Watermarks::new()).0.state;
        let end = at.index(whole.len());
        prop_assert!(state.merge(&whole[..end]).is_err());
        prop_assert!(state.tracked().in_order().is_empty());
        let mut changed = whole;
        changed[end] ^= 1 << bit;
        let _ = state.merge(&changed);
        let _ = given(&mut state, None, true);
    }
}

/// Whether times can be missing belongs to what is reduced: neither rows nor states go from one to the other.
#[test]
fn only_where_times_can_be_missing() {
    let kind = TimeKind::Int;
    let spec = spec(kind, Window::Last { rows: 3 }, None, false);
    let of = |untimed| {
        let none: [&[usize]; 2] = [&[], &[]];
        let keys: [KeyType; 0] = [];
        let counts = vec![Aggregate::Count];
        WindowReduction::with_missing((&keys, none[0]), (&[], none[1]), counts, (kind, untimed), spec)
            .unwrap()
    };
    let (mut own, mut other) = (of(true), of(false));
    let made = |missing: &[bool]| {
        let offsets = [5, 6];
        RowTimes::new(Times::Int(&[1, 2]), &[0, 0], &[], Some(&offsets), None).unwrap().without(missing)
    };
    assert!(matches!(made(&[true]), Err(Error::Columns(_))));
    let (some, all) = (made(&[true, false]).unwrap(), made(&[false, false]).unwrap());
    assert!(matches!(other.partial(&[], &some, &[], 2), Err(Error::Columns(_))));
    let found = own.partial(&[], &some, &[], 2).unwrap();
    own.merge(&found.state).unwrap();
    assert_eq!(own.open_windows().unwrap(), 1);
    assert!(matches!(other.merge(&found.state), Err(Error::Mismatch(_))));
    let plain = other.partial(&[], &all, &[], 2).unwrap();
    assert!(matches!(own.merge(&plain.state), Err(Error::Mismatch(_))));
    assert_eq!(own.excluded(), [1]);
}
