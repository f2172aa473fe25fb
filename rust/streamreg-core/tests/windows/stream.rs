//! A topic, what windows make of it batch by batch, and what they should by rational numbers.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::reduce::{Aggregate, Answer, KeyCell, KeyColumn, KeyType, Reduction, Statistic};
use streamreg_core::time::TimeType;
use streamreg_core::windows::{Moment, RowTimes, Spec, TimeKind, Times, Window, WindowReduction};

use crate::checkpoint::Disk;
use crate::support::{Rational, double, nearest, rational};

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
    let event = (0..3i32, 0..3i64, times, double(), double())
        .prop_map(|(partition, key, time, x, y)| Event { partition, key, time, x, y });
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
    Spec { window, delay: None, cutoff: None, is_final: false, keep_closed: false }
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
        let mut plain = Reduction::new(&[NumberType::Float; 2], aggregates(group)).unwrap();
        let x: Vec<_> = rows.iter().map(|&row| events[row].x).collect();
        let y: Vec<_> = rows.iter().map(|&row| events[row].y).collect();
        plain.add(&[Numbers::Float(&x), Numbers::Float(&y)], rows.len()).unwrap();
        let ends = [self.start(window.into()), self.end(window.into())].map(|end| self.shown(&end).unwrap());
        let answers: Vec<_> = ends.into_iter().chain(plain.answers(&statistics(group)).unwrap()).collect();
        row(&[KeyCell::Int(key)], &answers)
    }
}
