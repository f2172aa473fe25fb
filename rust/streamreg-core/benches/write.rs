//! Write against the bare printing of the same numbers, in the same breath; the text is checked before it is timed.

#![allow(missing_docs, reason = "criterion's macros make public functions without any")]
#![allow(clippy::unwrap_used, reason = "a benchmark stops when its answer is wrong")]

#[path = "support/points.rs"]
mod points;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use points::points;
use std::fmt::Write as _;
use std::hint::black_box;
use streamreg_core::write::{Cells, Packed, render};

const ROWS: usize = 100_000;

fn write(criterion: &mut Criterion) {
    let (x, y) = points(ROWS);
    let columns = [Cells::Float(&x), Cells::Float(&y)];
    let packed = render(&columns).unwrap().into_bytes();
    let rows = Packed::from_bytes(&packed).unwrap();
    for (row, (x, y)) in rows.iter().zip(x.iter().zip(&y)) {
        let text = std::str::from_utf8(row).unwrap();
        let (first, second) = text.split_once(',').unwrap();
        assert_eq!((first.parse(), second.parse()), (Ok(*x), Ok(*y)), "the written numbers are others");
    }
    let mut group = criterion.benchmark_group("write, two floats");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("bare zmij", |bencher| {
        bencher.iter(|| {
            let mut buffer = zmij::Buffer::new();
            x.iter().zip(&y).map(|(&x, &y)| buffer.format(x).len() + buffer.format(y).len()).sum::<usize>()
        });
    });
    group.bench_function("bare ryu", |bencher| {
        bencher.iter(|| {
            let mut buffer = ryu::Buffer::new();
            x.iter().zip(&y).map(|(&x, &y)| buffer.format(x).len() + buffer.format(y).len()).sum::<usize>()
        });
    });
    group.bench_function("std", |bencher| {
        let mut text = String::new();
        bencher.iter(|| {
            text.clear();
            x.iter().zip(&y).for_each(|(x, y)| write!(text, "{x}{y}").unwrap());
            text.len()
        });
    });
    group.bench_function("render", |bencher| {
        bencher.iter(|| render(black_box(&columns)).unwrap().into_bytes());
    });
    group.finish();
}

criterion_group!(benches, write);
criterion_main!(benches);
