//! A regression for each row over a window of 252 rows: a row in, a row out, and the nearest doubles to the coefficients.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may fail loudly, and is no library")]

mod support;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use streamreg_core::accumulate::Accumulator;
use streamreg_core::column::Numbers;
use streamreg_core::infer::Statistic;
use streamreg_core::moments::Moments;
use streamreg_core::reduce::Regression;
use streamreg_core::rolling::{Frame, Rolling, Wanted, Width};
use streamreg_core::solve::solve;
use support::normal;

const ROWS: usize = 50_000;
const WINDOW: usize = 252;

/// Normal features, and last a target that is their sum and noise.
fn columns(features: usize) -> Vec<Vec<f64>> {
    let mut columns: Vec<_> = (0u64..).take(features + 1).map(|seed| normal(seed, ROWS)).collect();
    for row in 0..ROWS {
        columns[features][row] = columns.iter().map(|column| column[row]).sum();
    }
    columns
}

fn rolled(columns: &[Numbers<'_>]) -> Vec<Vec<f64>> {
    let ends = [ROWS];
    let frame = Frame { columns, present: None, ends: &ends, width: Width::Rows(WINDOW), half_life: None };
    let wanted = Wanted {
        statistics: (0..columns.len()).map(Statistic::Coefficient).collect(),
        regression: Regression { zeros: false, ..Regression::default() },
        min_rows: WINDOW,
        rows: None,
    };
    let mut rolling = Rolling::new(frame, wanted).unwrap();
    while rolling.advance().unwrap() {}
    rolling.results()
}

fn rolling(c: &mut Criterion) {
    let mut group = c.benchmark_group("rolling");
    for features in [1, 2, 5, 10] {
        let columns = columns(features);
        let numbers: Vec<_> = columns.iter().map(|column| Numbers::Float(column)).collect();
        let mut last = Moments::new(features).unwrap();
        last.add(&numbers.iter().map(|column| column.rows(ROWS - WINDOW..ROWS)).collect::<Vec<_>>()).unwrap();
        let found: Vec<_> = rolled(&numbers).iter().map(|column| column[ROWS - 1]).collect();
        assert_eq!(Some(found), solve(&last));
        group.throughput(Throughput::Elements(ROWS as u64));
        group.bench_function(BenchmarkId::new("features", features), |b| {
            b.iter(|| rolled(black_box(&numbers)));
        });
    }
    group.finish();
}

criterion_group!(benches, rolling);
criterion_main!(benches);
