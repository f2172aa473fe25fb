//! Read, the walk: finds the messages of an unpacked batch, record by record, and what stands in one.
//!
//! The layout: <https://kafka.apache.org/documentation/#record>. All lengths are varints of the batch's writer, and none
//! is believed.

use crate::messages::{Entry, Headers, TOMBSTONE};

/// Of a record that takes as few bytes as there may be: no key, no value, and its headers not even counted.
pub(crate) const LEAST: usize = 6;

/// librdkafka gives no headers where there are more.
const MOST_HEADERS: i64 = 100_000;

/// Bit of the attributes of a record, and of a batch: the broker has set the timestamp.
pub(crate) const APPEND_TIME: u8 = 1 << 3;

/// A place in the bytes of records.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    #[inline]
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    /// A varint of 64 bits with the sign in its last bit.
    #[inline]
    fn varint(&mut self) -> Option<i64> {
        let first = self.byte()?;
        let folded = if first < 0x80 { first.into() } else { self.long_varint(first & 0x7f)? };
        // Exact: the upper 63 bits, and the sign.
        Some((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
    }

    fn long_varint(&mut self, low: u8) -> Option<u64> {
        let mut value = u64::from(low);
        for shift in (7..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            // Of the tenth byte one bit has room.
            if shift == 63 && byte > 1 {
                return None;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// The bytes of this length from here on.
    #[inline]
    fn take(&mut self, length: i64) -> Option<&'a [u8]> {
        let end = self.at.checked_add(usize::try_from(length).ok()?)?;
        let bytes = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(bytes)
    }

    /// What may be there or not, after its length; -1 says that it is not.
    #[allow(clippy::option_option, reason = "damaged, or not there, or there")]
    #[inline]
    fn nullable(&mut self) -> Option<Option<&'a [u8]>> {
        match self.varint()? {
            -1 => Some(None),
            length => self.take(length).map(Some),
        }
    }
}

/// Reads the record that starts at `at`; gives what is kept of it, and where it ends. `None` if it is damaged.
#[inline]
pub(crate) fn read(bytes: &[u8], at: usize) -> Option<(Entry, usize)> {
    let mut cursor = Cursor { bytes, at };
    let body = within(&mut cursor)?;
    let end = cursor.at;
    // Places count from the start of the buffer.
    let mut cursor = Cursor { bytes: bytes.get(..end)?, at: end - body.len() };
    cursor.byte()?;
    cursor.varint()?;
    let offset_delta = u32::try_from(cursor.varint()?).ok()?;
    cursor.nullable()?;
    let (value, value_len) = match cursor.nullable()? {
        None => (cursor.at, TOMBSTONE),
        Some(value) => (cursor.at - value.len(), u32::try_from(value.len()).ok()?),
    };
    let entry =
        Entry { record: u32::try_from(at).ok()?, value: u32::try_from(value).ok()?, value_len, offset_delta };
    Some((entry, end))
}

/// The bytes of a record after its length.
#[inline]
fn within<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let length = cursor.varint()?;
    cursor.take(length)
}

fn body(buffer: &[u8], record: u32) -> Option<Cursor<'_>> {
    let bytes = within(&mut Cursor { bytes: buffer, at: record as usize })?;
    Some(Cursor { bytes, at: 0 })
}

/// Whether the record says that the broker has set its timestamp.
pub(crate) fn append_time(buffer: &[u8], record: u32) -> bool {
    body(buffer, record).and_then(|mut body| body.byte()).is_some_and(|byte| byte & APPEND_TIME != 0)
}

/// From the base timestamp of the batch.
pub(crate) fn timestamp_delta(buffer: &[u8], record: u32) -> Option<i64> {
    let mut body = body(buffer, record)?;
    body.byte()?;
    body.varint()
}

/// The key of a record that was read.
pub(crate) fn key(buffer: &[u8], record: u32) -> Option<&[u8]> {
    after_deltas(buffer, record)?.nullable()?
}

/// The headers of a record that was read, or `None` if they are damaged.
pub(crate) fn headers(buffer: &[u8], record: u32) -> Option<Headers<'_>> {
    let mut body = after_deltas(buffer, record)?;
    body.nullable()?;
    body.nullable()?;
    let count = body.varint()?;
    if count > MOST_HEADERS {
        return None;
    }
    // Not reserved: the count may be a lie.
    let mut headers = Vec::new();
    for _ in 0..count {
        let name = within(&mut body)?;
        let name = name.split(|&byte| byte == 0).next()?;
        headers.push((name, body.nullable()?));
    }
    Some(headers)
}

fn after_deltas(buffer: &[u8], record: u32) -> Option<Cursor<'_>> {
    let mut body = body(buffer, record)?;
    body.byte()?;
    body.varint()?;
    body.varint()?;
    Some(body)
}
