//! Predicting rows from an exact fit, in twice the digits of doubles and, beside it, exactly from the first.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may fail loudly, and is no library")]

mod support;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use streamreg_core::accumulate::Accumulator;
use streamreg_core::column::Numbers;
use streamreg_core::gram::Gram;
use streamreg_core::infer::{Fit, Interval, Model};
use streamreg_core::moments::Moments;
use support::normal;

const ROWS: usize = 4096;

/// Features, the first of them a time, and last a target that is their sum and noise.
fn columns(features: usize) -> Vec<Vec<f64>> {
    let mut columns: Vec<_> = (0u64..).take(features + 1).map(|seed| normal(seed, ROWS)).collect();
    for row in 0..ROWS {
        columns[features][row] = columns.iter().map(|column| column[row]).sum();
        columns[0][row] = (1.7e12 + 1e6 * columns[0][row]).round();
    }
    columns
}

fn predicting(c: &mut Criterion) {
    for features in [1, 5] {
        let columns = columns(features);
        let numbers: Vec<_> = columns.iter().map(|column| Numbers::Float(column)).collect();
        let (target, asked) = numbers.split_last().unwrap();
        let mut moments = Moments::new(features).unwrap();
        moments.add(&numbers).unwrap();
        let fit = || Fit::new(Gram::of(&moments), Model::default()).unwrap();
        let (near, exact) = (fit(), fit().exactly());
        assert_eq!(near.predict(asked), exact.predict(asked));
        assert_eq!(near.residuals(asked, target), exact.residuals(asked, target));
        let prediction = Interval::Prediction;
        assert_eq!(near.intervals(asked, prediction, 0.9), exact.intervals(asked, prediction, 0.9));

        let mut group = c.benchmark_group("predict");
        group.throughput(Throughput::Elements(ROWS as u64));
        for (way, fit) in [("near", &near), ("exact", &exact)] {
            let name = |what: &str| BenchmarkId::new(format!("{what} {way}"), features);
            group.bench_function(name("values"), |b| b.iter(|| fit.values(black_box(asked))));
            group.bench_function(name("errors"), |b| b.iter(|| fit.predict(black_box(asked))));
            group.bench_function(name("residuals"), |b| b.iter(|| fit.residuals(black_box(asked), target)));
            group.bench_function(name("intervals"), |b| {
                b.iter(|| fit.intervals(black_box(asked), prediction, 0.9));
            });
        }
        group.finish();

        // What a fit is made ready with, for the first row.
        let mut group = c.benchmark_group("predict one");
        let one: Vec<_> = asked.iter().map(|column| column.rows(0..1)).collect();
        let target = target.rows(0..1);
        for (way, exactly) in [("near", false), ("exact", true)] {
            group.bench_function(BenchmarkId::new(way, features), |b| {
                b.iter(|| {
                    let fit = if exactly { fit().exactly() } else { fit() };
                    fit.residuals(black_box(&one), &target)
                });
            });
        }
        group.bench_function(BenchmarkId::new("fit alone", features), |b| b.iter(fit));
        group.finish();
    }
}

criterion_group!(benches, predicting);
criterion_main!(benches);
