//! Read, unpacking: gzip (RFC 1952), one member.

use flate2::bufread::GzDecoder;
use std::io::Read;

use super::Fault;

pub(super) fn unpack(packed: &[u8], most: usize) -> Result<Vec<u8>, Fault> {
    let mut decoder = GzDecoder::new(packed);
    let mut records = Vec::new();
    // One byte more tells that it is too much.
    let room = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    decoder.by_ref().take(room).read_to_end(&mut records).map_err(Fault::damaged)?;
    if records.len() > most {
        return Err(Fault::TooLarge);
    }
    // What follows, clients read differently.
    if !decoder.into_inner().is_empty() {
        return Err(Fault::damaged("there is more after its end"));
    }
    records.shrink_to_fit();
    Ok(records)
}
