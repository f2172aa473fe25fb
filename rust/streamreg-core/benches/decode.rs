//! Decode, alone and with accumulation, against the bare parsing of the same numbers, in the same breath; every
//! answer is checked before it is timed.

#![allow(missing_docs, reason = "criterion's macros make public functions without any")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark stops when its answer is wrong")]

#[path = "support/points.rs"]
mod points;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use points::points;
use std::hint::black_box;
use std::ops::Range;
use streamreg_core::accumulate::Accumulator;
use streamreg_core::column::Numbers;
use streamreg_core::decimal::Decimal;
use streamreg_core::decode::{Column, ColumnType, Decoder, Value, avro, csv, json, protobuf};
use streamreg_core::moments::{Moments, Workspace};
use streamreg_core::time::write_datetime;
use streamreg_core::wire::Versioned;

const ROWS: usize = 100_000;

/// As a reader has them: one after the other in memory.
struct Messages {
    bytes: String,
    spans: Vec<Range<usize>>,
}

impl Messages {
    fn values(&self) -> Vec<Value<'_>> {
        self.spans.iter().map(|span| Some(self.bytes[span.clone()].as_bytes())).collect()
    }
}

fn messages(values: impl Iterator<Item = String>) -> Messages {
    let mut messages = Messages { bytes: String::new(), spans: Vec::new() };
    for value in values {
        let start = messages.bytes.len();
        messages.bytes.push_str(&value);
        messages.spans.push(start..messages.bytes.len());
    }
    messages
}

fn check(decoder: &Decoder, messages: &Messages, x: &[f64], y: &[f64]) {
    let batch = decoder.decode(&messages.values());
    let [Column::Float(first), Column::Float(second)] = &batch.columns[..] else {
        panic!("two columns of doubles")
    };
    assert!(first == x && second == y, "the decoded numbers are others");
}

fn names() -> Vec<String> {
    ["x", "y"].map(str::to_owned).to_vec()
}

fn schema(kind: &ColumnType) -> Vec<(String, ColumnType)> {
    names().into_iter().map(|name| (name, kind.clone())).collect()
}

/// What a worker does with a batch, but for writing its rows.
fn accumulate(decoder: &Decoder, messages: &Messages, scratch: &mut Workspace) -> Moments {
    let batch = decoder.decode(&messages.values());
    let [Column::Float(x), Column::Float(y)] = &batch.columns[..] else { panic!("two columns of doubles") };
    let mut moments = Moments::new(1).unwrap();
    moments.add_with(scratch, &[Numbers::Float(x), Numbers::Float(y)]).unwrap();
    moments
}

fn decode_csv(criterion: &mut Criterion) {
    let (x, y) = points(ROWS);
    let texts: Vec<(String, String)> =
        x.iter().zip(&y).map(|(x, y)| (x.to_string(), y.to_string())).collect();
    let plain = messages(texts.iter().map(|(x, y)| format!("{x},{y}")));
    let quoted = messages(texts.iter().map(|(x, y)| format!("\"{x}\",{y}")));
    let reader = csv::decoder(schema(&ColumnType::Float), &names()).unwrap();
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
            bencher.iter(|| reader.decode(black_box(&messages.values())));
        });
    }
    let mut scratch = Workspace::default();
    let mut wanted = Moments::new(1).unwrap();
    wanted.add(&[Numbers::Float(&x), Numbers::Float(&y)]).unwrap();
    assert_eq!(accumulate(&reader, &plain, &mut scratch).to_bytes(), wanted.to_bytes());
    group.bench_function("decode and accumulate", |bencher| {
        bencher.iter(|| accumulate(&reader, black_box(&plain), &mut scratch));
    });
    group.finish();
}

fn decode_decimals(criterion: &mut Criterion) {
    let (x, y) = points(ROWS);
    let texts: Vec<_> = x.iter().zip(&y).map(|(x, y)| format!("{:.2},{:.3}", x * 1e4, y * 1e4)).collect();
    let values = messages(texts.iter().cloned());
    let reader = |kind| csv::decoder(schema(&kind), &names()).unwrap();
    let (floats, decimals) = (reader(ColumnType::Float), reader(ColumnType::Decimal));
    let [Column::Decimal(first), _] = &decimals.decode(&values.values()).columns[..] else {
        panic!("decimals")
    };
    let read = Decimal::from_words(first[0]).unwrap();
    assert_eq!(Decimal::parse(texts[0].split(',').next().unwrap().as_bytes()), Ok(read));
    let mut group = criterion.benchmark_group("decode csv, two prices");
    group.throughput(Throughput::Elements(ROWS as u64));
    for (name, reader) in [("floats", &floats), ("decimals", &decimals)] {
        group.bench_function(name, |bencher| bencher.iter(|| reader.decode(black_box(&values.values()))));
    }
    group.finish();
}

