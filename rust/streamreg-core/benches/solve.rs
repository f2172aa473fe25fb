//! Solving exact moments: a line in fixed width, several features by elimination; and all that follows; beside the crate
//! bitrep's exact solution of the same rows.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may fail loudly, and is no library")]

mod support;

use std::hint::black_box;

use bitrep::CovMatrixF64;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use streamreg_core::accumulate::Accumulator;
use streamreg_core::column::Numbers;
use streamreg_core::gram::Gram;
use streamreg_core::infer::{Fit, Model, Statistic};
use streamreg_core::moments::Moments;
use streamreg_core::solve::{multi, solve};
use support::normal;

const ROWS: usize = 100_000;

/// Normal features, and last a target that is their sum and noise.
fn columns(features: usize) -> Vec<Vec<f64>> {
    let mut columns: Vec<_> = (0u64..).take(features + 1).map(|seed| normal(seed, ROWS)).collect();
    for row in 0..ROWS {
        columns[features][row] = columns.iter().map(|column| column[row]).sum();
    }
    columns
}

fn ours(columns: &[Vec<f64>]) -> Moments {
    let mut moments = Moments::new(columns.len() - 1).unwrap();
    moments.add(&columns.iter().map(|column| Numbers::Float(column)).collect::<Vec<_>>()).unwrap();
    moments
}

fn theirs(columns: &[Vec<f64>]) -> CovMatrixF64 {
    let (target, features) = columns.split_last().unwrap();
    let mut moments = CovMatrixF64::new(features.len());
    for (row, y) in target.iter().enumerate() {
        moments.add(&features.iter().map(|column| column[row]).collect::<Vec<_>>(), *y);
    }
    moments
}

fn solving(c: &mut Criterion) {
    let mut group = c.benchmark_group("solve");
    for features in [1, 5, 10, 20] {
        let columns = columns(features);
        let moments = ours(&columns);
        let solution = solve(&moments).unwrap();
        assert_eq!(Some(&solution), multi::solve(&moments).as_ref());
        assert!(solution[1..].iter().all(|slope| (slope - 1.0).abs() < 0.1));
        group.bench_function(BenchmarkId::new("features", features), |b| {
            b.iter(|| solve(black_box(&moments)));
        });
        // Its cost grows with the fourth power of the features: with 20 it takes a second.
        if features <= 10 {
            let rival = theirs(&columns);
            assert!(
                rival.regression_exact().iter().filter(|slope| (*slope - 1.0).abs() < 0.1).count()
                    >= features
            );
            group.bench_function(BenchmarkId::new("bitrep", features), |b| {
                b.iter(|| black_box(&rival).regression_exact());
            });
        }
        if features == 1 {
            group.bench_function("line by elimination", |b| {
                b.iter(|| multi::solve(black_box(&moments)));
            });
        }
    }
}

/// Everything that a table of a regression shows: coefficients, their evidence, and the statistics of the fit.
fn inferring(c: &mut Criterion) {
    let mut group = c.benchmark_group("infer");
    for features in [1, 10] {
        let moments = ours(&columns(features));
        let of_fit = ["r2", "adjusted_r2", "f_p_value", "aic"].map(|name| (name, 0..1));
        let size = features + 1;
        let of_coefficients = ["coefficient", "std_error", "t", "p_value", "ci_low", "ci_high"];
        let asked: Vec<_> = of_fit.into_iter().chain(of_coefficients.map(|name| (name, 0..size))).collect();
        group.bench_function(BenchmarkId::new("features", features), |b| {
            b.iter(|| {
                let fit = Fit::new(Gram::of(black_box(&moments)), Model::default()).unwrap();
                for (name, indexes) in &asked {
                    for at in indexes.clone() {
                        let statistic = Statistic::named(name, at, 0).unwrap();
                        assert!(fit.statistic(statistic, 0.95).unwrap().is_some());
                    }
                }
            });
        });
    }
}

criterion_group!(benches, solving, inferring);
criterion_main!(benches);
