//! Decode, avro: the primitives of the binary encoding (Avro 1.12, "Binary Encoding"), from bytes that may be anything.

use crate::decode::reject::{Fault, RejectKind};
use crate::decode::varint::{unzigzag, varint};

impl RejectKind {
    /// Bytes that are no value of the schema that they were written by.
    pub const MALFORMED_AVRO: Self = Self::named("malformed-avro");
}

/// What is left of a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

/// A value that is none, for this reason.
pub(super) fn malformed(why: &str) -> Fault {
    Fault::with(RejectKind::MALFORMED_AVRO, why.to_owned())
}

impl<'a> Bytes<'a> {
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn left(self) -> usize {
        self.0.len()
    }

    /// So many bytes.
    #[inline]
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(|| malformed("ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    /// As many bytes as an array has.
    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or_else(|| malformed("ends too early"))?;
        self.0 = rest;
        Ok(*taken)
    }

    /// A zigzag number of at most 64 bits, in seven a byte.
    #[inline]
    pub(super) fn long(&mut self) -> Result<i64, Fault> {
        varint(&mut self.0).map(unzigzag).map_err(malformed)
    }

    /// The same of at most 32 bits.
    #[inline]
    pub(super) fn int(&mut self) -> Result<i32, Fault> {
        i32::try_from(self.long()?).map_err(|_| malformed("an int of more than 32 bits"))
    }

    pub(super) fn float(&mut self) -> Result<f32, Fault> {
        self.array().map(f32::from_le_bytes)
    }

    #[inline]
    pub(super) fn double(&mut self) -> Result<f64, Fault> {
        self.array().map(f64::from_le_bytes)
    }

    pub(super) fn boolean(&mut self) -> Result<bool, Fault> {
        match self.array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(malformed("a boolean that is neither 0 nor 1")),
        }
    }

    /// A length, then so many bytes.
    #[inline]
    pub(super) fn run(&mut self) -> Result<&'a [u8], Fault> {
        let length = usize::try_from(self.long()?).map_err(|_| malformed("a length below 0"))?;
        self.take(length)
    }

    /// The place of one of so many alternatives: of the branches of a union, or of the symbols of an enum.
    #[inline]
    pub(super) fn choice(&mut self, of: usize) -> Result<usize, Fault> {
        let place = usize::try_from(self.long()?).ok().filter(|place| *place < of);
        place.ok_or_else(|| malformed("a branch or a symbol that the schema does not have"))
    }
}