fn decode_json(criterion: &mut Criterion) {
    let (x, y) = points(ROWS);
    let texts: Vec<String> = x.iter().zip(&y).map(|(x, y)| format!(r#"{{"x":{x},"y":{y}}}"#)).collect();
    let values = messages(texts.iter().cloned());
    let reader = json::decoder(schema(&ColumnType::Float)).unwrap();
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
    group.bench_function("decode", |bencher| bencher.iter(|| reader.decode(black_box(&values.values()))));
    group.finish();
}

/// The same rows behind the frame of a registry, with a field beside them that nobody wants; the rival is the text of the
/// same rows.
fn decode_framed(criterion: &mut Criterion) {
    let (x, y) = points(ROWS);
    let texts = x.iter().zip(&y).map(|(x, y)| format!(r#"{{"x":{x},"label":"a","y":{y}}}"#));
    let texts = messages(texts);
    let json = json::decoder(schema(&ColumnType::Float)).unwrap();
    check(&json, &texts, &x, &y);
    let avro = r#"{"type":"record","name":"R","fields":[{"name":"x","type":"double"},
        {"name":"label","type":"string"},{"name":"y","type":"double"}]}"#;
    let proto = r#"syntax = "proto3"; message R { double x = 1; string label = 2; double y = 3; }"#;
    let columns = || schema(&ColumnType::Float);
    let by_avro = avro::Reader::new(columns(), &[]).unwrap();
    let by_avro = by_avro.decoder(vec![(1, Ok((avro.to_owned(), Vec::new())))]);
    let by_protobuf = protobuf::Reader::new(columns(), &[]).unwrap();
    let by_protobuf = by_protobuf.decoder(vec![(1, Ok((proto.to_owned(), Vec::new())))]);
    for (name, reader, before, between) in [
        ("decode avro, two floats", by_avro, &b""[..], &b"\x02a"[..]),
        ("decode protobuf, two floats", by_protobuf, b"\x00\x09", b"\x12\x01a\x19"),
    ] {
        let (mut bytes, mut spans) = (Vec::new(), Vec::new());
        for (x, y) in x.iter().zip(&y) {
            let start = bytes.len();
            bytes.extend([0, 0, 0, 0, 1]);
            bytes.extend(before);
            bytes.extend(x.to_le_bytes());
            bytes.extend(between);
            bytes.extend(y.to_le_bytes());
            spans.push(start..bytes.len());
        }
        let values: Vec<Value<'_>> = spans.iter().map(|span| Some(&bytes[span.clone()])).collect();
        let batch = reader.decode(&values);
        let [Column::Float(first), Column::Float(second)] = &batch.columns[..] else { panic!("doubles") };
        assert!(*first == x && *second == y, "the decoded numbers are others");
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(ROWS as u64));
        group.bench_function("json of the same rows", |bencher| {
            bencher.iter(|| json.decode(black_box(&texts.values())));
        });
        group.bench_function("decode", |bencher| bencher.iter(|| reader.decode(black_box(&values))));
        group.finish();
    }
}

#[allow(clippy::cast_possible_truncation, reason = "microseconds of some thirty years")]
/// Two datetimes a message, in the common form; beside them the crate that the time zones are from.
fn decode_datetimes(criterion: &mut Criterion) {
    let (x, y) = points(ROWS);
    let text = |value: &f64| {
        let mut text = Vec::new();
        write_datetime((value * 1e15) as i64, &mut text);
        String::from_utf8_lossy(&text).into_owned()
    };
    let texts: Vec<[String; 2]> = x.iter().zip(&y).map(|(x, y)| [text(x), text(y)]).collect();
    let values = messages(texts.iter().map(|[x, y]| format!("{x},{y}")));
    let kind = ColumnType::named("datetime").unwrap();
    let reader = csv::decoder(schema(&kind), &names()).unwrap();
    assert_eq!(reader.decode(&values.values()).rows, ROWS);
    let mut group = criterion.benchmark_group("decode csv, two datetimes");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("bare jiff", |bencher| {
        bencher.iter(|| {
            for text in texts.iter().flatten() {
                black_box(text.parse::<jiff::Timestamp>().unwrap());
            }
        });
    });
    group.bench_function("decode", |bencher| bencher.iter(|| reader.decode(black_box(&values.values()))));
    group.finish();
}

criterion_group!(benches, decode_csv, decode_decimals, decode_json, decode_framed, decode_datetimes);
criterion_main!(benches);
