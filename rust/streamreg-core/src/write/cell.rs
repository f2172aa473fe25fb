//! Write: one cell.

use super::float;
use crate::column::Decimals;
use crate::decode::{Item, Text};
use crate::reduce::{Answer, KeyCell};
use crate::time::{self, TimeType};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use num_bigint::BigInt;

/// A column to be written.
#[derive(Clone, Copy, Debug)]
pub enum Cells<'a> {
    /// Doubles, NaN and infinities among them.
    Float(&'a [f64]),
    /// 64-bit integers.
    Int(&'a [i64]),
    /// Decimals, written as [`Decimal::write`](crate::decimal::Decimal::write) says.
    Decimal(Decimals<'a>),
    /// Datetimes or timedeltas in microseconds, written as ISO 8601 has them.
    Time(TimeType, &'a [i64]),
    /// Booleans, written as True and False.
    Bool(&'a [bool]),
    /// Strings, or bytes, which are written as base64.
    Text(&'a Text),
    /// Values of any type.
    Any(&'a [Cell]),
    /// Any of these, and which of them are missing: empty cells.
    Optional(&'a Cells<'a>, &'a [bool]),
}

/// A single value to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A missing value: an empty cell.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer of any size.
    Int(BigInt),
    /// A double.
    Float(f64),
    /// A decimal, as text.
    Decimal(String),
    /// A datetime or a timedelta, in microseconds.
    Time(TimeType, i64),
    /// A string.
    Str(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl From<Answer> for Cell {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Float(value) => Self::Float(value),
            Answer::Int(value) => Self::Int(value),
            Answer::Decimal(text) => Self::Decimal(text),
            Answer::Time(kind, micros) => Self::Time(kind, micros),
            Answer::Null => Self::Null,
        }
    }
}

impl From<KeyCell> for Cell {
    fn from(cell: KeyCell) -> Self {
        match cell {
            KeyCell::Bool(value) => Self::Bool(value),
            KeyCell::Int(value) => Self::Int(value.into()),
            KeyCell::Datetime(micros) => Self::Time(TimeType::Datetime, micros),
            KeyCell::Timedelta(micros) => Self::Time(TimeType::Timedelta, micros),
            KeyCell::Text(text) => Self::Str(text),
            KeyCell::Missing => Self::Null,
        }
    }
}

impl Cells<'_> {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Float(values) => values.len(),
            Self::Int(values) | Self::Time(_, values) => values.len(),
            Self::Decimal(values) => values.len(),
            Self::Bool(values) => values.len(),
            Self::Text(text) => text.len(),
            Self::Any(cells) => cells.len(),
            Self::Optional(_, missing) => missing.len(),
        }
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The doubles, if it is a column of them.
    pub(super) const fn floats(&self) -> Option<&[f64]> {
        match self {
            Self::Float(values) => Some(values),
            _ => None,
        }
    }

    /// Appends the cell of this row, which must be less than the number of rows.
    pub(super) fn write(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            Self::Float(values) => float::write(values[row], out),
            Self::Int(values) => out.extend_from_slice(itoa::Buffer::new().format(values[row]).as_bytes()),
            Self::Decimal(values) => values.get(row).write(out),
            Self::Time(kind, values) => write_time(*kind, values[row], out),
            Self::Bool(values) => write_bool(values[row], out),
            Self::Text(text) => match text.get(row) {
                Some(Item::Str(text)) => write_str(text, out),
                Some(Item::Bytes(bytes)) => write_bytes(bytes, out),
                None => {}
            },
            Self::Any(cells) => cells[row].write(out),
            Self::Optional(_, missing) if missing[row] => {}
            Self::Optional(cells, _) => cells.write(row, out),
        }
    }
}

impl Cell {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => {}
            Self::Bool(value) => write_bool(*value, out),
            Self::Int(value) => out.extend_from_slice(value.to_string().as_bytes()),
            Self::Float(value) => float::write(*value, out),
            Self::Decimal(text) => out.extend_from_slice(text.as_bytes()),
            Self::Time(kind, micros) => write_time(*kind, *micros, out),
            Self::Str(text) => write_str(text, out),
            Self::Bytes(bytes) => write_bytes(bytes, out),
        }
    }
}

fn write_time(kind: TimeType, micros: i64, out: &mut Vec<u8>) {
    match kind {
        TimeType::Datetime => time::write_datetime(micros, out),
        TimeType::Timedelta => time::write_timedelta(micros, out),
    }
}

fn write_bool(value: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if value { b"True" } else { b"False" });
}

/// Quotes only what needs it by RFC 4180, and the empty string, which would else be a missing value.
fn write_str(text: &str, out: &mut Vec<u8>) {
    let text = text.as_bytes();
    if !text.is_empty()
        && memchr::memchr3(b',', b'\n', b'\r', text).is_none()
        && memchr::memchr(b'"', text).is_none()
    {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    let mut written = 0;
    for quote in memchr::memchr_iter(b'"', text) {
        // Up to the quote and with it; it is written once more as the start of what follows.
        out.extend_from_slice(&text[written..=quote]);
        written = quote;
    }
    out.extend_from_slice(&text[written..]);
    out.push(b'"');
}

/// Base64 has no character that needs quotes, but no bytes at all are `""`, as an empty string is.
fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_str(&BASE64_STANDARD.encode(bytes), out);
}
