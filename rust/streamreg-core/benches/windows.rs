//! A regression of a thousand keys alone, and by windows of time too: partials, merging, results and closing.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may fail loudly, and is no library")]

mod support;

use std::ops::Range;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::reduce::{Aggregate, KeyColumn, KeyType, KeyedReduction, Statistic};
use streamreg_core::windows::{Moment, RowTimes, Spec, TimeKind, Times, Window, WindowReduction};
use support::{normal, uniform};

const ROWS: usize = 1 << 20;
/// What a worker reads at a time.
const BATCH: usize = 1 << 14;
/// Batches of an epoch.
const EPOCH: usize = 8;
const KEYS: f64 = 1000.0;
const SECOND: i64 = 1_000_000;
const TYPES: [NumberType; 2] = [NumberType::Float; 2];

struct Rows {
    keys: Vec<i64>,
    times: Vec<i64>,
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Rows {
    /// Rows of an hour, one after another.
    fn new() -> Self {
        #[allow(clippy::cast_possible_truncation, reason = "the number of a key is meant")]
        let keys = uniform(7).take(ROWS).map(|number| (number * KEYS) as i64).collect();
        let step = 3600 * SECOND / (1 << 20);
        let times = (0..1 << 20).map(|row| row * step).collect();
        Self { keys, times, x: normal(8, ROWS), y: normal(9, ROWS) }
    }

    fn columns(&self, batch: Range<usize>) -> ([KeyColumn<'_>; 1], [Numbers<'_>; 2]) {
        let columns = [&self.x, &self.y].map(|column| Numbers::Float(&column[batch.clone()]));
        ([KeyColumn::Int(&self.keys[batch])], columns)
    }
}

fn aggregates() -> Vec<Aggregate> {
    vec![Aggregate::Count, Aggregate::Moments { features: vec![0], target: 1 }]
}

fn statistics() -> Vec<Statistic> {
    vec![Statistic::new(1, "coefficient", 0).unwrap(), Statistic::new(1, "coefficient", 1).unwrap()]
}

/// Results of all rows by key alone; how many there were.
fn by_key(rows: &Rows) -> usize {
    let mut reduction = KeyedReduction::new(&[KeyType::Int], &TYPES, aggregates()).unwrap();
    let mut results = 0;
    for turn in 0..ROWS / BATCH {
        let (keys, columns) = rows.columns(turn * BATCH..(turn + 1) * BATCH);
        let partial = reduction.partial(&keys, &columns, BATCH).unwrap();
        reduction.merge(&partial).unwrap();
        if turn % EPOCH == EPOCH - 1 {
            let changed = reduction.tracked_mut().changed();
            results += reduction.answers(&statistics(), 0..changed).unwrap().keys.len();
            reduction.mark_clean();
        }
    }
    results
}

/// The same by windows, each of which gives its result once.
fn by_window(rows: &Rows, hop: i64, duration: i64) -> usize {
    let [origin, hop, duration] = [0, hop, duration].map(|seconds| Moment::Int(seconds * SECOND));
    let window = Window::Grid { origin, hop, duration };
    let spec = Spec {
        window,
        delay: None,
        cutoff: Some(Moment::Int(0)),
        is_final: true,
        keep_closed: false,
        labelled: false,
    };
    let mut reduction =
        WindowReduction::new(&[KeyType::Int], &TYPES, aggregates(), TimeKind::Datetime, spec).unwrap();
    let (mut results, partitions, mut watermarks) = (0, vec![0; BATCH], Vec::new());
    for turn in 0..ROWS / BATCH {
        let batch = turn * BATCH..(turn + 1) * BATCH;
        let times = Times::Datetime(&rows.times[batch.clone()]);
        let times = RowTimes::new(times, &partitions, &watermarks, None, Some(reduction.bounds())).unwrap();
        let (keys, columns) = rows.columns(batch);
        let partial = reduction.partial(&keys, &times, &columns, BATCH).unwrap();
        watermarks = times.watermarks().iter().map(|mark| (mark.partition, mark.greatest)).collect();
        reduction.merge(&partial.state).unwrap();
        if turn % EPOCH == EPOCH - 1 {
            let time = watermarks.first().map(|&(_, time)| time);
            let due = reduction.due(time).unwrap();
            results += reduction.results(&statistics(), 0..due).unwrap().keys.len();
            assert_eq!(reduction.close(time).unwrap().len(), due);
            reduction.mark_clean();
        }
    }
    results
}

fn windows(c: &mut Criterion) {
    let mut group = c.benchmark_group("windows");
    group.sample_size(10).throughput(Throughput::Elements(ROWS as u64));
    let rows = Rows::new();
    group.bench_function(BenchmarkId::from_parameter("by key alone"), |b| b.iter(|| by_key(&rows)));
    for (name, hop, duration) in [("tumbling", 60, 60), ("sliding, 60 panes", 60, 3600)] {
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| by_window(&rows, hop, duration));
        });
    }
}

criterion_group!(benches, windows);
criterion_main!(benches);
