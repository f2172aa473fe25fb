//! Any bytes as states and packed rows: an error, or a state that has just these bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use streamreg_core::changelog::Changelog;
use streamreg_core::write::stamp;

fuzz_target!(|data: &[u8]| {
    let _ = stamp(data, 0, 1);
    for bytes in [data.to_vec(), with_checksum(data)] {
        if let Ok(changelog) = Changelog::from_bytes(&bytes) {
            assert_eq!(changelog.to_bytes(), bytes);
        }
    }
});

/// Random bytes hardly ever have the right checksum: it is added, so that what lies behind it is tried.
fn with_checksum(data: &[u8]) -> Vec<u8> {
    let mut bytes = data.to_vec();
    bytes.extend_from_slice(&crc32fast::hash(data).to_le_bytes());
    bytes
}
