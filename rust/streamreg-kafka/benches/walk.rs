//! Read, beside what it is made of: messages of 37 bytes walked out of responses of 1 MB, plain and packed, against the
//! checksum of the same bytes and the bare unpacking; every answer is checked before it is timed.

#![allow(missing_docs, reason = "criterion's macros make public functions without any")]
#![allow(clippy::unwrap_used, reason = "a benchmark stops when its answer is wrong")]

#[path = "../tests/support/mod.rs"]
mod support;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use streamreg_kafka::{Messages, Options, PartitionLog, Room, Span, Unpacker};
use support::pack::Packing;
use support::write::{Batch, Record};

const MESSAGES: i64 = 100_000;

/// Batches of so many messages, as the tutorial's job has them: two numbers as CSV.
fn response(batch: i64, packing: Packing) -> Bytes {
    let value = |offset: i64| {
        let noise = offset.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15);
        format!("0.{:018},0.{:018}", noise >> 8, noise.rotate_left(32) >> 8)
    };
    let batches = (0..MESSAGES / batch).map(|index| {
        let base = index * batch;
        let records = (0..batch).map(|delta| Record::new(delta, &value(base + delta).into_bytes()[..37]));
        Batch { packing, ..Batch::new(base, records.collect()) }
    });
    Bytes::from(batches.flat_map(|batch| batch.bytes()).collect::<Vec<_>>())
}

/// All messages, as a reader takes them: 20,000 at a time. Returns their number and the bytes of their values.
fn walk(response: &Bytes, unpacker: &mut Unpacker) -> (usize, usize) {
    let span = Span { partition: 0, start: 0, end: None, leader_epoch: None };
    let mut log = PartitionLog::new(span, Options::default());
    log.push(response.clone(), Vec::new()).unwrap();
    let (mut count, mut bytes) = (0, 0);
    while log.buffered() > 0 {
        let mut messages = Messages::default();
        log.read(&mut Room { messages: 20_000, bytes: 4 << 20 }, unpacker, &mut messages).unwrap();
        count += messages.len();
        bytes += messages.values().flatten().map(<[u8]>::len).sum::<usize>();
    }
    (count, bytes)
}

fn walks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("walk");
    group.throughput(Throughput::Elements(MESSAGES.cast_unsigned()));
    let mut unpacker = Unpacker::default();
    let plain = response(500, Packing::Plain);
    group.bench_function("bare checksum", |bencher| bencher.iter(|| crc32c::crc32c(black_box(&plain))));
    for (name, batch, packing) in [
        ("plain", 500, Packing::Plain),
        ("plain, 5 a batch", 5, Packing::Plain),
        ("lz4", 500, Packing::Lz4),
        ("lz4 linked", 500, Packing::Lz4Linked),
        ("zstd", 500, Packing::Zstd),
        ("snappy", 500, Packing::Snappy),
        ("gzip", 500, Packing::Gzip),
    ] {
        let response = response(batch, packing);
        assert_eq!(walk(&response, &mut unpacker), (100_000, 3_700_000));
        group.bench_with_input(BenchmarkId::from_parameter(name), &response, |bencher, response| {
            bencher.iter(|| walk(black_box(response), &mut unpacker));
        });
    }
    group.finish();
}

criterion_group!(benches, walks);
criterion_main!(benches);
