//! Adding rows to the exact moments of many keys: a worker's partials, and the parent's merging of them.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may fail loudly, and is no library")]

mod support;

use std::ops::Range;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::reduce::{Aggregate, KeyColumn, KeyType, KeyedReduction, Reduction};
use support::{normal, uniform};

const ROWS: usize = 1 << 20;
/// What a worker reads at a time.
const BATCH: usize = 1 << 16;

fn aggregates() -> Vec<Aggregate> {
    vec![Aggregate::Count, Aggregate::Moments { features: vec![0], target: 1 }]
}

fn keyed() -> KeyedReduction {
    KeyedReduction::new(&[KeyType::Int], &[NumberType::Float; 2], aggregates()).unwrap()
}

fn batches() -> impl Iterator<Item = Range<usize>> {
    (0..ROWS).step_by(BATCH).map(|start| start..start + BATCH)
}

struct Rows {
    keys: Vec<i64>,
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Rows {
    /// Rows whose keys are drawn from so many, or come one after another.
    fn new(keys: u32, in_runs: bool) -> Self {
        #[allow(clippy::cast_possible_truncation, reason = "the number of a key is meant")]
        let draw = |number: f64| (number * f64::from(keys)) as i64;
        let mut drawn: Vec<i64> = uniform(7).take(ROWS).map(draw).collect();
        if in_runs {
            drawn.sort_unstable();
        }
        Self { keys: drawn, x: normal(8, ROWS), y: normal(9, ROWS) }
    }

    fn partials(&self, reduction: &mut KeyedReduction) -> Vec<Vec<u8>> {
        batches().map(|batch| self.partial(reduction, batch)).collect()
    }

    fn partial(&self, reduction: &mut KeyedReduction, batch: Range<usize>) -> Vec<u8> {
        let columns = [Numbers::Float(&self.x[batch.clone()]), Numbers::Float(&self.y[batch.clone()])];
        reduction.partial(&[KeyColumn::Int(&self.keys[batch])], &columns, BATCH).unwrap()
    }
}

fn merged(partials: &[Vec<u8>]) -> KeyedReduction {
    let mut reduction = keyed();
    for partial in partials {
        reduction.merge(partial).unwrap();
    }
    reduction
}

fn partial(c: &mut Criterion) {
    let mut group = c.benchmark_group("keyed/partial");
    group.sample_size(10).throughput(Throughput::Elements(ROWS as u64));
    let whole =
        [Rows::new(1, false), Rows::new(100, false), Rows::new(100_000, true), Rows::new(100_000, false)];
    for (name, rows) in ["1 key", "100 keys", "100,000 in runs", "100,000 at random"].iter().zip(&whole) {
        let mut reduction = keyed();
        let again = merged(&rows.partials(&mut reduction));
        let columns = [Numbers::Float(&rows.x), Numbers::Float(&rows.y)];
        let at_once = reduction.partial(&[KeyColumn::Int(&rows.keys)], &columns, ROWS).unwrap();
        assert_eq!(again.to_bytes(), at_once);
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| rows.partials(&mut reduction));
        });
    }
    let rows = &whole[0];
    let mut plain = Reduction::new(&[NumberType::Float; 2], aggregates()).unwrap();
    group.bench_function("no keys", |b| {
        b.iter(|| {
            for start in (0..ROWS).step_by(BATCH) {
                let rows = [&rows.x, &rows.y].map(|column| Numbers::Float(&column[start..start + BATCH]));
                plain.add(&rows, BATCH).unwrap();
            }
            plain.take()
        });
    });
}

fn merge(c: &mut Criterion) {
    let mut group = c.benchmark_group("keyed/merge");
    group.sample_size(10).throughput(Throughput::Elements(ROWS as u64));
    for keys in [100, 100_000] {
        let partials = Rows::new(keys, false).partials(&mut keyed());
        group.bench_function(BenchmarkId::from_parameter(keys), |b| {
            b.iter_batched(
                || merged(&partials),
                |mut reduction| {
                    for partial in &partials {
                        reduction.merge(partial).unwrap();
                    }
                    reduction
                },
                BatchSize::PerIteration,
            );
        });
    }
}

/// What a million keys take, in bytes and in memory: printed, not timed.
fn memory(_: &mut Criterion) {
    let rows = Rows::new(1_000_000, false);
    let (mut worker, mut reduction) = (keyed(), keyed());
    let before = resident();
    for batch in batches() {
        reduction.merge(&rows.partial(&mut worker, batch)).unwrap();
        reduction.tracked_mut().mark_clean();
    }
    let keys = reduction.tracked().len();
    println!(
        "keyed/memory: {keys} keys, each of {} bytes of state and {} bytes resident",
        reduction.to_bytes().len() / keys,
        (resident() - before) / keys
    );
}

/// The process's resident bytes, where the system tells.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

criterion_group!(benches, partial, merge, memory);
criterion_main!(benches);
