//! Any responses of brokers, in any order, with losses and pauses between: responses of random bytes, and right ones that
//! are damaged somewhere.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use streamreg_kafka::fetcher::{Action, Fetcher, Node};
use streamreg_kafka::settings::Settings;
use streamreg_kafka::{Messages, Room, Span, Topics};

const TOPIC_ID: [u8; 16] = *b"0123456789abcdef";

/// The next byte of the input; it goes on with zeros.
fn next(input: &mut &[u8]) -> u8 {
    let Some((first, rest)) = input.split_first() else { return 0 };
    *input = rest;
    *first
}

fn some<'a>(input: &mut &'a [u8]) -> &'a [u8] {
    let length = usize::from(next(input)).min(input.len());
    let (some, rest) = input.split_at(length);
    *input = rest;
    some
}

/// The body of a response about two brokers and two partitions.
fn metadata(epoch: u8, leaders: u8) -> Vec<u8> {
    let mut body = vec![0; 5];
    body.push(3);
    for id in 0..2 {
        body.extend([0, 0, 0, id, 2, b'h', 0, 0, 0x23, 0x84, 0, 0]);
    }
    body.extend([0, 0, 0, 0, 0, 2, 0, 0, 2, b't']);
    body.extend(TOPIC_ID);
    body.extend([0, 3]);
    for index in 0..2 {
        let leader = (leaders >> index) & 1;
        body.extend([0, 0, 0, 0, 0, index, 0, 0, 0, leader, 0, 0, 0, epoch, 1, 1, 1, 0]);
    }
    body.extend([0x80, 0, 0, 0, 0, 0]);
    body
}

/// The body of a response with a batch of these records for each of two partitions, from an offset on.
fn fetched(offset: u8, epoch: u8, code: u8, records: &[u8]) -> Vec<u8> {
    let mut body = vec![0; 11];
    body.push(2);
    body.extend(TOPIC_ID);
    body.push(3);
    for index in 0..2 {
        body.extend([0, 0, 0, index, 0, code]);
        body.extend([0, 0, 0, 0, 0, 0, 1, 0].repeat(2));
        body.extend([0; 8]);
        body.push(1);
        body.extend([0xff; 4]);
        let batch = batch(offset, epoch, records);
        body.extend([0x80 | u8::try_from((batch.len() + 1) % 128).unwrap_or(0)]);
        body.push(u8::try_from((batch.len() + 1) / 128).unwrap_or(0));
        body.extend(batch);
        body.push(0);
    }
    body.extend([0, 0]);
    body
}

/// A batch of records that begin with their lengths, each of at most 63 bytes; its checksum is not looked at.
fn batch(offset: u8, epoch: u8, records: &[u8]) -> Vec<u8> {
    let mut framed = Vec::new();
    let mut count = 0;
    for value in records.chunks(40) {
        let length = u8::try_from(value.len()).unwrap_or(0);
        // Attributes, deltas, no key, the value, no headers.
        framed.extend([(length + 6) * 2, 0, 0, count * 2, 1, length * 2]);
        framed.extend(value);
        framed.push(0);
        count += 1;
    }
    let mut batch = vec![0, 0, 0, 0, 0, 0, 0, offset];
    batch.extend((u32::try_from(framed.len()).unwrap_or(0) + 49).to_be_bytes());
    batch.extend([0, 0, 0, epoch, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, count.saturating_sub(1)]);
    batch.extend([0; 16]);
    batch.extend([0xff; 14]);
    batch.extend([0, 0, 0, count]);
    batch.extend(framed);
    batch
}

fuzz_target!(|data: &[u8]| {
    let mut input = data;
    let given = [("bootstrap.servers", "a:1,b:2"), ("check.crcs", "false"), ("fetch.max.bytes", "600")];
    let settings = Settings::of(given).expect("known settings");
    let span = |partition| Span { partition, start: 0, end: Some(40), leader_epoch: None };
    let spans = [0, 1].map(span);
    let mut fetcher = Fetcher::new(&settings, Topics::alone("t", None, &spans), &spans);
    let (began, mut now) = (Instant::now(), Duration::ZERO);
    let mut open: BTreeMap<Node, Vec<u8>> = BTreeMap::new();
    let mut last = BTreeMap::from([(0, -1i64), (1, -1)]);
    while !input.is_empty() {
        let time = began + now;
        match fetcher.due(time) {
            Err(_) => return,
            Ok(actions) => {
                for action in actions {
                    match action {
                        Action::Ask { node, request, .. } => {
                            assert!(open.insert(node, request).is_none(), "one request at a time");
                        }
                        Action::Close(node) => {
                            open.remove(&node);
                        }
                    }
                }
            }
        }
        let wake_at = fetcher.wake_at(time);
        assert!(wake_at.is_none_or(|at| at > time), "it is not woken for nothing");
        let what = next(&mut input);
        let node = open.keys().nth(usize::from(what >> 4) % open.len().max(1)).copied();
        let mut respond = |node: Node, mut body: Vec<u8>, input: &mut &[u8]| {
            let request = open.remove(&node).expect("it was asked");
            let at = usize::from(next(input)) * 2;
            if let Some(byte) = body.get_mut(at) {
                *byte ^= next(input);
            }
            // Its number, and no tagged fields.
            let frame: Vec<u8> = request[8..12].iter().copied().chain([0]).chain(body).collect();
            fetcher.respond(node, frame.into(), time)
        };
        let outcome = match (what & 15, node) {
            (0..4, Some(node)) => {
                let body = metadata(next(&mut input) & 3, next(&mut input));
                respond(node, body, &mut input)
            }
            (4..8, Some(node)) => {
                let (offset, epoch, code) = (next(&mut input), next(&mut input) & 3, next(&mut input) & 7);
                let body = fetched(offset, epoch, code, some(&mut input));
                respond(node, body, &mut input)
            }
            (8, Some(node)) => {
                let body = some(&mut input).to_vec();
                respond(node, body, &mut input)
            }
            (9, Some(node)) => {
                open.remove(&node);
                fetcher.lose(node, "lost", time)
            }
            (10, Some(node)) => {
                fetcher.arriving(node, time);
                Ok(())
            }
            (11..13, _) => {
                now += Duration::from_millis(u64::from(next(&mut input)) * 20);
                Ok(())
            }
            _ => {
                let room = Room { messages: usize::from(next(&mut input)), bytes: 1 << 20 };
                if !deliver(&mut fetcher, room, &mut last) {
                    return;
                }
                Ok(())
            }
        };
        if outcome.is_err() {
            return;
        }
    }
    // Whatever happened, it does not fall asleep.
    if deliver(&mut fetcher, Room { messages: 1 << 20, bytes: 1 << 30 }, &mut last)
        && let Ok(actions) = fetcher.due(began + now)
    {
        let wakes = fetcher.wake_at(began + now).is_some();
        assert!(fetcher.ended() || wakes || !actions.is_empty() || !open.is_empty());
    }
});

/// Delivers messages, and looks at their offsets; whether the logs could be read.
fn deliver(fetcher: &mut Fetcher, mut room: Room, last: &mut BTreeMap<i32, i64>) -> bool {
    let mut messages = Messages::default();
    let read = fetcher.deliver(&mut room, &mut messages);
    for (partition, offset) in messages.partitions().zip(messages.offsets()) {
        let last = last.get_mut(&partition).expect("one that was asked for");
        assert!(*last < offset && offset < 40, "each message once, in order, before the end");
        *last = offset;
    }
    read.is_ok()
}
