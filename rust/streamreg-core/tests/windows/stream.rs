//! A topic, and what windows make of it batch by batch, epoch by epoch.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::reduce::{Aggregate, Answer, KeyCell, KeyColumn, KeyType, Reduction, Statistic};
use streamreg_core::windows::{Moment, RowTimes, Spec, TimeKind, Times, Window, WindowReduction};

use crate::checkpoint::Disk;
use crate::support::{Rational, double, rational};

/// A row: partition, instance, time, feature and target.
#[derive(Clone, Debug)]
pub struct Event {
    pub partition: i32,
    pub key: i64,
    pub time: Moment,
    pub x: f64,
    pub y: f64,
}

/// The exact value of a time.
pub fn exact(moment: Moment) -> Rational {
    match moment {
        Moment::Int(value) => Rational::from_integer(value.into()),
        Moment::Float(value) => rational(value).unwrap(),
    }
}

/// Rows of times that these are, in the order in which they stand in the topic.
pub fn events(
    times: impl Strategy<Value = Moment> + 'static,
    most: usize,
) -> impl Strategy<Value = Vec<Event>> {
    // Some rows are excluded from what sums them; and many are equal, so that differences of windows vanish.
    let odd = prop::sample::select(vec![f64::NAN, f64::INFINITY]);
    let numbers = prop_oneof![6 => Just((1.0, 2.0)), 6 => (double(), double()), 1 => (odd, double())];
    let event = (0..3i32, 0..3i64, times, numbers).prop_map(|(partition, key, time, (x, y))| Event {
        partition,
        key,
        time,
        x,
        y,
    });
    prop::collection::vec(event, 0..most)
}

/// Aggregates that can be subtracted, or some that cannot.
pub fn aggregates(group: bool) -> Vec<Aggregate> {
    let mut all =
        vec![Aggregate::Count, Aggregate::Sum(0), Aggregate::Moments { features: vec![0], target: 1 }];
    if !group {
        all.extend([Aggregate::Min(0), Aggregate::Max(1)]);
    }
    all
}

pub fn statistics(group: bool) -> Vec<Statistic> {
    let mut all = vec![
        Statistic::new(0, "count", 0).unwrap(),
        Statistic::new(1, "sum", 0).unwrap(),
        Statistic::new(2, "coefficient", 1).unwrap(),
        Statistic::new(2, "regr_r2", 0).unwrap(),
    ];
    if !group {
        all.extend([Statistic::new(3, "min", 0).unwrap(), Statistic::new(4, "max", 0).unwrap()]);
    }
    all
}

pub fn reduction(kind: TimeKind, spec: Spec, group: bool) -> WindowReduction {
    WindowReduction::new(&[KeyType::Int], &[NumberType::Float; 2], aggregates(group), kind, spec).unwrap()
}

pub fn grid(origin: Moment, hop: Moment, duration: Moment) -> Window {
    Window::Grid { origin, hop, duration }
}

/// Windows whose results are given at once, and that are never closed.
pub fn plain(window: Window) -> Spec {
    Spec { window, delay: None, cutoff: None, is_final: false, keep_closed: false, labelled: false }
}

/// The times of rows, after these watermarks.
pub fn row_times(
    kind: TimeKind,
    events: &[Event],
    watermarks: &BTreeMap<i32, Moment>,
    bounds: Option<(Moment, Moment)>,
) -> RowTimes {
    let partitions: Vec<_> = events.iter().map(|event| event.partition).collect();
    let watermarks: Vec<_> = watermarks.iter().map(|(&partition, &time)| (partition, time)).collect();
    let ints: Vec<_> =
        events.iter().map(|event| if let Moment::Int(time) = event.time { time } else { 0 }).collect();
    let floats: Vec<_> =
        events.iter().map(|event| if let Moment::Float(time) = event.time { time } else { 0.0 }).collect();
    let times = match kind {
        TimeKind::Int => Times::Int(&ints),
        TimeKind::Datetime => Times::Datetime(&ints),
        TimeKind::Float => Times::Float(&floats),
    };
    RowTimes::new(times, &partitions, &watermarks, None, bounds).unwrap()
}

/// What batches of a topic come to.
#[derive(Debug, Default)]
pub struct Partials {
    pub states: Vec<Vec<u8>>,
    /// Rows, as they are counted in the topic.
    pub late: Vec<(usize, Moment)>,
    pub outside: Vec<usize>,
    pub watermarks: BTreeMap<i32, Moment>,
}

impl Partials {
    /// Adds that of the next batch.
    pub fn add(&mut self, worker: &mut WindowReduction, kind: TimeKind, events: &[Event], start: usize) {
        let times = row_times(kind, events, &self.watermarks, Some(worker.bounds()));
        let keys: Vec<_> = events.iter().map(|event| event.key).collect();
        let x: Vec<_> = events.iter().map(|event| event.x).collect();
        let y: Vec<_> = events.iter().map(|event| event.y).collect();
        let columns = [Numbers::Float(&x), Numbers::Float(&y)];
        let found = worker.partial(&[KeyColumn::Int(&keys)], &times, &columns, events.len()).unwrap();
        self.late.extend(found.aside.late.iter().map(|&(row, before)| (start + row as usize, before)));
        self.outside.extend(found.aside.outside.iter().map(|&row| start + row as usize));
        self.states.push(found.state);
        for mark in times.watermarks() {
            self.watermarks.insert(mark.partition, mark.greatest);
        }
    }
}

