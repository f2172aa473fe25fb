//! Versioned bytes: how every state crosses a process or a restart.
//!
//! `version (1) | kind (1) | payload | CRC-32 of all before (4, little endian)`. Integers in a payload are
//! LEB128 varints, signed ones zigzag-coded. Reading checks every length against what is there, so that
//! damaged or hostile bytes end in an [`Error`], never in a panic or a large allocation.

use crate::error::Error;

/// The newest format version, and the only one so far.
pub const VERSION: u8 = 1;

/// What states are marked with, so that none is read as another. Each is written once, and none is used again.
pub mod kind {
    /// The last rows of a changelog.
    pub const CHANGELOG: u8 = 3;
    /// Packed rows, which carry the mark but no checksum.
    pub const PACKED_ROWS: u8 = 4;
    /// Moments class by class.
    pub const CLASSES: u8 = b'C';
    /// Sums class by class, with weights or of squares alone.
    pub const CLASS_SUMS: u8 = b'D';
    /// A reduction by keys, and its shape.
    pub const KEYED_REDUCTION: u8 = b'K';
    /// Moments.
    pub const MOMENTS: u8 = b'M';
    /// Sums of monomials.
    pub const MONOMIALS: u8 = b'P';
    /// A reduction, and its shape.
    pub const REDUCTION: u8 = b'R';
    /// The sum of a column.
    pub const SUM: u8 = b'S';
    /// What a batch comes to by windows, and their shape.
    pub const WINDOWS: u8 = b'W';
}

/// Bytes around every payload: version, kind and checksum.
const FRAME: usize = 6;

/// Builds bytes of one kind, with version and checksum.
#[derive(Debug)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Starts a state of the given kind.
    #[must_use]
    pub fn new(kind: u8) -> Self {
        Self(vec![VERSION, kind])
    }

    /// Starts a part of a state: without version, kind and checksum.
    #[must_use]
    pub(crate) fn payload() -> Self {
        Self(Vec::new())
    }

    /// Ends a part of a state.
    #[must_use]
    pub(crate) fn into_payload(self) -> Vec<u8> {
        self.0
    }

    /// What there is of a part of a state.
    pub(crate) fn as_payload(&self) -> &[u8] {
        &self.0
    }

    /// Begins a part of a state anew.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The number of bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Appends a part of a state, which must tell its length itself.
    pub(crate) fn append(&mut self, payload: &[u8]) {
        self.0.extend_from_slice(payload);
    }

    /// Appends one byte.
    pub fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    /// Appends an unsigned varint.
    pub fn unsigned(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push((value & 0x7f) as u8);
    }

    /// Appends a signed varint.
    pub fn signed(&mut self, value: i64) {
        self.unsigned(((value << 1) ^ (value >> 63)).cast_unsigned());
    }

    /// Appends eight bytes, little endian.
    pub fn word(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Appends a byte string with its length before it.
    pub fn bytes(&mut self, value: &[u8]) {
        self.unsigned(value.len() as u64);
        self.0.extend_from_slice(value);
    }

    /// Closes the state with its checksum.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        let checksum = crc32fast::hash(&self.0);
        self.0.extend_from_slice(&checksum.to_le_bytes());
        self.0
    }
}

/// Reads bytes of one kind, with version and checksum.
#[derive(Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Checks version, kind and checksum, and stands at the start of the payload.
    ///
    /// # Errors
    /// [`Error::Version`] for a newer format, [`Error::Corrupt`] for anything else that is not such a state.
    pub fn open(kind: u8, bytes: &'a [u8]) -> Result<Self, Error> {
        let Some((body, checksum)) = bytes.split_last_chunk::<4>() else {
            return Err(corrupt("too short"));
        };
        if bytes.len() < FRAME {
            return Err(corrupt("too short"));
        }
        if u32::from_le_bytes(*checksum) != crc32fast::hash(body) {
            return Err(corrupt("checksum does not match"));
        }
        if body[0] != VERSION {
            return Err(Error::Version { found: body[0], known: VERSION });
        }
        if body[1] != kind {
            return Err(corrupt("a state of another kind"));
        }
        Ok(Self(&body[2..]))
    }

    /// Reads a part of a state: what [`Writer::payload`] has begun.
    #[must_use]
    pub(crate) fn payload(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// What has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// Reads one byte.
    ///
    /// # Errors
    /// [`Error::Corrupt`] at the end of the payload.
    pub fn byte(&mut self) -> Result<u8, Error> {
        let (&first, rest) = self.0.split_first().ok_or_else(|| corrupt("ends too early"))?;
        self.0 = rest;
        Ok(first)
    }

    /// Reads an unsigned varint.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it ends early, is longer than it need be or exceeds 64 bits.
    pub fn unsigned(&mut self) -> Result<u64, Error> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                break;
            }
            value |= part << shift;
            if byte < 0x80 {
                if byte == 0 && shift > 0 {
                    break;
                }
                return Ok(value);
            }
        }
        Err(corrupt("a number is not in its shortest form"))
    }

    /// Reads a signed varint.
    ///
    /// # Errors
    /// As [`Reader::unsigned`].
    pub fn signed(&mut self) -> Result<i64, Error> {
        let coded = self.unsigned()?;
        Ok((coded >> 1).cast_signed() ^ -(coded & 1).cast_signed())
    }

    /// Reads a count of things of which each takes at least `least` bytes.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if so many cannot follow.
    pub fn count(&mut self, least: usize) -> Result<usize, Error> {
        let count = usize::try_from(self.unsigned()?).map_err(|_| corrupt("a count is too large"))?;
        if count.checked_mul(least).is_none_or(|bytes| bytes > self.0.len()) {
            return Err(corrupt("a count exceeds what follows"));
        }
        Ok(count)
    }

    /// Reads eight bytes, little endian.
    ///
    /// # Errors
    /// [`Error::Corrupt`] at the end of the payload.
    pub fn word(&mut self) -> Result<u64, Error> {
        let (first, rest) = self.0.split_first_chunk::<8>().ok_or_else(|| corrupt("ends too early"))?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*first))
    }

    /// Reads a byte string.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is longer than what follows.
    pub fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let count = self.count(1)?;
        let (first, rest) = self.0.split_at(count);
        self.0 = rest;
        Ok(first)
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if anything is left.
    pub fn finish(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(corrupt("bytes are left over")) }
    }
}

/// A state whose bytes say all of it: to read them, nothing need be known beforehand.
pub trait Versioned: Sized {
    /// What its bytes are marked with, one of [`kind`].
    const KIND: u8;

    /// Writes all of it: what form it has, and what is in it.
    fn write_whole(&self, writer: &mut Writer);

    /// Reads what [`write_whole`](Self::write_whole) wrote.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for anything else.
    fn read_whole(reader: &mut Reader<'_>) -> Result<Self, Error>;

    /// The state as versioned bytes; equal states have equal bytes.
    #[must_use]
    fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(Self::KIND);
        self.write_whole(&mut writer);
        writer.finish()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`Error::Version`] for a newer format, [`Error::Corrupt`] for any other bytes.
    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::open(Self::KIND, bytes)?;
        let state = Self::read_whole(&mut reader)?;
        reader.finish()?;
        Ok(state)
    }
}

/// An [`Error::Corrupt`] with this text.
#[must_use]
pub fn corrupt(what: &str) -> Error {
    Error::Corrupt(what.to_owned())
}
