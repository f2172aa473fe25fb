//! Decode: the values of a batch of Kafka messages become columns; what does not fit the schema
//! becomes a [`Reject`] and stops nothing.
//!
//! One message is one row, unless the decoder was made for many records a message. Whatever the bytes are, a record is
//! either a row or a reject, and a message without a value a tombstone; what it becomes depends on nothing but itself,
//! so a batch may be cut anywhere.

pub mod avro;
mod column_type;
mod columns;
pub mod csv;
pub mod debezium;
mod framed;
pub mod json;
mod number;
pub mod protobuf;
pub mod raw;
mod reject;
mod text;
mod times;
mod varint;
mod wanted;

pub use column_type::ColumnType;
pub use columns::Column;
pub use framed::schema_ids;
pub use reject::{Reject, RejectKind};
pub use text::{Item, Text};
pub use times::{DatetimeText, TimedeltaText};

use std::fmt;
use std::sync::Arc;

use crate::error::Error;
use columns::Columns;
use reject::Fault;

/// How the values of messages are written: what a format has to do is to read one of them.
trait Format: fmt::Debug + Send + Sync + 'static {
    /// Working memory of one batch, which may point into its messages.
    type Room<'a>;

    /// Whether values stand behind the frame of a Schema Registry, so that one is nothing strange.
    const FRAMED: bool = false;

    /// Such memory, before the first message.
    fn room<'a>(&self) -> Self::Room<'a>;

    /// Appends one row to the columns, or says what is wrong; then half a row may be there, and is taken back.
    fn read<'a>(
        &self,
        value: &'a [u8],
        columns: &mut Columns,
        room: &mut Self::Room<'a>,
    ) -> Result<(), Fault>;

    /// Finds the records of a value that may hold many. What cannot be cut apart is one record, which will not fit.
    fn records(&self, value: &[u8], spans: &mut Vec<Span>);
}

/// The columns that a message is read into, of which there is at least one, and no two of one name.
#[derive(Clone, Debug)]
struct Schema {
    names: Vec<String>,
    types: Vec<ColumnType>,
}

impl Schema {
    fn new(columns: Vec<(String, ColumnType)>) -> Result<Self, Error> {
        let (names, types): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        if names.is_empty() {
            return Err(Error::Invalid("a schema needs at least one column".to_owned()));
        }
        if let Some(twice) = first_repeated(&names) {
            return Err(Error::Invalid(format!("the schema has two columns named {twice:?}")));
        }
        Ok(Self { names, types })
    }
}

/// The value of a message; `None` for a message that has none (a tombstone).
pub type Value<'a> = Option<&'a [u8]>;

/// Where a record stands in the value of its message.
pub type Span = std::ops::Range<usize>;

/// Turns message values into the columns of one schema. Each format makes its own: [`csv::decoder`],
/// [`json::decoder`], [`raw::decoder`], [`avro::Reader`], [`protobuf::Reader`].
#[derive(Clone, Debug)]
pub struct Decoder {
    types: Vec<ColumnType>,
    batches: Arc<dyn Batches>,
    many: bool,
}

/// One batch as columns.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The schema's columns in its order, each with `rows` entries.
    pub columns: Vec<Column>,
    /// Of each column which of its values are missing, where anything stands in their place; `None` if none is.
    pub missing: Vec<Option<Vec<bool>>>,
    /// For each row the index of its message; `None` if row i is message i.
    pub messages: Option<Vec<u32>>,
    /// For each row where its record stands in its message, if a message can hold many.
    pub spans: Option<Vec<Span>>,
    /// The messages that do not fit the schema, in their order.
    pub rejects: Vec<Reject>,
    /// Messages without a value: neither rows nor rejects.
    pub tombstones: usize,
    /// Number of rows.
    pub rows: usize,
}

impl Decoder {
    /// The decoder of a format that reads this schema.
    fn of(schema: Schema, format: impl Format) -> Self {
        Self { types: schema.types, batches: Arc::new(format), many: false }
    }

    /// The same for messages that hold any number of records each.
    #[must_use]
    pub fn of_many(self) -> Self {
        Self { many: true, ..self }
    }

    /// Decodes one batch. Never fails and never panics, whatever the bytes.
    #[must_use]
    pub fn decode(&self, messages: &[Value<'_>]) -> Decoded {
        let columns = Columns::new(&self.types, messages.iter().flatten().count());
        if self.many {
            self.batches.decode_many(messages, columns)
        } else {
            self.batches.decode(messages, columns)
        }
    }
}

/// A format that was chosen when the program ran: it is asked once a batch, not once a message.
trait Batches: fmt::Debug + Send + Sync {
    /// One record a message.
    fn decode(&self, messages: &[Value<'_>], columns: Columns) -> Decoded;

    /// Any number of records a message.
    fn decode_many(&self, messages: &[Value<'_>], columns: Columns) -> Decoded;
}

impl<F: Format> Batches for F {
    fn decode(&self, messages: &[Value<'_>], columns: Columns) -> Decoded {
        let mut room = self.room();
        let read = |value, columns: &mut _| {
            self.read(value, columns, &mut room).map_err(|fault| shown::<F>(fault, value))
        };
        run(messages, columns, read)
    }

    fn decode_many(&self, messages: &[Value<'_>], mut columns: Columns) -> Decoded {
        let mut room = self.room();
        let (mut rows_of, mut spans, mut rejects) = (Vec::new(), Vec::new(), Vec::new());
        let mut tombstones = 0;
        let mut records = Vec::new();
        for (message, &value) in (0u32..).zip(messages) {
            let Some(value) = value else {
                tombstones += 1;
                continue;
            };
            records.clear();
            self.records(value, &mut records);
            let count = records.len();
            for (number, span) in (1..).zip(records.drain(..)) {
                match self.read(&value[span.clone()], &mut columns, &mut room) {
                    Ok(()) => {
                        columns.commit();
                        rows_of.push(message);
                        spans.push(span);
                    }
                    Err(fault) => {
                        columns.roll_back();
                        let fault = shown::<F>(fault, value).in_record(number, count);
                        rejects.push(Reject { span: Some(span), ..fault.of_message(message) });
                    }
                }
            }
        }
        let (columns, missing, rows) = columns.finish();
        let (messages, spans) = (Some(rows_of), Some(spans));
        Decoded { columns, missing, messages, spans, rejects, tombstones, rows }
    }
}

/// Gives each value to `decode`, which pushes one row or says what is wrong; then half a row may be there,
/// and is taken back.
fn run<'a>(
    messages: &[Value<'a>],
    mut columns: Columns,
    mut decode: impl FnMut(&'a [u8], &mut Columns) -> Result<(), Fault>,
) -> Decoded {
    let mut rejects = Vec::new();
    let mut tombstones = 0;
    // Written from the first message on that is no row: in a clean batch there is none.
    let mut rows_of = None;
    for (message, &value) in (0u32..).zip(messages) {
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
    let (columns, missing, rows) = columns.finish();
    Decoded { columns, missing, messages: rows_of, spans: None, rejects, tombstones, rows }
}

/// A fault of a value, with a word where it has a frame that the format does not know.
fn shown<F: Format>(fault: Fault, value: &[u8]) -> Fault {
    if F::FRAMED { fault } else { fault.framed(value) }
}

/// Text without the byte order mark that may stand before it.
fn without_mark(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\xef\xbb\xbf").unwrap_or(value)
}

fn first_repeated(names: &[String]) -> Option<&String> {
    let mut seen = std::collections::HashSet::new();
    names.iter().find(|name| !seen.insert(name.as_str()))
}
