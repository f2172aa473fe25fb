//! Protocol: the types that requests and responses are made of.

use super::Malformed;
use bytes::Bytes;

/// What is left of a response.
#[derive(Clone, Debug)]
pub(crate) struct Reader(Bytes);

const CUT: Malformed = Malformed("it ends too early");

impl Reader {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// The next bytes, which are not copied.
    fn take(&mut self, length: usize) -> Result<Bytes, Malformed> {
        if length > self.0.len() { Err(CUT) } else { Ok(self.0.split_to(length)) }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let array = self.0.first_chunk::<N>().copied().ok_or(CUT)?;
        self.take(N)?;
        Ok(array)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn i16(&mut self) -> Result<i16, Malformed> {
        self.array().map(i16::from_be_bytes)
    }

    pub(crate) fn i32(&mut self) -> Result<i32, Malformed> {
        self.array().map(i32::from_be_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, Malformed> {
        self.array().map(i64::from_be_bytes)
    }

    pub(crate) fn uuid(&mut self) -> Result<[u8; 16], Malformed> {
        self.array()
    }

    /// An unsigned integer of at most 32 bits, in groups of seven.
    pub(crate) fn unsigned(&mut self) -> Result<u32, Malformed> {
        let mut value = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return u32::try_from(value).map_err(|_| Malformed("a number is too large"));
            }
        }
        Err(Malformed("a number is too long"))
    }

    /// A length or count, written one greater; `None` for null.
    fn compact(&mut self) -> Result<Option<usize>, Malformed> {
        Ok(self.unsigned()?.checked_sub(1).map(|length| length as usize))
    }

    /// Bytes with their length before them; none for null.
    pub(crate) fn compact_bytes(&mut self) -> Result<Bytes, Malformed> {
        let length = self.compact()?.unwrap_or(0);
        self.take(length)
    }

    /// Text, which should be UTF-8; nothing for null.
    pub(crate) fn compact_text(&mut self) -> Result<String, Malformed> {
        Ok(String::from_utf8_lossy(&self.compact_bytes()?).into_owned())
    }

    /// The same with 16 bits of length.
    pub(crate) fn text(&mut self) -> Result<String, Malformed> {
        let length = usize::try_from(self.i16()?).unwrap_or(0);
        Ok(String::from_utf8_lossy(&self.take(length)?).into_owned())
    }

    /// The same bytes with 32 bits of length.
    pub(crate) fn bytes(&mut self) -> Result<Bytes, Malformed> {
        let length = usize::try_from(self.i32()?).unwrap_or(0);
        self.take(length)
    }

    /// Items, each read by `read`; none for null. Memory is taken as they come.
    pub(crate) fn compact_items<T>(
        &mut self,
        read: impl FnMut(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        let count = self.compact()?.unwrap_or(0);
        self.items(count, read)
    }

    /// So many items. Each takes a byte at least.
    pub(crate) fn items<T>(
        &mut self,
        count: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        if count > self.0.len() {
            return Err(CUT);
        }
        (0..count).map(|_| read(self)).collect()
    }

    /// Skips the tagged fields.
    pub(crate) fn skip_tags(&mut self) -> Result<(), Malformed> {
        self.tags(|_, _| Ok(()))
    }

    /// Gives each of the tagged fields to `read`: its tag and its bytes.
    pub(crate) fn tags(
        &mut self,
        mut read: impl FnMut(u32, &mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        for _ in 0..self.unsigned()? {
            let (tag, length) = (self.unsigned()?, self.unsigned()? as usize);
            read(tag, &mut Self(self.take(length)?))?;
        }
        Ok(())
    }
}

/// A request that is written.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(crate) fn i16(&mut self, value: i16) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn i32(&mut self, value: i32) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn i64(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn unsigned(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }

    /// A number of items, which is written one greater.
    pub(crate) fn count(&mut self, count: usize) {
        self.unsigned(u32::try_from(count).unwrap_or(u32::MAX - 1) + 1);
    }

    pub(crate) fn compact_string(&mut self, text: &str) {
        self.count(text.len());
        self.raw(text.as_bytes());
    }

    /// Text of which the length is told in 16 bits; no more of it is written.
    pub(crate) fn string(&mut self, text: &str) {
        let length = i16::try_from(text.len()).unwrap_or(i16::MAX);
        self.i16(length);
        self.raw(&text.as_bytes()[..usize::from(length.unsigned_abs())]);
    }

    /// Bytes of which the length is told in 32 bits.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.i32(i32::try_from(bytes.len()).unwrap_or(i32::MAX));
        self.raw(bytes);
    }

    pub(crate) fn no_tags(&mut self) {
        self.u8(0);
    }
}
