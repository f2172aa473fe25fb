//! Adding rows to exact moments, beside Welford's update in doubles and the exact sums of the crate bitrep.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may fail loudly, and is no library")]

mod support;

use std::hint::black_box;

use bitrep::{CovF64, CovMatrixF64};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use streamreg_core::accumulate::Accumulator;
use streamreg_core::column::Numbers;
use streamreg_core::moments::{Moments, Workspace};
use streamreg_core::solve::solve;
use streamreg_core::wire::Versioned;
use support::{normal, uniform};

const ROWS: usize = 1 << 16;

/// Means and sums of squares of deviations in doubles, as updated row by row (B. P. Welford, 1962).
#[derive(Default)]
struct Welford {
    n: f64,
    mean_x: f64,
    mean_y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

impl Welford {
    fn add(&mut self, x: f64, y: f64) {
        self.n += 1.0;
        let (from_x, from_y) = (x - self.mean_x, y - self.mean_y);
        self.mean_x += from_x / self.n;
        self.mean_y += from_y / self.n;
        self.xx += from_x * (x - self.mean_x);
        self.xy += from_x * (y - self.mean_y);
        self.yy += from_y * (y - self.mean_y);
    }
}

fn exact(columns: &[Numbers<'_>], scratch: &mut Workspace, batch: usize) -> Moments {
    let mut moments = Moments::new(columns.len() - 1).unwrap();
    let rows = columns[0].len();
    for start in (0..rows).step_by(batch) {
        let end = (start + batch).min(rows);
        let part: Vec<_> = columns.iter().map(|column| column.rows(start..end)).collect();
        moments.add_with(scratch, &part).unwrap();
    }
    moments
}

fn line(c: &mut Criterion) {
    let mut group = c.benchmark_group("accumulate/line");
    group.throughput(Throughput::Elements(ROWS as u64));
    let noise = normal(1, ROWS);
    let spread = |(number, power): (f64, f64)| number * ((power - 0.5) * 800.0).exp2();
    let sets: [(&str, Vec<f64>); 5] = [
        ("uniform", uniform(2).take(ROWS).collect()),
        ("normal", normal(3, ROWS)),
        ("epoch", (0u32..).take(ROWS).map(|i| 1.7e9 + f64::from(i)).collect()),
        ("dummy", uniform(4).take(ROWS).map(f64::round).collect()),
        ("spread", normal(5, ROWS).into_iter().zip(uniform(6)).map(spread).collect()),
    ];
    for (name, x) in &sets {
        let y: Vec<_> = x.iter().zip(&noise).map(|(x, noise)| x / 2.0 + noise).collect();
        let columns = [Numbers::Float(x), Numbers::Float(&y)];
        let mut scratch = Workspace::default();
        let whole = exact(&columns, &mut scratch, ROWS);
        assert_eq!(whole.to_bytes(), exact(&columns, &mut scratch, 10).to_bytes());
        assert!(*name == "spread" || (solve(&whole).unwrap()[1] - 0.5).abs() < 0.1);

        group.bench_function(BenchmarkId::new("welford", name), |b| {
            b.iter(|| {
                let mut state = Welford::default();
                for (x, y) in x.iter().zip(&y) {
                    state.add(black_box(*x), black_box(*y));
                }
                (state.n, state.mean_x, state.mean_y, state.xx, state.xy, state.yy)
            });
        });
        // It refuses numbers from 2^512 on, and products near 2^-1000 it gets wrong.
        if *name != "spread" {
            group.bench_function(BenchmarkId::new("bitrep", name), |b| {
                b.iter(|| {
                    let mut state = CovF64::new();
                    for (x, y) in x.iter().zip(&y) {
                        state.add(black_box(*x), black_box(*y));
                    }
                    state
                });
            });
        }
        for batch in [ROWS, 1000, 100, 10] {
            group.bench_function(BenchmarkId::new(format!("exact by {batch}"), name), |b| {
                b.iter(|| exact(&columns, &mut scratch, batch));
            });
        }
    }
}

fn many(c: &mut Criterion) {
    let mut group = c.benchmark_group("accumulate/10 features");
    group.throughput(Throughput::Elements(ROWS as u64));
    let owned: Vec<_> = (10..21).map(|seed| normal(seed, ROWS)).collect();
    let columns: Vec<_> = owned.iter().map(|column| Numbers::Float(column)).collect();
    let mut scratch = Workspace::default();
    let whole = exact(&columns, &mut scratch, ROWS);
    assert_eq!(whole.to_bytes(), exact(&columns, &mut scratch, 10).to_bytes());

    let rows: Vec<[f64; 11]> = (0..ROWS).map(|row| std::array::from_fn(|at| owned[at][row])).collect();
    group.bench_function("doubles", |b| {
        b.iter(|| {
            let mut sums = [0.0; 11 + 66];
            for row in &rows {
                let mut at = 0;
                for (i, one) in row.iter().enumerate() {
                    sums[66 + i] += one;
                    for other in &row[i..] {
                        sums[at] += one * other;
                        at += 1;
                    }
                }
            }
            sums
        });
    });
    group.bench_function("bitrep", |b| {
        b.iter(|| {
            let mut state = CovMatrixF64::new(10);
            for row in &rows {
                state.add(&row[..10], row[10]);
            }
            state
        });
    });
    for batch in [ROWS, 1000, 100, 10] {
        group.bench_function(format!("exact by {batch}"), |b| {
            b.iter(|| exact(&columns, &mut scratch, batch));
        });
    }
}

criterion_group!(benches, line, many);
criterion_main!(benches);
