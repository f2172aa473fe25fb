//! Reduce: keys of groups: the cells of some columns as bytes.
//!
//! Each cell begins with a byte for its type, and no cell is the beginning of another, so that different
//! cells are different bytes. And the order of the bytes is that of the cells, column by column: missing ones first, false before true,
//! integers by their value, text by its UTF-8, which is the order of code points. (The encoding of tuples in
//! `FoundationDB` has the same properties, and the same zeros within text.)

use super::KeyType;
use crate::decode::{Item, Text};
use crate::error::Error;
use crate::plural::plural;
use crate::time::TimeType;
use crate::wire::corrupt;

const MISSING: u8 = 0;
const BOOL: u8 = 1;
const INT: u8 = 2;
const TEXT: u8 = 3;
const FLOAT: u8 = 4;

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
    /// Timedeltas, in microseconds.
    Timedelta(&'a [i64]),
    /// Strings.
    Text(&'a Text),
    /// Any of these, and which of them are missing.
    Optional(&'a KeyColumn<'a>, &'a [bool]),
}

/// One column of keys of a reduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(super) kind: KeyType,
    /// Whether it can be missing.
    pub(super) optional: bool,
}

impl Key {
    /// Whether it can be missing.
    pub(crate) fn is_optional(self) -> bool {
        self.optional
    }
}

/// The columns of keys of a reduction.
pub(crate) type Keys = [Key];

/// Columns of keys of these types, of which some can be missing.
pub(crate) fn keys_of(types: &[KeyType], optional: &[usize]) -> Vec<Key> {
    (0..).zip(types).map(|(at, &kind)| Key { kind, optional: optional.contains(&at) }).collect()
}

/// Checks that columns are those of the keys, and of so many rows.
///
/// # Errors
/// [`Error::Columns`] if they are not.
pub(crate) fn check_keys(keys: &Keys, columns: &[KeyColumn<'_>], rows: usize) -> Result<(), Error> {
    let fits = columns.len() == keys.len() && columns.iter().zip(keys).all(|(column, key)| column.fits(*key));
    if !fits {
        let types: Vec<_> = columns.iter().map(KeyColumn::key_type).collect();
        return Err(Error::Columns(format!("the keys are {keys:?}, not {types:?}")));
    }
    match columns.iter().position(|column| column.len() != rows) {
        None => Ok(()),
        Some(at) => Err(Error::Columns(format!(
            "column {at} of the keys has {}, not {rows}",
            plural(columns[at].len(), "row", "rows")
        ))),
    }
}

/// The bytes of a cell that is missing, and so of the key where it is the only one.
pub(crate) const NOTHING: &[u8] = &[MISSING];

/// One cell of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyCell {
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A datetime, in microseconds.
    Datetime(i64),
    /// A timedelta, in microseconds.
    Timedelta(i64),
    /// A string.
    Text(String),
    /// None: it is missing.
    Missing,
}

impl KeyColumn<'_> {
    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Bool(values) => values.len(),
            Self::Int(values) | Self::Datetime(values) | Self::Timedelta(values) => values.len(),
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
    pub(crate) fn key_type(&self) -> KeyType {
        match self {
            Self::Bool(_) => KeyType::Bool,
            Self::Int(_) => KeyType::Int,
            Self::Datetime(_) => KeyType::Datetime,
            Self::Timedelta(_) => KeyType::Timedelta,
            Self::Text(_) => KeyType::Text,
            Self::Optional(cells, _) => cells.key_type(),
        }
    }

    /// Appends the cell of this row, which must be less than the number of rows.
    pub(crate) fn encode(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            Self::Optional(_, missing) if missing[row] => out.push(MISSING),
            Self::Optional(cells, _) => cells.encode(row, out),
            Self::Bool(values) => out.extend_from_slice(&[BOOL, u8::from(values[row])]),
            Self::Int(values) | Self::Datetime(values) | Self::Timedelta(values) => {
                write_int(values[row], out);
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

/// The bytes of a cell that is an integer.
pub(crate) const INT_WIDTH: usize = 9;

/// Appends a cell that is an integer.
pub(crate) fn write_int(value: i64, out: &mut Vec<u8>) {
    let mut cell = [INT; INT_WIDTH];
    cell[1..].copy_from_slice(&(value.cast_unsigned() ^ SIGN).to_be_bytes());
    out.extend_from_slice(&cell);
}

/// Reads such a cell at the start of a key, and moves behind it; `None` if there is another one.
pub(crate) fn read_int(key: &mut &[u8]) -> Option<i64> {
    let rest = key.strip_prefix(&[INT])?;
    let (value, rest) = rest.split_first_chunk()?;
    *key = rest;
    Some((u64::from_be_bytes(*value) ^ SIGN).cast_signed())
}

/// Appends a cell that is a double: its bits, in the order of the numbers.
pub(crate) fn write_float(value: f64, out: &mut Vec<u8>) {
    let bits = value.to_bits();
    out.push(FLOAT);
    out.extend_from_slice(&(if bits & SIGN == 0 { bits ^ SIGN } else { !bits }).to_be_bytes());
}

/// Reads such a cell, as [`read_int`] does.
pub(crate) fn read_float(key: &mut &[u8]) -> Option<f64> {
    let rest = key.strip_prefix(&[FLOAT])?;
    let (coded, rest) = rest.split_first_chunk()?;
    let coded = u64::from_be_bytes(*coded);
    *key = rest;
    Some(f64::from_bits(if coded & SIGN == 0 { !coded } else { coded ^ SIGN }))
}

/// The cells of a key.
///
/// # Errors
/// [`Error::Corrupt`] if the bytes are no key of these types.
pub(crate) fn decode(keys: &Keys, mut key: &[u8]) -> Result<Vec<KeyCell>, Error> {
    let cells = decode_first(keys, &mut key)?;
    if key.is_empty() { Ok(cells) } else { Err(other_types()) }
}

/// The cells of these columns that a key begins with; it moves behind them.
///
/// # Errors
/// [`Error::Corrupt`] if it does not begin with such cells.
pub(crate) fn decode_first(keys: &Keys, key: &mut &[u8]) -> Result<Vec<KeyCell>, Error> {
    let cells = keys.iter().map(|expected| {
        let mut text = String::new();
        let cell = cell(*expected, key, |part| text.push_str(part))?;
        Some(if let KeyCell::Text(_) = cell { KeyCell::Text(text) } else { cell })
    });
    cells.collect::<Option<Vec<_>>>().ok_or_else(other_types)
}

/// Moves behind the cells of these columns that a key begins with, and gives their bytes.
///
/// # Errors
/// As [`decode_first`].
pub(crate) fn skip_first<'a>(keys: &Keys, key: &mut &'a [u8]) -> Result<&'a [u8], Error> {
    let all = *key;
    let skipped = keys.iter().all(|expected| cell(*expected, key, |_| ()).is_some());
    if skipped { Ok(&all[..all.len() - key.len()]) } else { Err(other_types()) }
}

fn other_types() -> Error {
    corrupt("a key is not of the reduction's types")
}

/// The cell that a key begins with; what a text is made of is given part by part, and the cell is empty then.
fn cell(expected: Key, key: &mut &[u8], part: impl FnMut(&str)) -> Option<KeyCell> {
    let (tag, rest) = key.split_first()?;
    let (cell, rest) = match (expected.kind, *tag) {
        (_, MISSING) if expected.optional => (KeyCell::Missing, rest),
        (KeyType::Bool, BOOL) => {
            let (value, rest) = rest.split_first()?;
            (KeyCell::Bool(*value == 1), (*value <= 1).then_some(rest)?)
        }
        (KeyType::Int, _) => return read_int(key).map(KeyCell::Int),
        (KeyType::Datetime, _) => {
            return read_int(key).filter(|micros| TimeType::Datetime.holds(*micros)).map(KeyCell::Datetime);
        }
        (KeyType::Timedelta, _) => {
            return read_int(key).filter(|micros| TimeType::Timedelta.holds(*micros)).map(KeyCell::Timedelta);
        }
        (KeyType::Text, TEXT) => (KeyCell::Text(String::new()), text(rest, part)?),
        _ => return None,
    };
    *key = rest;
    Some(cell)
}

/// Reads a text, part by part; what follows it.
fn text(mut rest: &[u8], mut of: impl FnMut(&str)) -> Option<&[u8]> {
    loop {
        let (part, after) = rest.split_at(memchr::memchr(END, rest)?);
        of(str::from_utf8(part).ok()?);
        let [END, ZERO, behind @ ..] = after else { return after.get(1..) };
        of("\0");
        rest = behind;
    }
}
