//! Decode and write against the bare parsing and printing of the same numbers, in the same breath; every
//! answer is checked before it is timed.

#![allow(missing_docs, reason = "criterion's macros make public functions without any")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark stops when its answer is wrong")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use streamreg_core::decimal::Decimal;
use streamreg_core::decode::{Column, ColumnType, Decoder, Format, Messages};
use streamreg_core::write::{Cells, Packed, render};

const ROWS: usize = 100_000;

/// Two columns of doubles with 16 or 17 digits, the same in every run.
fn points() -> (Vec<f64>, Vec<f64>) {
    // The multiplicative generator of Lewis, Goodman and Miller (1969).
    let mut state = 1u64;
    let mut next = move || {
        state = state * 16_807 % 2_147_483_647;
        f64::from(u32::try_from(state).unwrap()) / 2_147_483_647.0
    };
    (0..ROWS).map(|_| (next(), next() * 0.9)).unzip()
}

fn messages(values: impl Iterator<Item = String>) -> Messages {
    let mut messages = Messages::with_capacity(ROWS, 40 * ROWS);
    for value in values {
        messages.push(Some(value.as_bytes())).unwrap();
    }
    messages
}

fn check(decoder: &Decoder, messages: &Messages, x: &[f64], y: &[f64]) {
    let batch = decoder.decode(messages);
    let [Column::Float(first), Column::Float(second)] = &batch.columns[..] else {
        panic!("two columns of doubles")
    };
    assert!(first == x && second == y, "the decoded numbers are others");
}

fn decoder(format: Format) -> Decoder {
    let names = ["x", "y"].map(str::to_owned);
    let header = (format == Format::Csv).then(|| names.to_vec());
    Decoder::new(format, names.map(|name| (name, ColumnType::Float)).to_vec(), header).unwrap()
}

fn decode_csv(criterion: &mut Criterion) {
    let (x, y) = points();
    let texts: Vec<(String, String)> =
        x.iter().zip(&y).map(|(x, y)| (x.to_string(), y.to_string())).collect();
    let plain = messages(texts.iter().map(|(x, y)| format!("{x},{y}")));
    let quoted = messages(texts.iter().map(|(x, y)| format!("\"{x}\",{y}")));
    let reader = decoder(Format::Csv);
    let mut group = criterion.benchmark_group("decode csv, two floats");
    group.throughput(Throughput::Elements(ROWS as u64));

    // The rival knows where each number is, and only parses: one buffer, as the messages have.
    let (mut joined, mut ends) = (String::new(), Vec::new());
    for (x, y) in &texts {
        for number in [x, y] {
            joined += number;
            ends.push(joined.len());
        }
    }
    group.bench_function("bare fast_float2", |bencher| {
        bencher.iter(|| {
            let mut start = 0;
            let mut sum = 0.0;
            for &end in &ends {
                sum += fast_float2::parse::<f64, _>(&joined.as_bytes()[start..end]).unwrap();
                start = end;
            }
            black_box(sum)
        });
    });
    for (name, messages) in [("decode", &plain), ("decode, quoted", &quoted)] {
        check(&reader, messages, &x, &y);
        group.bench_with_input(BenchmarkId::from_parameter(name), messages, |bencher, messages| {
            bencher.iter(|| reader.decode(black_box(messages)));
        });
    }
    group.finish();
}

fn decode_decimals(criterion: &mut Criterion) {
    let (x, y) = points();
    let texts: Vec<_> = x.iter().zip(&y).map(|(x, y)| format!("{:.2},{:.3}", x * 1e4, y * 1e4)).collect();
    let values = messages(texts.iter().cloned());
    let names = ["x", "y"].map(str::to_owned);
    let columns = |kind| names.clone().map(|name| (name, kind)).to_vec();
    let reader = |kind| Decoder::new(Format::Csv, columns(kind), Some(names.to_vec())).unwrap();
    let (floats, decimals) = (reader(ColumnType::Float), reader(ColumnType::Decimal));
    let [Column::Decimal(first), _] = &decimals.decode(&values).columns[..] else { panic!("decimals") };
    let read = Decimal::from_words(first[0]).unwrap();
    assert_eq!(Decimal::parse(texts[0].split(',').next().unwrap().as_bytes()), Ok(read));
    let mut group = criterion.benchmark_group("decode csv, two prices");
    group.throughput(Throughput::Elements(ROWS as u64));
    for (name, reader) in [("floats", &floats), ("decimals", &decimals)] {
        group.bench_function(name, |bencher| bencher.iter(|| reader.decode(black_box(&values))));
    }
    group.finish();
}

fn decode_json(criterion: &mut Criterion) {
    let (x, y) = points();
    let texts: Vec<String> = x.iter().zip(&y).map(|(x, y)| format!(r#"{{"x":{x},"y":{y}}}"#)).collect();
    let values = messages(texts.iter().cloned());
    let reader = decoder(Format::Json);
    check(&reader, &values, &x, &y);
    let mut group = criterion.benchmark_group("decode json, two floats");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("serde_json::Value", |bencher| {
        bencher.iter(|| {
            for text in &texts {
                black_box(serde_json::from_str::<serde_json::Value>(text).unwrap());
            }
        });
    });
    group.bench_function("decode", |bencher| bencher.iter(|| reader.decode(black_box(&values))));
    group.finish();
}

fn write(criterion: &mut Criterion) {
    let (x, y) = points();
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
            let mut length = 0;
            for (&x, &y) in x.iter().zip(&y) {
                length += buffer.format(x).len();
                length += buffer.format(y).len();
            }
            black_box(length)
        });
    });
    group.bench_function("render", |bencher| {
        bencher.iter(|| render(black_box(&columns)).unwrap().into_bytes());
    });
    group.finish();
}

criterion_group!(benches, decode_csv, decode_decimals, decode_json, write);
criterion_main!(benches);
