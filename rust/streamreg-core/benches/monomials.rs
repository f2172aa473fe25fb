//! Adding rows to sums of monomials: weights, decimals, powers; beside plain moments.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may fail loudly, and is no library")]

mod support;

use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use streamreg_core::accumulate::Accumulator;
use streamreg_core::column::{Decimals, NumberType, Numbers};
use streamreg_core::decimal::Decimal;
use streamreg_core::moments::{self, Moments};
use streamreg_core::monomials::{Monomials, Power, Terms, Workspace};
use streamreg_core::wire::Versioned;
use support::{normal, uniform};

const ROWS: usize = 1 << 14;

/// Numbers as they are written with so many digits behind the point.
fn decimals(numbers: &[f64], digits: usize) -> Vec<[i64; 3]> {
    let parsed =
        numbers.iter().map(|number| Decimal::parse(format!("{number:.digits$}").as_bytes()).unwrap());
    parsed.map(Decimal::to_words).collect()
}

fn terms(kind: NumberType, degree: u32, weighted: bool) -> Arc<Terms> {
    let columns = vec![kind; 2 + usize::from(weighted)];
    let features = (1..=degree).map(|power| Power { column: 0, power }).collect();
    Arc::new(Terms::new(columns, features, 1, weighted.then_some(2)).unwrap())
}

fn accumulate(c: &mut Criterion) {
    let mut group = c.benchmark_group("monomials");
    group.throughput(Throughput::Elements(ROWS as u64));
    let (x, noise) = (normal(1, ROWS), normal(2, ROWS));
    let y: Vec<_> = x.iter().zip(&noise).map(|(x, noise)| x / 2.0 + noise).collect();
    let weights: Vec<_> = uniform(3).take(ROWS).collect();
    let floats = [Numbers::Float(&x), Numbers::Float(&y), Numbers::Float(&weights)];
    let (prices, amounts) = (decimals(&x, 2), decimals(&y, 3));
    let (long, longer) = (decimals(&x, 15), decimals(&y, 15));
    let of = |words| Numbers::Decimal(Decimals::new(words).unwrap());

    let mut scratch = moments::Workspace::default();
    group.bench_function("moments", |b| {
        b.iter(|| {
            let mut moments = Moments::new(1).unwrap();
            moments.add_with(&mut scratch, &floats[..2]).unwrap();
            moments
        });
    });
    let cases = [
        ("doubles", terms(NumberType::Float, 1, false), floats[..2].to_vec()),
        ("weights", terms(NumberType::Float, 1, true), floats.to_vec()),
        ("powers up to 10", terms(NumberType::Float, 10, false), floats[..2].to_vec()),
        ("decimals of 2 and 3 places", terms(NumberType::Decimal, 1, false), vec![of(&prices), of(&amounts)]),
        ("decimals of 15 places", terms(NumberType::Decimal, 1, false), vec![of(&long), of(&longer)]),
        ("decimals, powers up to 10", terms(NumberType::Decimal, 10, false), vec![of(&prices), of(&amounts)]),
    ];
    for (name, terms, columns) in cases {
        let mut workspace = Workspace::default();
        let mut whole = Monomials::new(terms);
        whole.add_with(&mut workspace, &columns).unwrap();
        let mut pieces = Monomials::new(Arc::new(whole.terms().clone()));
        for start in (0..ROWS).step_by(10) {
            let part: Vec<_> =
                columns.iter().map(|column| column.rows(start..(start + 10).min(ROWS))).collect();
            pieces.add_with(&mut workspace, &part).unwrap();
        }
        assert_eq!(whole.to_bytes(), pieces.to_bytes());
        group.bench_function(name, |b| {
            b.iter(|| {
                whole.clear();
                whole.add_with(&mut workspace, &columns).unwrap();
            });
        });
    }
}

criterion_group!(benches, accumulate);
criterion_main!(benches);
