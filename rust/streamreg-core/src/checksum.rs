//! Beside the flow: the checksum over what is stored, which can be gone on with where it ended.

/// The CRC-32 of bytes (ISO 3309; as zlib and gzip have it) that follow others, of which `start` is that; 0 for none.
#[must_use]
pub fn crc32(start: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(start);
    hasher.update(bytes);
    hasher.finalize()
}
