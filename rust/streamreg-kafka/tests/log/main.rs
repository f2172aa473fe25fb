//! The log of one partition: what it delivers, of whatever arrives.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod differential;
mod hostile;
mod laws;
mod model;
mod packed;
mod seeds;
mod traps;

use bytes::Bytes;
use proptest::test_runner::{Config, RngSeed};
use streamreg_kafka::{
    Aborted, Isolation, Messages, Options, PartitionLog, Pushed, Room, Span, Unpacker, Unusual,
};
use support::pack::{self, Packing};
use support::read::{self, Message};
use support::write::{self, Batch, Record};

/// Random tests are the same in every run.
fn config(cases: u32) -> Config {
    Config { cases, rng_seed: RngSeed::Fixed(14), failure_persistence: None, ..Config::default() }
}

/// The log of partition 3, from `start` on.
fn log(start: i64, end: Option<i64>) -> PartitionLog {
    log_with(start, end, Options::default())
}

fn log_with(start: i64, end: Option<i64>, options: Options) -> PartitionLog {
    PartitionLog::new(Span { partition: 3, start, end, leader_epoch: Some(0) }, options)
}

fn joined(batches: &[Batch]) -> Vec<u8> {
    batches.iter().flat_map(Batch::bytes).collect()
}

fn values(messages: &[Message]) -> Vec<Option<&[u8]>> {
    messages.iter().map(|message| message.value.as_deref()).collect()
}

fn offsets(messages: &[Message]) -> Vec<i64> {
    messages.iter().map(|message| message.offset).collect()
}

/// Why reading this, as the only response, is left to another client.
fn why(records: Vec<u8>) -> String {
    read::read(&mut log(0, None), records, &[]).expect_err("it is unusual").why
}
