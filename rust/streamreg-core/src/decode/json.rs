//! Decode: the json format. One message is one object; keys that the schema does not know are skipped.
//!
//! First the places of the wanted values are found (`levels`), then they alone are judged; the numbers are parsed as
//! those of the csv format. A byte order mark before the object is skipped, as RFC 8259 allows.

mod flat;
pub(super) mod levels;
mod records;

use super::columns::{Column, Columns};
use super::framed::{Framed, Known};
use super::reject::{Fault, RejectKind};
use super::{ColumnType, Decoder, Format, Schema, Span, number, without_mark};
use crate::error::Error;
use levels::{Levels, Slots};
use serde::de::IgnoredAny;
use std::borrow::Cow;

impl RejectKind {
    /// The JSON object lacks a column of the schema.
    pub const MISSING_FIELD: Self = Self::named("missing-field");

    /// Not JSON, or something after it.
    pub const MALFORMED_JSON: Self = Self::named("malformed-json");

    /// JSON, but no object.
    pub const NOT_AN_OBJECT: Self = Self::named("not-an-object");

    /// A JSON value of another type than the column's.
    pub const WRONG_TYPE: Self = Self::named("wrong-type");
}

/// A decoder of JSON objects, whose keys are the columns.
///
/// # Errors
/// [`Error::Invalid`] if there is no column, or two of one name.
pub fn decoder(columns: Vec<(String, ColumnType)>) -> Result<Decoder, Error> {
    Options::default().decoder(columns)
}

/// How objects hold the columns.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where columns stand that are no keys of the object itself: a name, and a JSON pointer (RFC 6901).
    pub paths: Vec<(String, String)>,
    /// Whether a number may be written as a string, in columns of doubles and integers.
    pub numbers_in_strings: bool,
}

impl Options {
    /// A decoder of such objects.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no column, or two of one name; if a path is none, belongs to no column, or leads
    /// into the value of another column.
    pub fn decoder(self, columns: Vec<(String, ColumnType)>) -> Result<Decoder, Error> {
        let (schema, objects) = self.objects(columns)?;
        Ok(Decoder::of(schema, objects))
    }

    /// A decoder of such objects behind the frame of a Schema Registry: of those whose schema is one of JSON, and else
    /// with the reason why it is not.
    ///
    /// # Errors
    /// As [`decoder`](Self::decoder).
    pub fn framed_decoder(
        self,
        columns: Vec<(String, ColumnType)>,
        schemas: Vec<(u32, Result<(), String>)>,
    ) -> Result<Decoder, Error> {
        let (schema, inner) = self.objects(columns)?;
        Ok(Decoder::of(schema, Framed { inner, known: Known::new(schemas) }))
    }

    fn objects(self, columns: Vec<(String, ColumnType)>) -> Result<(Schema, Objects), Error> {
        let schema = Schema::new(columns)?;
        let levels = Levels::new(&schema, &self.paths)?;
        Ok((schema, Objects { levels, numbers_in_strings: self.numbers_in_strings }))
    }
}

/// Objects that hold one row each.
#[derive(Clone, Debug)]
struct Objects {
    levels: Levels,
    numbers_in_strings: bool,
}

impl Format for Objects {
    type Room<'a> = Slots<'a>;

    fn room<'a>(&self) -> Slots<'a> {
        self.levels.slots()
    }

    fn read<'a>(&self, value: &'a [u8], columns: &mut Columns, found: &mut Slots<'a>) -> Result<(), Fault> {
        let text = std::str::from_utf8(without_mark(value))
            .map_err(|error| Fault::with(RejectKind::INVALID_UTF8, error.to_string()))?;
        self.levels.find(text, found).map_err(|error| explain(text, error))?;
        for (index, value) in found.iter().enumerate().take(columns.list.len()) {
            let pushed = match value {
                value if value.is_none_or(|value| value.starts_with('n')) && columns.can_miss(index) => {
                    columns.push_missing(index)
                }
                None => Err(Fault::with(RejectKind::MISSING_FIELD, self.levels.path(index).to_owned())),
                Some(value) => push(&mut columns.list[index], value, self.numbers_in_strings),
            };
            pushed.map_err(|fault| fault.in_column(index))?;
        }
        Ok(())
    }

    fn records(&self, value: &[u8], spans: &mut Vec<Span>) {
        records::find(value, spans);
    }
}

