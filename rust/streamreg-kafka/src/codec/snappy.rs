//! Read, unpacking: snappy, as one block (<https://github.com/google/snappy/blob/main/format_description.txt>) or in the
//! framing of snappy-java, which the Java client writes: a header of 16 bytes, then blocks, each after its length.

use snap::raw::{Decoder, decompress_len};

use super::Fault;

const JAVA_MAGIC: &[u8] = b"\x82SNAPPY\0";
/// With the two versions after the magic.
const JAVA_HEADER: usize = 16;

/// A block cannot be as small as its size divided by this: three bytes copy at most 64.
const MOST_RATIO: usize = 22;

pub(super) fn unpack(packed: &[u8], most: usize) -> Result<Vec<u8>, Fault> {
    let mut records = Vec::new();
    // As librdkafka decides.
    if packed.len() > JAVA_HEADER + 4
        && packed.starts_with(JAVA_MAGIC)
        && let Some(mut rest) = packed.get(JAVA_HEADER..)
    {
        while !rest.is_empty() {
            let (length, after) = rest.split_first_chunk().ok_or_else(cut)?;
            let length = usize::try_from(u32::from_be_bytes(*length)).map_err(Fault::damaged)?;
            let (block, after) = after.split_at_checked(length).ok_or_else(cut)?;
            unpack_block(block, &mut records, most)?;
            rest = after;
        }
    } else {
        unpack_block(packed, &mut records, most)?;
    }
    Ok(records)
}

fn unpack_block(block: &[u8], records: &mut Vec<u8>, most: usize) -> Result<(), Fault> {
    let size = decompress_len(block).map_err(Fault::damaged)?;
    let start = records.len();
    let end = start.checked_add(size).filter(|&end| end <= most).ok_or(Fault::TooLarge)?;
    if size / MOST_RATIO > block.len() {
        return Err(Fault::damaged(format!("a block of {} bytes says that it holds {size}", block.len())));
    }
    records.resize(end, 0);
    let room = records.get_mut(start..).unwrap_or_default();
    let unpacked = Decoder::new().decompress(block, room).map_err(Fault::damaged)?;
    if unpacked != size {
        return Err(cut());
    }
    Ok(())
}

fn cut() -> Fault {
    Fault::damaged("it is cut off")
}
