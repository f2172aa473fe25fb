//! Decode: numbers of at most 64 bits in seven bits a byte, the lowest first, as Avro and Protobuf write them.

/// The number that the bytes begin with, which are moved on behind it; or why there is none.
#[inline]
pub(super) fn varint(bytes: &mut &[u8]) -> Result<u64, &'static str> {
    let mut bits = 0u64;
    for shift in (0..70).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or("ends too early")?;
        *bytes = rest;
        let part = u64::from(byte & 0x7f);
        // The tenth byte has room for one bit.
        if shift == 63 && part > 1 {
            break;
        }
        bits |= part << shift;
        if byte < 0x80 {
            return Ok(bits);
        }
    }
    Err("a number of more than 64 bits")
}

/// The number whose sign is in the lowest bit.
#[inline]
pub(super) fn unzigzag(bits: u64) -> i64 {
    (bits >> 1).cast_signed() ^ -(bits & 1).cast_signed()
}
