//! Decode, protobuf: the wire format, from bytes that may be anything.

use crate::decode::reject::{Fault, RejectKind};
use crate::decode::varint::{unzigzag, varint};

impl RejectKind {
    /// Bytes that are no message of the schema that they were written by.
    pub const MALFORMED_PROTOBUF: Self = Self::named("malformed-protobuf");
}

/// Groups nested deeper than this are refused, as by the libraries of the language.
const DEEPEST: usize = 100;

/// The last number that a field can have.
const LAST: u64 = (1 << 29) - 1;

/// What is left of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wire<'a>(pub(super) &'a [u8]);

/// A field as it is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Written<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    /// From one tag to the other: nobody wants what stands between.
    Group,
    Fixed32(u32),
}

/// A message that is none, for this reason.
pub(super) fn malformed(why: &str) -> Fault {
    Fault::with(RejectKind::MALFORMED_PROTOBUF, why.to_owned())
}

impl<'a> Wire<'a> {
    #[inline]
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or_else(|| malformed("ends too early"))?;
        self.0 = rest;
        Ok(*taken)
    }

    /// A number of at most 64 bits, in seven a byte.
    #[inline]
    pub(super) fn varint(&mut self) -> Result<u64, Fault> {
        varint(&mut self.0).map_err(malformed)
    }

    /// The same with its sign in the lowest bit.
    #[inline]
    pub(super) fn zigzag(&mut self) -> Result<i64, Fault> {
        self.varint().map(unzigzag)
    }

    /// The next field: its number, and what it is.
    #[inline]
    pub(super) fn field(&mut self) -> Result<(u32, Written<'a>), Fault> {
        let (number, kind) = self.tag()?;
        let written = match kind {
            3 => self.group(number)?,
            4 => return Err(malformed("a group ends that has not begun")),
            _ => self.value(kind)?,
        };
        Ok((number, written))
    }

    #[inline]
    fn tag(&mut self) -> Result<(u32, u64), Fault> {
        let tag = self.varint()?;
        let number = Some(tag >> 3).filter(|number| (1..=LAST).contains(number));
        let number = number.and_then(|number| u32::try_from(number).ok());
        Ok((number.ok_or_else(|| malformed("a field with a number that no field has"))?, tag & 7))
    }

    #[inline]
    fn value(&mut self, kind: u64) -> Result<Written<'a>, Fault> {
        Ok(match kind {
            0 => Written::Varint(self.varint()?),
            1 => Written::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
                let (taken, rest) =
                    self.0.split_at_checked(length).ok_or_else(|| malformed("ends too early"))?;
                self.0 = rest;
                Written::Bytes(taken)
            }
            5 => Written::Fixed32(u32::from_le_bytes(self.array()?)),
            _ => return Err(malformed("a field of a wire type that there is not")),
        })
    }

    /// Walks over a group, and those in it, to its end.
    fn group(&mut self, number: u32) -> Result<Written<'a>, Fault> {
        let mut open = vec![number];
        while let Some(&last) = open.last() {
            match self.tag()? {
                (number, 3) if open.len() < DEEPEST => open.push(number),
                (_, 3) => return Err(malformed("groups nested deeper than 100 levels")),
                (number, 4) if number == last => drop(open.pop()),
                (_, 4) => return Err(malformed("a group ends that has not begun")),
                (_, kind) => drop(self.value(kind)?),
            }
        }
        Ok(Written::Group)
    }
}
