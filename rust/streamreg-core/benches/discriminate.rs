//! Scoring rows by the exact moments of classes: labels, probabilities, and both of a table's rows.

#![allow(
    clippy::cast_possible_wrap,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark may fail loudly, and is no library"
)]

mod support;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use streamreg_core::accumulate::Accumulator as _;
use streamreg_core::classes::{Classes, Label, Labelled};
use streamreg_core::column::Numbers;
use streamreg_core::discriminant::{Discriminant, Method, Model, Predictor, Scores};
use support::normal;

const ROWS: usize = 4096;
const FEATURES: usize = 5;

fn discriminating(c: &mut Criterion) {
    for count in [2, 10] {
        let codes: Vec<_> = (0..count).cycle().take(ROWS).collect();
        let labels: Vec<_> = (0..count).map(Label::Int).collect();
        let column = |seed: u16| {
            let plain = normal(seed.into(), ROWS).into_iter().zip(&codes);
            // Each class has its mean in each feature, and its spread.
            let moved = plain.map(|(noise, code)| {
                let code = i32::try_from((code * (i64::from(seed) + 1)) % count).unwrap();
                noise * (1.0 + f64::from(code) * 0.1) + f64::from(code)
            });
            moved.collect::<Vec<f64>>()
        };
        let columns: Vec<_> = (0..).take(FEATURES).map(column).collect();
        let numbers: Vec<_> = columns.iter().map(|column| Numbers::Float(column)).collect();
        let mut classes = Classes::new(FEATURES).unwrap();
        classes.add(Labelled { labels: &labels, codes: &codes, columns: &numbers }).unwrap();
        for (name, method) in
            [("linear", Method::Linear), ("quadratic", Method::Quadratic), ("bayes", Method::Bayes)]
        {
            let model = Model::of(method);
            let discriminant = Discriminant::of(&classes, &model, None).unwrap();
            let predictor = Predictor::of(&classes, &model, None).unwrap();
            let mut group = c.benchmark_group("discriminate");
            group.throughput(Throughput::Elements(ROWS as u64));
            let scorer = discriminant.scorer();
            for (what, asked) in [("scores", Scores::Scores), ("posteriors", Scores::Posteriors)] {
                let id = BenchmarkId::new(format!("{name} {what}"), count);
                group.bench_function(id, |b| b.iter(|| scorer.rows(black_box(&numbers), asked)));
            }
            let id = BenchmarkId::new(format!("{name} table"), count);
            group.bench_function(id, |b| b.iter(|| predictor.rows(black_box(&numbers), &codes)));
            group.finish();
        }
    }
}

criterion_group!(benches, discriminating);
criterion_main!(benches);
