//! Read, one batch: its unpacked records, walked as far as there is room.

use bytes::Bytes;
use std::ops::Range;

use crate::batch::Header;
use crate::log::Room;
use crate::messages::{Common, Messages};
use crate::record::{self, LEAST};

/// A batch whose records are being delivered.
#[derive(Debug)]
pub(crate) struct Opened {
    pub header: Header,
    partition: i32,
    /// Where the records stand, and from where to where those do that were not walked yet.
    buffer: Bytes,
    place: Range<usize>,
    /// How many these are.
    left: u32,
    /// The least offset that the next one may have, from the base offset on.
    least_delta: u32,
}

/// Why a walk has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// There is no room for another message.
    Full,
    /// The batch is done: what is left of it, if anything, lies past the end.
    Done,
}

impl Opened {
    /// The records of a batch stand at this place of a buffer, which is shorter than 2 GiB.
    pub(crate) fn new(header: Header, partition: i32, buffer: Bytes, place: Range<usize>) -> Self {
        Self { header, partition, buffer, place, left: header.records, least_delta: 0 }
    }

    /// How many bytes are not walked yet.
    pub(crate) fn len(&self) -> usize {
        self.place.len()
    }

    /// Delivers the messages whose offsets are in `wanted`, as far as there is room; the start of `wanted` is moved past
    /// each. Where a record is damaged, those before it are delivered.
    pub(crate) fn walk(
        &mut self,
        wanted: &mut Range<i64>,
        room: &mut Room,
        into: &mut Messages,
    ) -> Result<Stop, String> {
        let most = self.place.len() / LEAST;
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(most).min(room.messages);
        into.begin(&self.buffer, self.common(), most);
        let stop = self.walk_each(wanted, room, into);
        into.end();
        stop
    }

    fn walk_each(
        &mut self,
        wanted: &mut Range<i64>,
        room: &mut Room,
        into: &mut Messages,
    ) -> Result<Stop, String> {
        let base = self.header.base_offset;
        let last_delta = self.header.last_offset - base;
        let bytes = self.buffer.get(..self.place.end).unwrap_or_default();
        while self.left > 0 {
            if room.messages == 0 || room.bytes == 0 {
                return Ok(Stop::Full);
            }
            let (entry, end) =
                record::read(bytes, self.place.start).ok_or_else(|| "a record is damaged".to_owned())?;
            let delta = i64::from(entry.offset_delta);
            if entry.offset_delta < self.least_delta || delta > last_delta {
                return Err(format!(
                    "a record of a batch up to offset {} has offset {}",
                    base + last_delta,
                    base.saturating_add(delta)
                ));
            }
            let offset = base + delta;
            if offset >= wanted.end {
                return Ok(Stop::Done);
            }
            if offset >= wanted.start {
                into.push(entry);
                room.messages -= 1;
                room.bytes = room.bytes.saturating_sub(end - self.place.start);
                wanted.start = offset + 1;
            }
            self.least_delta = entry.offset_delta + 1;
            self.place.start = end;
            self.left -= 1;
        }
        if self.place.is_empty() {
            Ok(Stop::Done)
        } else {
            Err("a batch has more bytes than records".to_owned())
        }
    }

    fn common(&self) -> Common {
        Common {
            partition: self.partition,
            base_offset: self.header.base_offset,
            base_timestamp: self.header.base_timestamp,
            max_timestamp: self.header.max_timestamp,
            append_time: self.header.append_time(),
        }
    }
}
