//! Classes: what a class is called.

use std::fmt;

use crate::error::Error;
use crate::wire::{Reader, Writer, corrupt};

/// The label of a class; text "1", the integer 1 and the boolean true are three labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// A boolean.
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// Text; in order of its code points.
    Text(Box<str>),
}

impl Label {
    /// The fewest bytes that one is written in.
    pub(super) const LEAST_BYTES: usize = 2;

    pub(super) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Bool(value) => {
                writer.byte(b'b');
                writer.byte(u8::from(*value));
            }
            Self::Int(value) => {
                writer.byte(b'i');
                writer.signed(*value);
            }
            Self::Text(value) => {
                writer.byte(b't');
                writer.bytes(value.as_bytes());
            }
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.byte()? {
            b'b' => match reader.byte()? {
                value @ (0 | 1) => Ok(Self::Bool(value == 1)),
                _ => Err(corrupt("a boolean label is neither true nor false")),
            },
            b'i' => Ok(Self::Int(reader.signed()?)),
            b't' => std::str::from_utf8(reader.bytes()?)
                .map(|text| Self::Text(text.into()))
                .map_err(|_| corrupt("a label is no UTF-8")),
            _ => Err(corrupt("a label of an unknown type")),
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // As Python writes them.
            Self::Bool(value) => f.write_str(if *value { "True" } else { "False" }),
            Self::Int(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "{value:?}"),
        }
    }
}