/// The results of a window, as text, in which NaN equals itself.
pub type Row = String;

/// What has come out of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The last results of each window, by its key.
    pub rows: BTreeMap<Vec<u8>, Row>,
    pub closed: BTreeSet<Vec<u8>>,
    pub partials: Partials,
    pub time: Option<Moment>,
}

/// The time of all partitions: the least of their watermarks, if all have one.
fn time_of(watermarks: &BTreeMap<i32, Moment>, partitions: &BTreeSet<i32>) -> Option<Moment> {
    let times: Option<Vec<_>> =
        partitions.iter().map(|partition| watermarks.get(partition).copied()).collect();
    times?.into_iter().min_by(|one, other| exact(*one).cmp(&exact(*other)))
}

/// Gives the results of an epoch, in pages, and closes what is to be closed.
pub fn epoch(
    parent: &mut WindowReduction,
    time: Option<Moment>,
    statistics: &[Statistic],
    outcome: &mut Outcome,
) {
    let due = parent.due(time).unwrap();
    let (mut start, page) = (0, 3);
    let mut last: Option<Vec<u8>> = None;
    while start < due {
        let found = parent.results(statistics, start..start + page).unwrap();
        assert_eq!(found.keys.len(), page.min(due - start));
        let mut present = 0;
        for (key, is) in found.keys.iter().zip(&found.present) {
            assert!(last.as_ref().is_none_or(|last| last < key), "windows come in order, each once");
            last = Some(key.clone());
            assert!(!outcome.closed.contains(key), "a closed window gets no result");
            if *is {
                let cells: Vec<_> = found.cells.iter().map(|column| column[present].clone()).collect();
                let answers: Vec<_> = found.columns.iter().map(|column| column[present].clone()).collect();
                outcome.rows.insert(key.clone(), row(&cells, &answers));
                present += 1;
            } else {
                outcome.rows.remove(key);
            }
        }
        start += page;
    }
    for key in parent.close(time).unwrap() {
        assert!(outcome.rows.contains_key(&key), "no window is closed that has no result");
        assert!(outcome.closed.insert(key), "no window is closed twice");
    }
    outcome.time = time;
}

pub fn row(cells: &[KeyCell], answers: &[Answer]) -> Row {
    format!("{cells:?} {answers:?}")
}

/// How a topic is run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The sizes of the batches, one after the other, again and again.
    pub sizes: Vec<usize>,
    /// An epoch ends after so many batches.
    pub epoch: usize,
    /// Whether the parent is made anew after each epoch, of what was stored.
    pub restarts: bool,
}

pub fn runs() -> impl Strategy<Value = Run> {
    (prop::collection::vec(1usize..9, 1..4), 1usize..5, any::<bool>())
        .prop_map(|(sizes, epoch, restarts)| Run { sizes, epoch, restarts })
}

/// Runs a topic through workers and a parent.
pub fn run(
    kind: TimeKind,
    spec: Spec,
    group: bool,
    events: &[Event],
    how: &Run,
) -> (Outcome, WindowReduction) {
    let new = || reduction(kind, spec, group);
    let partitions: BTreeSet<_> = events.iter().map(|event| event.partition).collect();
    let (mut worker, mut parent) = (new(), new());
    let mut outcome = Outcome::default();
    let (mut start, mut merged, mut disk) = (0, 0, Disk::default());
    for turn in 0.. {
        let end = (start + how.sizes[turn % how.sizes.len()]).min(events.len());
        outcome.partials.add(&mut worker, kind, &events[start..end], start);
        start = end;
        if (turn + 1) % how.epoch == 0 || start == events.len() {
            // In the order in which they did not come.
            for state in outcome.partials.states[merged..].iter().rev() {
                parent.merge(state).unwrap();
            }
            merged = outcome.partials.states.len();
            let time = time_of(&outcome.partials.watermarks, &partitions);
            epoch(&mut parent, time, &statistics(group), &mut outcome);
            disk.store(&mut parent);
            if how.restarts {
                let excluded = parent.excluded().to_vec();
                parent = new();
                parent.load(&disk.rows()).unwrap();
                parent.resume(time).unwrap();
                assert_eq!(parent.excluded(), excluded);
            }
        }
        if start == events.len() {
            return (outcome, parent);
        }
    }
    unreachable!("the batches are finite")
}

/// A plain reduction of these rows of a topic.
pub fn plain_reduction(rows: &[usize], events: &[Event], group: bool) -> Reduction {
    let mut plain = Reduction::new(&[NumberType::Float; 2], aggregates(group)).unwrap();
    let x: Vec<_> = rows.iter().map(|&row| events[row].x).collect();
    let y: Vec<_> = rows.iter().map(|&row| events[row].y).collect();
    plain.add(&[Numbers::Float(&x), Numbers::Float(&y)], rows.len()).unwrap();
    plain
}
