//! Solving exact moments: a line in fixed width, several features by elimination.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may fail loudly, and is no library")]

mod support;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use streamreg_core::column::Numbers;
use streamreg_core::moments::Moments;
use streamreg_core::solve::{multi, solve};
use support::normal;

const ROWS: usize = 100_000;

/// Moments of normal features, and a target that is their sum and noise.
fn moments(features: u64) -> Moments {
    let mut columns: Vec<_> = (0..=features).map(|seed| normal(seed, ROWS)).collect();
    for row in 0..ROWS {
        columns[usize::try_from(features).unwrap()][row] = columns.iter().map(|column| column[row]).sum();
    }
    let mut moments = Moments::new(usize::try_from(features).unwrap()).unwrap();
    moments.add(&columns.iter().map(|column| Numbers::Float(column)).collect::<Vec<_>>()).unwrap();
    moments
}

fn solving(c: &mut Criterion) {
    let mut group = c.benchmark_group("solve");
    for features in [1, 5, 10, 20] {
        let moments = moments(features);
        let solution = solve(&moments).unwrap();
        assert_eq!(Some(&solution), multi::solve(&moments).as_ref());
        assert!(solution[1..].iter().all(|slope| (slope - 1.0).abs() < 0.1));
        group.bench_function(BenchmarkId::new("features", features), |b| {
            b.iter(|| solve(black_box(&moments)));
        });
        if features == 1 {
            group.bench_function("line by elimination", |b| {
                b.iter(|| multi::solve(black_box(&moments)));
            });
        }
    }
}

criterion_group!(benches, solving);
criterion_main!(benches);