/// A value that stands before an error may still have been JSON of another type. What serde says of a wrong
/// type quotes the whole value, however long; of broken syntax it gives the place.
pub(super) fn explain(text: &str, error: serde_json::Error) -> Fault {
    let syntax = if error.is_data() {
        match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => return Fault::new(RejectKind::NOT_AN_OBJECT),
            Err(syntax) => syntax,
        }
    } else {
        error
    };
    Fault::with(RejectKind::MALFORMED_JSON, syntax.to_string())
}

/// Appends a JSON value, which is known to be well-formed, to a column.
fn push(column: &mut Column, value: &str, numbers_in_strings: bool) -> Result<(), Fault> {
    let text = value.as_bytes();
    match (column, text) {
        (_, [b'n', ..]) => Err(Fault::new(RejectKind::NULL)),
        (Column::Float(values), [b'-' | b'0'..=b'9', ..]) => {
            values.push(number::float(text)?);
            Ok(())
        }
        (Column::Int(values), [b'-' | b'0'..=b'9', ..]) => {
            values.push(number::integer(text)?);
            Ok(())
        }
        (Column::Decimal(values), [b'-' | b'0'..=b'9', ..]) => {
            values.push(number::decimal(text)?.to_words());
            Ok(())
        }
        (Column::Float(values), [b'"', inside @ .., b'"']) if numbers_in_strings => {
            values.push(number::float(unescaped(value, inside)?.as_ref())?);
            Ok(())
        }
        (Column::Int(values), [b'"', inside @ .., b'"']) if numbers_in_strings => {
            values.push(number::integer(unescaped(value, inside)?.as_ref())?);
            Ok(())
        }
        // JSON has no decimals that every library keeps: many write them as strings.
        (Column::Decimal(values), [b'"', inside @ .., b'"']) => {
            values.push(number::decimal(unescaped(value, inside)?.as_ref())?.to_words());
            Ok(())
        }
        (Column::Datetime(values, how), [b'"', inside @ .., b'"']) if !how.is_number() => {
            values.push(how.read(unescaped(value, inside)?.as_ref())?);
            Ok(())
        }
        (Column::Timedelta(values, how), [b'"', inside @ .., b'"']) if !how.is_number() => {
            values.push(how.read(unescaped(value, inside)?.as_ref())?);
            Ok(())
        }
        (Column::Datetime(values, how), [b'-' | b'0'..=b'9', ..]) if how.is_number() => {
            values.push(how.read(text)?);
            Ok(())
        }
        (Column::Timedelta(values, how), [b'-' | b'0'..=b'9', ..]) if how.is_number() => {
            values.push(how.read(text)?);
            Ok(())
        }
        (Column::Bool(values), [b't' | b'f', ..]) => {
            values.push(text == b"true");
            Ok(())
        }
        (Column::Text(column), [b'"', inside @ .., b'"']) => {
            Column::push_text(column, &unescaped(value, inside)?)
        }
        _ => Err(Fault::found(RejectKind::WRONG_TYPE, text)),
    }
}

/// The bytes of a JSON string, given with and without its quotes.
fn unescaped<'a>(string: &'a str, inside: &'a [u8]) -> Result<Cow<'a, [u8]>, Fault> {
    if memchr::memchr(b'\\', inside).is_none() {
        return Ok(Cow::Borrowed(inside));
    }
    // Skipping has checked the escapes but for surrogates without their other half.
    let unescaped: String = serde_json::from_str(string)
        .map_err(|_| Fault::found(RejectKind::INVALID_UTF8, string.as_bytes()))?;
    Ok(Cow::Owned(unescaped.into_bytes()))
}
