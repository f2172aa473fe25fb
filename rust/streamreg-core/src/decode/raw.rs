//! Decode: the raw format, in which the value is the one column.

use super::columns::{Column, Columns};
use super::reject::Fault;
use super::{ColumnType, Decoder, Format, Item, Schema, Span};
use crate::error::Error;

/// A decoder of raw messages.
///
/// # Errors
/// [`Error::Invalid`] if there is anything but one column of text or bytes.
pub fn decoder(columns: Vec<(String, ColumnType)>) -> Result<Decoder, Error> {
    let schema = Schema::new(columns)?;
    match (schema.names.as_slice(), schema.types.as_slice()) {
        ([_], [ColumnType::Str | ColumnType::Bytes]) => Ok(Decoder::of(schema, Raw)),
        ([name], _) => Err(Error::Invalid(format!("column {name:?} of a raw message must be str or bytes"))),
        (names, _) => Err(Error::Invalid(format!(
            "a raw message has one column, but the schema has {}: {}",
            names.len(),
            names.join(", ")
        ))),
    }
}

/// The format, which has nothing to know.
#[derive(Debug)]
struct Raw;

impl Format for Raw {
    type Room<'a> = ();

    fn room<'a>(&self) -> Self::Room<'a> {}

    fn read(&self, value: &[u8], columns: &mut Columns, (): &mut ()) -> Result<(), Fault> {
        for column in &mut columns.list {
            if let Column::Text(text) = column {
                Column::push_item(text, Item::Bytes(value)).map_err(|fault| fault.in_column(0))?;
            }
        }
        Ok(())
    }

    fn records(&self, value: &[u8], spans: &mut Vec<Span>) {
        // A value is one record, whatever it holds.
        spans.push(0..value.len());
    }
}
