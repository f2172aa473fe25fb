//! Stage: decode. The values of a batch of Kafka messages become columns; what does not fit the schema
//! becomes a [`Reject`] and stops nothing.
//!
//! One message is one row. Whatever the bytes are, a message is exactly one of: a row, a reject, a
//! tombstone; and what it becomes depends on nothing but itself, so a batch may be cut anywhere.

mod columns;
pub mod csv;
mod json;
mod messages;
mod number;
mod raw;
mod reject;
mod text;

pub use columns::Column;
pub use messages::Messages;
pub use reject::{Reject, RejectKind};
pub use text::{Item, Text};

use crate::error::Error;
use columns::Columns;
use reject::Fault;

/// How a message's value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One RFC 4180 record; its fields are named by a header that came before.
    Csv,
    /// One JSON object.
    Json,
    /// The value itself is the one column.
    Raw,
}

/// What a column of the schema holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// The double nearest to the number in the message; always finite.
    Float,
    /// A 64-bit signed integer.
    Int,
    /// A decimal number as written: see [`Decimal`](crate::decimal::Decimal).
    Decimal,
    /// True or false.
    Bool,
    /// Text, checked to be UTF-8.
    Str,
    /// Bytes: the value itself in [`Format::Raw`], base64 (standard alphabet, padded) in the text formats.
    Bytes,
}

/// Turns message values into the columns of one schema.
#[derive(Clone, Debug)]
pub struct Decoder {
    types: Vec<ColumnType>,
    reading: Reading,
}

#[derive(Clone, Debug)]
enum Reading {
    Csv(csv::Layout),
    Json(json::Keys),
    Raw,
}

/// One batch as columns.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The schema's columns in its order, each with `rows` entries.
    pub columns: Vec<Column>,
    /// For each row the index of its message; `None` if row i is message i.
    pub messages: Option<Vec<u32>>,
    /// The messages that do not fit the schema, in their order.
    pub rejects: Vec<Reject>,
    /// Messages without a value: neither rows nor rejects.
    pub tombstones: usize,
    /// Number of rows.
    pub rows: usize,
}

impl Decoder {
    /// A decoder for these columns; `header` names the fields of a CSV record and belongs to that format alone.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no column, or two of one name; if a header is missing, or given to a
    /// format that has none; if the header lacks a column or names it twice; if a raw schema is anything but
    /// one column of text or bytes.
    pub fn new(
        format: Format,
        columns: Vec<(String, ColumnType)>,
        header: Option<Vec<String>>,
    ) -> Result<Self, Error> {
        let (names, types): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        if names.is_empty() {
            return Err(Error::Invalid("a schema needs at least one column".to_owned()));
        }
        if let Some(twice) = first_repeated(&names) {
            return Err(Error::Invalid(format!("the schema has two columns named {twice:?}")));
        }
        let reading = match (format, header) {
            (Format::Csv, Some(header)) => Reading::Csv(csv::Layout::new(&names, &types, &header)?),
            (Format::Csv, None) => {
                return Err(Error::Invalid("csv needs the header that names its fields".to_owned()));
            }
            (Format::Json | Format::Raw, Some(_)) => {
                return Err(Error::Invalid("a header belongs to csv alone".to_owned()));
            }
            (Format::Json, None) => Reading::Json(json::Keys::new(names)),
            (Format::Raw, None) => {
                raw::check(&names, &types)?;
                Reading::Raw
            }
        };
        Ok(Self { types, reading })
    }

    /// Decodes one batch. Never fails and never panics, whatever the bytes.
    #[must_use]
    pub fn decode(&self, messages: &Messages) -> Decoded {
        let columns = Columns::new(&self.types, messages.present());
        match &self.reading {
            Reading::Csv(layout) => {
                let mut split = csv::Split::default();
                run(messages, columns, |value, columns| layout.decode(value, columns, &mut split))
            }
            Reading::Json(keys) => {
                let mut found = keys.slots();
                run(messages, columns, |value, columns| keys.decode(value, columns, &mut found))
            }
            Reading::Raw => run(messages, columns, raw::decode),
        }
    }
}

/// Gives each value to `decode`, which pushes one row or says what is wrong; then half a row may be there,
/// and is taken back.
fn run<'a>(
    messages: &'a Messages,
    mut columns: Columns,
    mut decode: impl FnMut(&'a [u8], &mut Columns) -> Result<(), Fault>,
) -> Decoded {
    let mut rejects = Vec::new();
    let mut tombstones = 0;
    // Written from the first message on that is no row: in a clean batch there is none.
    let mut rows_of = None;
    for (message, value) in (0u32..).zip(messages.iter()) {
        match value.map(|value| decode(value, &mut columns)) {
            Some(Ok(())) => {
                columns.commit();
                if let Some(rows_of) = &mut rows_of {
                    Vec::push(rows_of, message);
                }
                continue;
            }
            Some(Err(fault)) => {
                columns.roll_back();
                rejects.push(fault.of_message(message));
            }
            None => tombstones += 1,
        }
        rows_of.get_or_insert_with(|| (0..message).collect());
    }
    let (columns, rows) = columns.finish();
    Decoded { columns, messages: rows_of, rejects, tombstones, rows }
}

fn first_repeated(names: &[String]) -> Option<&String> {
    let mut seen = std::collections::HashSet::new();
    names.iter().find(|name| !seen.insert(name.as_str()))
}
