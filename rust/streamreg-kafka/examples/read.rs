//! Reads partitions of a topic up to an offset each, or for ever, and tells what came and how fast.
//!
//! `cargo run --release -p streamreg-kafka --example read -- TOPIC PARTITIONS END NAME=VALUE...`, where the last are
//! settings of librdkafka; an END of 0 is none.

use std::error::Error;
use std::time::{Duration, Instant};
use streamreg_kafka::settings::Settings;
use streamreg_kafka::{Reader, Room, Span, Topics};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [topic, partitions, end, given @ ..] = &arguments[..] else {
        return Err("expected TOPIC PARTITIONS END NAME=VALUE...".into());
    };
    let settings = Settings::of(given.iter().filter_map(|text| text.split_once('=')))?;
    let end = Some(end.parse()?).filter(|end| *end > 0);
    let span = |partition| Span { partition, start: 0, end, leader_epoch: None };
    let spans: Vec<_> = (0..partitions.parse()?).map(span).collect();
    let mut reader = Reader::new(settings, Topics::alone(topic, None, &spans), &spans);
    let room = Room { messages: 50_000, bytes: 4 << 20 };
    let (mut messages, mut bytes, mut batches) = (0usize, 0usize, 0usize);
    let mut began = None;
    while !reader.ended() {
        let Some(batch) = reader.read(Duration::from_secs(1), room)? else {
            println!("{messages} messages; logs end at {:?}", reader.log_ends());
            continue;
        };
        began.get_or_insert_with(Instant::now);
        messages += batch.messages.len();
        bytes += batch.messages.values().flatten().map(<[u8]>::len).sum::<usize>();
        batches += 1;
    }
    let seconds = began.map_or(0.0, |began| began.elapsed().as_secs_f64());
    println!(
        "{messages} messages, {bytes} bytes of values, {batches} batches, {seconds:.3} s after the first"
    );
    Ok(())
}
