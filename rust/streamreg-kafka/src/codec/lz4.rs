//! Read, unpacking: lz4, in its frame format
//! (<https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md>), one frame.
//!
//! The blocks are unpacked one after the other to where they stay: those of librdkafka refer to what is before them.

use lz4_flex::block::{decompress_into, decompress_into_with_dict};
use twox_hash::XxHash32;

use super::Fault;

const MAGIC: u32 = 0x184D_2204;
/// How far back a block may refer to.
const WINDOW: usize = 64 * 1024;
/// A block cannot be as small as its size divided by this: a byte lengthens a copy by at most 255.
const MOST_RATIO: usize = 255;
/// Of the length of a block: it is not compressed.
const STORED: u32 = 1 << 31;

/// The header of a frame.
struct Frame {
    independent: bool,
    block_checksums: bool,
    content_checksum: bool,
    content_size: Option<u64>,
    /// Of a block, unpacked.
    most: usize,
}

pub(super) fn unpack(packed: &[u8], most: usize) -> Result<Vec<u8>, Fault> {
    let mut rest = packed;
    let frame = Frame::read(&mut rest)?;
    let mut records = Vec::new();
    loop {
        let word = word(&mut rest)?;
        if word == 0 {
            break;
        }
        let length = usize::try_from(word & !STORED).map_err(Fault::damaged)?;
        let block = take(&mut rest, length)?;
        if frame.block_checksums && self::word(&mut rest)? != XxHash32::oneshot(0, block) {
            return Err(Fault::damaged("a block does not have its checksum"));
        }
        if length > frame.most {
            return Err(Fault::damaged("a block is larger than its frame allows"));
        }
        if word & STORED == 0 {
            frame.unpack_block(block, &mut records)?;
        } else {
            records.extend_from_slice(block);
        }
        if records.len() > most {
            return Err(Fault::TooLarge);
        }
    }
    if frame.content_checksum && self::word(&mut rest)? != XxHash32::oneshot(0, &records) {
        return Err(Fault::damaged("it does not have its checksum"));
    }
    if frame.content_size.is_some_and(|size| usize::try_from(size) != Ok(records.len())) {
        return Err(Fault::damaged("it does not have its size"));
    }
    if !rest.is_empty() {
        return Err(Fault::damaged("there is more after its end"));
    }
    records.shrink_to_fit();
    Ok(records)
}

impl Frame {
    fn read(rest: &mut &[u8]) -> Result<Self, Fault> {
        if word(rest)? != MAGIC {
            return Err(Fault::damaged("it is no frame"));
        }
        let descriptor = *rest;
        let &[flags, sizes] = take(rest, 2)? else { return Err(cut()) };
        let flag = |bit: u8| flags >> bit & 1 == 1;
        // The version; reserved bits; a dictionary, which nobody could know.
        if flags >> 6 != 1 || flag(1) || flag(0) || sizes & 0b1000_1111 != 0 {
            return Err(Fault::damaged(format!("its header is {flags:08b} {sizes:08b}")));
        }
        let content_size = if flag(3) {
            let size = take(rest, 8)?.first_chunk().ok_or_else(cut)?;
            Some(u64::from_le_bytes(*size))
        } else {
            None
        };
        let hashed = descriptor.get(..descriptor.len() - rest.len()).unwrap_or_default();
        let [_, _, checksum, _] = XxHash32::oneshot(0, hashed).to_be_bytes();
        if take(rest, 1)? != [checksum] {
            return Err(Fault::damaged("its header does not have its checksum"));
        }
        let most = match sizes >> 4 {
            code @ 4..=7 => 1 << (2 * code + 8),
            code => return Err(Fault::damaged(format!("its blocks are of size {code}"))),
        };
        Ok(Self {
            independent: flag(5),
            block_checksums: flag(4),
            content_checksum: flag(2),
            content_size,
            most,
        })
    }

    fn unpack_block(&self, block: &[u8], records: &mut Vec<u8>) -> Result<(), Fault> {
        let start = records.len();
        let room = self.most.min(block.len().saturating_mul(MOST_RATIO));
        records.resize(start.saturating_add(room), 0);
        let (before, room) = records.split_at_mut(start);
        let size = if self.independent {
            decompress_into(block, room)
        } else {
            decompress_into_with_dict(
                block,
                room,
                before.get(start.saturating_sub(WINDOW)..).unwrap_or_default(),
            )
        }
        .map_err(Fault::damaged)?;
        records.truncate(start.saturating_add(size));
        Ok(())
    }
}

fn word(rest: &mut &[u8]) -> Result<u32, Fault> {
    let word = take(rest, 4)?.first_chunk().ok_or_else(cut)?;
    Ok(u32::from_le_bytes(*word))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Fault> {
    let (taken, after) = rest.split_at_checked(length).ok_or_else(cut)?;
    *rest = after;
    Ok(taken)
}

fn cut() -> Fault {
    Fault::damaged("it is cut off")
}
