//! Whatever stands in a batch with a right header, its records are walked to their end or are unusual.

#![no_main]

#[path = "../support/kafka.rs"]
mod kafka;

use kafka::{MOST, batch, read_twice};
use libfuzzer_sys::fuzz_target;
use streamreg_kafka::{Isolation, Options};

fuzz_target!(|data: &[u8]| {
    let [count, control, records @ ..] = data else { return };
    let options = Options { isolation: Isolation::ReadCommitted, check_crcs: false, most_unpacked: MOST };
    let attributes = if control % 8 == 0 { 0x30 } else { 0x10 };
    read_twice(&batch(attributes, *count, records), &[], options, 1 + usize::from(control >> 4));
});
