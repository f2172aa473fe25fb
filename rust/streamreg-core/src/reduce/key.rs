//! Reduce: keys of groups: the cells of some columns as bytes.
//!
//! Each cell begins with a byte for its type, and no cell is the beginning of another, so that different
//! cells are different bytes. And the order of the bytes is that of the cells, column by column: missing ones first, false before true,
//! integers by their value, text by its UTF-8, which is the order of code points. (The encoding of tuples in
//! `FoundationDB` has the same properties, and the same zeros within text.)

use super::KeyType;
use crate::decode::{Item, Text};
use crate::error::Error;
use crate::time::TimeType;
use crate::wire::corrupt;

const MISSING: u8 = 0;
const BOOL: u8 = 1;
const INT: u8 = 2;
const TEXT: u8 = 3;

/// The end of a text.
const END: u8 = 0;
/// Follows a zero that belongs to a text; greater than whatever may follow an end.
const ZERO: u8 = 0xff;

/// The sign of an integer, turned around: so negative ones come first.
const SIGN: u64 = 1 << 63;

/// A column of keys of one batch.
#[derive(Clone, Copy, Debug)]
pub enum KeyColumn<'a> {
    /// Booleans.
    Bool(&'a [bool]),
    /// Integers.
    Int(&'a [i64]),
    /// Datetimes, in microseconds.
    Datetime(&'a [i64]),
    /// Strings.
    Text(&'a Text),
    /// Any of these, and which of them are missing.
    Optional(&'a KeyColumn<'a>, &'a [bool]),
}

/// One column of keys of a reduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) kind: KeyType,
    /// Whether it can be missing.
    pub(super) optional: bool,
}

/// The columns of keys of a reduction.
pub(super) type Keys = [Key];

/// The bytes of a cell that is missing, and so of the key where it is the only one.
pub(super) const NOTHING: &[u8] = &[MISSING];

/// One cell of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyCell {
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A datetime, in microseconds.
    Datetime(i64),
    /// A string.
    Text(String),
    /// None: it is missing.
    Missing,
}

impl KeyColumn<'_> {
    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Bool(values) => values.len(),
            Self::Int(values) | Self::Datetime(values) => values.len(),
            Self::Text(text) => text.len(),
            Self::Optional(_, missing) => missing.len(),
        }
    }

    /// Whether it can be this column of a reduction's keys.
    pub(super) fn fits(&self, key: Key) -> bool {
        match self {
            Self::Optional(cells, missing) => {
                key.optional && cells.len() == missing.len() && cells.key_type() == key.kind
            }
            _ => self.key_type() == key.kind,
        }
    }

    /// The type of its cells.
    pub(super) fn key_type(&self) -> KeyType {
        match self {
            Self::Bool(_) => KeyType::Bool,
            Self::Int(_) => KeyType::Int,
            Self::Datetime(_) => KeyType::Datetime,
            Self::Text(_) => KeyType::Text,
            Self::Optional(cells, _) => cells.key_type(),
        }
    }

    /// Appends the cell of this row, which must be less than the number of rows.
    pub(super) fn encode(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            Self::Optional(_, missing) if missing[row] => out.push(MISSING),
            Self::Optional(cells, _) => cells.encode(row, out),
            Self::Bool(values) => out.extend_from_slice(&[BOOL, u8::from(values[row])]),
            Self::Int(values) | Self::Datetime(values) => {
                out.push(INT);
                out.extend_from_slice(&(values[row].cast_unsigned() ^ SIGN).to_be_bytes());
            }
            Self::Text(text) => {
                out.push(TEXT);
                let mut rest = text.get(row).map_or(&b""[..], Item::as_bytes);
                while let Some(zero) = memchr::memchr(0, rest) {
                    out.extend_from_slice(&rest[..=zero]);
                    out.push(ZERO);
                    rest = &rest[zero + 1..];
                }
                out.extend_from_slice(rest);
                out.push(END);
            }
        }
    }
}

/// The cells of a key.
///
/// # Errors
/// [`Error::Corrupt`] if the bytes are no key of these types.
pub(super) fn decode(keys: &Keys, mut key: &[u8]) -> Result<Vec<KeyCell>, Error> {
    let cells = keys.iter().map(|expected| cell(*expected, &mut key)).collect::<Option<Vec<_>>>();
    cells.filter(|_| key.is_empty()).ok_or_else(|| corrupt("a key is not of the reduction's types"))
}

fn cell(expected: Key, key: &mut &[u8]) -> Option<KeyCell> {
    let (tag, rest) = key.split_first()?;
    let (cell, rest) = match (expected.kind, *tag) {
        (_, MISSING) if expected.optional => (KeyCell::Missing, rest),
        (KeyType::Bool, BOOL) => {
            let (value, rest) = rest.split_first()?;
            (KeyCell::Bool(*value == 1), (*value <= 1).then_some(rest)?)
        }
        (KeyType::Int, INT) => {
            let (value, rest) = rest.split_first_chunk()?;
            (KeyCell::Int((u64::from_be_bytes(*value) ^ SIGN).cast_signed()), rest)
        }
        (KeyType::Datetime, INT) => {
            let (value, rest) = rest.split_first_chunk()?;
            let micros = (u64::from_be_bytes(*value) ^ SIGN).cast_signed();
            (KeyCell::Datetime(Some(micros).filter(|micros| TimeType::Datetime.holds(*micros))?), rest)
        }
        (KeyType::Text, TEXT) => {
            let (text, rest) = text(rest)?;
            (KeyCell::Text(text), rest)
        }
        _ => return None,
    };
    *key = rest;
    Some(cell)
}

fn text(mut rest: &[u8]) -> Option<(String, &[u8])> {
    let mut text = Vec::new();
    loop {
        let (part, after) = rest.split_at(memchr::memchr(END, rest)?);
        text.extend_from_slice(part);
        if let [END, ZERO, after @ ..] = after {
            text.push(0);
            rest = after;
        } else {
            return Some((String::from_utf8(text).ok()?, &after[1..]));
        }
    }
}
