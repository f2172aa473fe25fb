//! Decode: the values of a batch of Kafka messages become columns; what does not fit the schema
//! becomes a [`Reject`] and stops nothing.
//!
//! One message is one row. Whatever the bytes are, a message is exactly one of: a row, a reject, a
//! tombstone; and what it becomes depends on nothing but itself, so a batch may be cut anywhere.

mod column_type;
mod columns;
pub mod csv;
pub mod json;
mod messages;
mod number;
pub mod raw;
mod reject;
mod text;
mod times;

pub use column_type::ColumnType;
pub use columns::Column;
pub use messages::Messages;
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

    /// Such memory, before the first message.
    fn room<'a>(&self) -> Self::Room<'a>;

    /// Appends one row to the columns, or says what is wrong; then half a row may be there, and is taken back.
    fn read<'a>(
        &self,
        value: &'a [u8],
        columns: &mut Columns,
        room: &mut Self::Room<'a>,
    ) -> Result<(), Fault>;
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

/// Turns message values into the columns of one schema. Each format makes its own: [`csv::decoder`],
/// [`json::decoder`], [`raw::decoder`].
#[derive(Clone, Debug)]
pub struct Decoder {
    types: Vec<ColumnType>,
    batches: Arc<dyn Batches>,
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
    /// The decoder of a format that reads this schema.
    fn of(schema: Schema, format: impl Format) -> Self {
        Self { types: schema.types, batches: Arc::new(format) }
    }

    /// Decodes one batch. Never fails and never panics, whatever the bytes.
    #[must_use]
    pub fn decode(&self, messages: &Messages) -> Decoded {
        self.batches.decode(messages, Columns::new(&self.types, messages.present()))
    }
}

/// A format that was chosen when the program ran: it is asked once a batch, not once a message.
trait Batches: fmt::Debug + Send + Sync {
    fn decode(&self, messages: &Messages, columns: Columns) -> Decoded;
}

impl<F: Format> Batches for F {
    fn decode(&self, messages: &Messages, columns: Columns) -> Decoded {
        let mut room = self.room();
        run(messages, columns, |value, columns| self.read(value, columns, &mut room))
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
        match value.map(|value| (value, decode(value, &mut columns))) {
            Some((_, Ok(()))) => {
                columns.commit();
                if let Some(rows_of) = &mut rows_of {
                    Vec::push(rows_of, message);
                }
                continue;
            }
            Some((value, Err(fault))) => {
                columns.roll_back();
                rejects.push(fault.framed(value).of_message(message));
            }
            None => tombstones += 1,
        }
        rows_of.get_or_insert_with(|| (0..message).collect());
    }
    let (columns, rows) = columns.finish();
    Decoded { columns, messages: rows_of, rejects, tombstones, rows }
}

/// Text without the byte order mark that may stand before it.
fn without_mark(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\xef\xbb\xbf").unwrap_or(value)
}

fn first_repeated(names: &[String]) -> Option<&String> {
    let mut seen = std::collections::HashSet::new();
    names.iter().find(|name| !seen.insert(name.as_str()))
}
