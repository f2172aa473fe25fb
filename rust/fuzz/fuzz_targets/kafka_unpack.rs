//! Whatever stands in a batch that is compressed, it is unpacked within the limit or is unusual. To be run with a limit
//! of what may be allocated at once (-malloc_limit_mb), too.

#![no_main]

#[path = "../support/kafka.rs"]
mod kafka;

use kafka::{MOST, batch, read_twice};
use libfuzzer_sys::fuzz_target;
use streamreg_kafka::Options;

fuzz_target!(|data: &[u8]| {
    let [codec, count, packed @ ..] = data else { return };
    let options = Options { check_crcs: false, most_unpacked: MOST, ..Options::default() };
    read_twice(&batch(1 + codec % 4, *count, packed), &[], options, 7);
});
