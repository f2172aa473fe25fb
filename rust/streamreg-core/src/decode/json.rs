//! Decode: the json format. One message is one object; keys that the schema does not know are skipped.
//!
//! The object is walked once. Of a wanted key only the place of its value is noted, so the last of two
//! equal keys wins and it alone is judged; the numbers are then parsed as those of the csv format.
//! A byte order mark before the object is skipped, as RFC 8259 allows, and so are keys and values that nobody
//! wants, whether or not their escapes are Unicode. Values are skipped without recursion: no depth of nesting can exhaust the stack.

use super::columns::{Column, Columns};
use super::reject::{Fault, RejectKind};
use super::{ColumnType, Decoder, Format, Schema, number, without_mark};
use crate::error::Error;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

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
    let schema = Schema::new(columns)?;
    let keys = Keys::new(schema.names.clone());
    Ok(Decoder::of(schema, keys))
}

/// The keys that are wanted.
#[derive(Clone, Debug)]
struct Keys {
    names: Vec<String>,
    columns: HashMap<String, usize>,
}

/// For each column the text of its value in one message.
type Slots<'a> = Vec<Option<&'a str>>;

impl Keys {
    fn new(names: Vec<String>) -> Self {
        let columns = names.iter().cloned().zip(0..).collect();
        Self { names, columns }
    }
}

impl Keys {
    /// Notes the wanted values of an object. As text a key is checked to be Unicode; as bytes it is not, nor is
    /// anything else of it.
    fn walk<'a>(
        &self,
        text: &'a str,
        found: &mut Slots<'a>,
        as_bytes: bool,
    ) -> Result<(), serde_json::Error> {
        found.fill(None);
        let mut reader = serde_json::Deserializer::from_str(text);
        reader.deserialize_map(Object { keys: self, found, as_bytes })?;
        reader.end()
    }
}

impl Format for Keys {
    type Room<'a> = Slots<'a>;

    fn room<'a>(&self) -> Slots<'a> {
        vec![None; self.names.len()]
    }

    fn read<'a>(&self, value: &'a [u8], columns: &mut Columns, found: &mut Slots<'a>) -> Result<(), Fault> {
        let text = std::str::from_utf8(without_mark(value))
            .map_err(|error| Fault::with(RejectKind::INVALID_UTF8, error.to_string()))?;
        if let Err(error) = self.walk(text, found, false) {
            // Well-formed in spite of that: a key that is not wanted holds half of a surrogate pair.
            if error.is_data() || serde_json::from_str::<IgnoredAny>(text).is_err() {
                return Err(explain(text, error));
            }
            self.walk(text, found, true).map_err(|error| explain(text, error))?;
        }
        for (index, (column, value)) in columns.list.iter_mut().zip(found).enumerate() {
            value
                .ok_or(Fault::new(RejectKind::MISSING_FIELD))
                .and_then(|value| push(column, value))
                .map_err(|fault| fault.in_column(index))?;
        }
        Ok(())
    }
}

/// A value that stands before an error may still have been JSON of another type. What serde says of a wrong
/// type quotes the whole value, however long; of broken syntax it gives the place.
fn explain(text: &str, error: serde_json::Error) -> Fault {
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
fn push(column: &mut Column, value: &str) -> Result<(), Fault> {
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

/// Walks the object and fills the slots.
struct Object<'k, 'f, 'a> {
    keys: &'k Keys,
    found: &'f mut Slots<'a>,
    as_bytes: bool,
}

impl<'a> Visitor<'a> for Object<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<(), M::Error> {
        // Messages of one producer mostly have their keys in one order, often the schema's.
        let mut guess = 0;
        while let Some(key) = map.next_key_seed(Key { keys: self.keys, guess, as_bytes: self.as_bytes })? {
            if let Some(column) = key {
                self.found[column] = Some(map.next_value::<&RawValue>()?.get());
                guess = column + 1;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Reads a key, unescaped, as the index of its column.
struct Key<'k> {
    keys: &'k Keys,
    guess: usize,
    as_bytes: bool,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Option<usize>, D::Error> {
        if self.as_bytes { reader.deserialize_bytes(self) } else { reader.deserialize_str(self) }
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Option<usize>, E> {
        if self.keys.names.get(self.guess).is_some_and(|name| name == key) {
            return Ok(Some(self.guess));
        }
        Ok(self.keys.columns.get(key).copied())
    }

    fn visit_bytes<E: serde::de::Error>(self, key: &[u8]) -> Result<Option<usize>, E> {
        // What is no Unicode is no column's name.
        std::str::from_utf8(key).map_or(Ok(None), |key| self.visit_str(key))
    }
}
