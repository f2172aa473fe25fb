//! Brokers: what is asked of them, and what becomes of whatever they respond.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod broken;
mod cluster;
mod elections;
mod fetching;
mod randomly;
mod secured;
mod server;
mod topics;
mod whole;

use bytes::Bytes;
use cluster::Cluster;
use proptest::test_runner::{Config, RngSeed};
use std::time::{Duration, Instant};
use streamreg_kafka::fetcher::{Action, Fetcher, Node};
use streamreg_kafka::settings::Settings;
use streamreg_kafka::{Messages, Reader, Room, Span, Topics};
use support::read::{self, ALL};

/// Random tests are the same in every run.
fn config(cases: u32) -> Config {
    Config { cases, rng_seed: RngSeed::Fixed(14), failure_persistence: None, ..Config::default() }
}

fn settings(given: &[(&str, &str)]) -> Settings {
    Settings::of([("bootstrap.servers", "bootstrap:9092")].iter().chain(given).copied()).unwrap()
}

/// All of these partitions, for ever.
fn spans(partitions: i32) -> Vec<Span> {
    (0..partitions).map(|partition| Span { partition, start: 0, end: None, leader_epoch: None }).collect()
}

/// The messages as partition, offset and value.
fn plain(messages: &Messages) -> Vec<(i32, i64, String)> {
    let text = |value: Option<Vec<u8>>| String::from_utf8(value.unwrap()).unwrap();
    let all = read::plain(messages).into_iter();
    all.map(|message| (message.partition, message.offset, text(message.value))).collect()
}
