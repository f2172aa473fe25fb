//! The exact sum of a column, beside the plain sum in doubles.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may fail loudly, and is no library")]

mod support;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use streamreg_core::accumulate::Accumulator;
use streamreg_core::column::Numbers;
use streamreg_core::exact::ExactSum;
use streamreg_core::exact::sum::SumBins;
use streamreg_core::solve::total;
use support::normal;

const ROWS: usize = 1 << 16;

fn sum(c: &mut Criterion) {
    let mut group = c.benchmark_group("sum");
    group.throughput(Throughput::Elements(ROWS as u64));
    let values = normal(1, ROWS);
    let plain: f64 = values.iter().sum();
    let mut bins = SumBins::default();
    let mut exact = |batch: usize| {
        let mut sum = ExactSum::new();
        for part in values.chunks(batch) {
            sum.add_with(&mut bins, Numbers::Float(part)).unwrap();
        }
        total::sum(&sum)
    };
    assert!((exact(ROWS) - plain).abs() < 1e-6);
    assert_eq!(exact(ROWS).to_bits(), exact(10).to_bits());

    group.bench_function("doubles", |b| b.iter(|| black_box(&values).iter().sum::<f64>()));
    for batch in [ROWS, 1000, 100, 10] {
        group.bench_function(format!("exact by {batch}"), |b| b.iter(|| exact(batch)));
    }
}

criterion_group!(benches, sum);
criterion_main!(benches);
