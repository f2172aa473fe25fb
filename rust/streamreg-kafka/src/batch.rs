//! Read, batches: what stands before the records of one, and whether it arrived whole.
//!
//! The layout: <https://kafka.apache.org/documentation/#recordbatch>, the format with the magic byte 2.

use crate::codec::Codec;
use crate::record::APPEND_TIME;

/// The bytes before the records.
pub(crate) const HEADER: usize = 61;

/// The bytes that its length does not count: the base offset and the length itself.
const BEFORE_LENGTH: usize = 12;
/// Where the magic byte stands, in every format.
const MAGIC_AT: usize = 16;
/// Where that begins which the checksum is of: all from the attributes on.
const CHECKED_FROM: usize = 21;

const TRANSACTIONAL: u8 = 1 << 4;
const CONTROL: u8 = 1 << 5;

/// The header of a batch that is there as a whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    /// Of the whole batch, in bytes.
    pub size: usize,
    pub base_offset: i64,
    /// At least the base offset, at most `i64::MAX - 1`; some of the messages up to it may be gone.
    pub last_offset: i64,
    pub leader_epoch: i32,
    pub base_timestamp: i64,
    pub max_timestamp: i64,
    pub producer_id: i64,
    pub records: u32,
    checksum: u32,
    attributes: u8,
}

/// What bytes begin with.
#[derive(Debug)]
pub(crate) enum Begins {
    Batch(Header),
    /// Not a whole batch; if it were, it would take so many bytes (0: unknown).
    Cut(usize),
}

impl Header {
    /// Reads the header that `bytes` begin with; says what is wrong with it.
    pub(crate) fn read(bytes: &[u8]) -> Result<Begins, String> {
        let Some(length) = field(bytes, 8).map(i32::from_be_bytes) else { return Ok(Begins::Cut(0)) };
        let size = usize::try_from(length).map_or(0, |length| length.saturating_add(BEFORE_LENGTH));
        let Some(&magic) = bytes.get(MAGIC_AT) else { return Ok(Begins::Cut(size)) };
        if magic != 2 {
            return Err(format!("the messages are of format {magic}"));
        }
        if size < HEADER {
            return Err(format!("a batch says that its length is {length}"));
        }
        if size > bytes.len() {
            return Ok(Begins::Cut(size));
        }
        let header =
            Self::fields(bytes, size).ok_or_else(|| "the header of a batch is cut off".to_owned())?;
        header.map(Begins::Batch)
    }

    /// `None` where there are less bytes than a header has.
    fn fields(bytes: &[u8], size: usize) -> Option<Result<Self, String>> {
        let base_offset = i64::from_be_bytes(field(bytes, 0)?);
        let last_delta = i32::from_be_bytes(field(bytes, 23)?);
        let records = i32::from_be_bytes(field(bytes, 57)?);
        let [_, attributes] = field(bytes, 21)?;
        let last_offset = base_offset.checked_add(last_delta.into()).filter(|&last| last < i64::MAX);
        let (Some(last_offset), 0.., 0..) = (last_offset, base_offset, last_delta) else {
            return Some(Err(format!(
                "a batch says that its offsets are {base_offset} and {last_delta} more"
            )));
        };
        // Each record has an offset of its own.
        let records = match u32::try_from(records) {
            Ok(count) if i64::from(records) <= i64::from(last_delta) + 1 => count,
            _ => {
                return Some(Err(format!(
                    "a batch of {last_delta} offsets more says that it has {records} records"
                )));
            }
        };
        Some(Ok(Self {
            size,
            base_offset,
            last_offset,
            leader_epoch: i32::from_be_bytes(field(bytes, 12)?),
            base_timestamp: i64::from_be_bytes(field(bytes, 27)?),
            max_timestamp: i64::from_be_bytes(field(bytes, 35)?),
            producer_id: i64::from_be_bytes(field(bytes, 43)?),
            records,
            checksum: u32::from_be_bytes(field(bytes, 17)?),
            attributes,
        }))
    }

    /// Whether the bytes of the batch are those that it was written with.
    pub(crate) fn check(&self, batch: &[u8]) -> Result<(), String> {
        let found = crc32c::crc32c(batch.get(CHECKED_FROM..).unwrap_or_default());
        if found == self.checksum {
            return Ok(());
        }
        Err(format!("a batch has the checksum {found:08x}, not {:08x}", self.checksum))
    }

    pub(crate) fn codec(&self) -> Result<Codec, String> {
        Codec::numbered(self.attributes & 0b111)
    }

    /// Whether the broker has set the timestamps.
    pub(crate) fn append_time(&self) -> bool {
        self.attributes & APPEND_TIME != 0
    }

    pub(crate) fn transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL != 0
    }

    /// Whether its records are no messages: markers of transactions.
    pub(crate) fn control(&self) -> bool {
        self.attributes & CONTROL != 0
    }
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}
