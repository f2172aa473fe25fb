//! Whatever a broker sends as the records of a response, with whatever aborted transactions: reading it ends, nothing is
//! delivered twice, and how much is read at a time changes nothing.

#![no_main]

#[path = "../support/kafka.rs"]
mod kafka;

use kafka::{MOST, read_twice};
use libfuzzer_sys::fuzz_target;
use streamreg_kafka::{Aborted, Isolation, Options};

fuzz_target!(|data: &[u8]| {
    let [how, count, rest @ ..] = data else { return };
    let (list, records) = rest.split_at(rest.len().min(usize::from(count % 8) * 2));
    let aborted: Vec<_> = list
        .chunks_exact(2)
        .map(|pair| Aborted { producer_id: i64::from(pair[0]), first_offset: i64::from(pair[1]) })
        .collect();
    let isolation = if how & 1 == 0 { Isolation::ReadCommitted } else { Isolation::ReadUncommitted };
    let options = Options { isolation, check_crcs: how & 2 != 0, most_unpacked: MOST };
    read_twice(records, &aborted, options, 1 + usize::from(how >> 4));
});
