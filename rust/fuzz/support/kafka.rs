//! What the targets of the Kafka reader share: reading what has arrived to its end, in two ways that must agree.

#![allow(dead_code, reason = "each target uses its part of this")]

use bytes::Bytes;
use streamreg_kafka::{Aborted, Messages, Options, PartitionLog, Room, Span, Unpacker};

/// To what a batch may unpack here.
pub const MOST: usize = 1 << 20;

/// Offsets and values of messages, and where the log is then, or what is unusual about it.
type Found = (Vec<(i64, Option<Vec<u8>>)>, i64, Result<(), String>);

/// Reads the records of one response from offset 1 on: all at once and so many at a time give the same.
pub fn read_twice(records: &[u8], aborted: &[Aborted], options: Options, step: usize) {
    let all = read(records, aborted, options, 1 << 30);
    assert!(all.0.is_sorted_by(|one, next| one.0 < next.0), "each offset once");
    assert!(
        all.0.iter().all(|&(offset, _)| (1..all.1).contains(&offset)),
        "within the range, and before the next"
    );
    assert_eq!(all, read(records, aborted, options, step), "at any room");
}

fn read(records: &[u8], aborted: &[Aborted], options: Options, step: usize) -> Found {
    let span = Span { partition: 0, start: 1, end: Some(1 << 20), leader_epoch: None };
    let mut log = PartitionLog::new(span, options);
    let mut found = Vec::new();
    let mut unpacker = Unpacker::default();
    let mut outcome = log.push(Bytes::copy_from_slice(records), aborted.to_vec()).map(drop);
    while outcome.is_ok() && log.buffered() > 0 {
        let mut messages = Messages::default();
        let before = (log.next(), log.buffered());
        outcome = log.read(&mut Room { messages: step, bytes: 1 << 30 }, &mut unpacker, &mut messages);
        for index in 0..messages.len() {
            let _ = (messages.key(index), messages.headers(index), messages.timestamp(index));
        }
        found.extend(messages.offsets().zip(messages.values().map(|value| value.map(<[u8]>::to_vec))));
        assert!(outcome.is_err() || before != (log.next(), log.buffered()), "it goes on");
    }
    let next = log.next();
    log.reset();
    assert_eq!((log.fetch_offset(), log.buffered()), (next, 0));
    (found, next, outcome.map_err(|unusual| unusual.why))
}

/// A batch of these attributes whose header is right, from offset 0 to 99.
pub fn batch(attributes: u8, count: u8, records: &[u8]) -> Vec<u8> {
    let mut batch = vec![0; 61];
    batch[8..12].copy_from_slice(&(records.len() as u32 + 49).to_be_bytes());
    batch[16] = 2;
    batch[22] = attributes;
    batch[26] = 99;
    batch[60] = count.min(100);
    batch.extend(records);
    batch
}
