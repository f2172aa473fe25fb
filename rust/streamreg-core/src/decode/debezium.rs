//! Decode: change events of Debezium, split before the rows in them are read as the json format reads any.
//!
//! A message is an envelope: `op` says what happened to a row, `before` and `after` hold it. With its schema beside it
//! the envelope stands in `payload`. What is in the row itself is not looked at here.

use super::json::explain;
use super::json::levels::{Levels, Slots};
use super::reject::{Fault, Reject, RejectKind};
use super::{ColumnType, Schema, Span, Value, without_mark};
use crate::error::Error;

impl RejectKind {
    /// A change event of an operation that is not known.
    pub const UNKNOWN_OPERATION: Self = Self::named("unknown-operation");

    /// A change event that lacks the row as it is after the change.
    pub const MISSING_AFTER: Self = Self::named("missing-after");
}

/// What happened to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It was inserted (`c`), or was there when the connector began (`r`).
    Insert,
    /// It was changed (`u`).
    Update,
    /// It was deleted (`d`).
    Delete,
    /// All rows were deleted (`t`).
    Truncate,
    /// Something else was written to the log of the database (`m`): no row.
    Message,
    /// There is no event: the payload is null.
    Nothing,
}

/// One change event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub operation: Operation,
    /// Where the row as it was before stands in the value, if it does.
    pub before: Option<Span>,
    /// The same as it is now: of an insertion and an update it always does.
    pub after: Option<Span>,
}

/// The places of an envelope, alone and in `payload`.
const PLACES: [(&str, &str); 6] = [
    ("op", "/op"),
    ("before", "/before"),
    ("after", "/after"),
    ("payload op", "/payload/op"),
    ("payload before", "/payload/before"),
    ("payload after", "/payload/after"),
];

/// Splits the envelopes of a batch.
#[derive(Clone, Debug)]
pub struct Splitter {
    levels: Levels,
}

impl Splitter {
    /// A splitter.
    ///
    /// # Errors
    /// None: the places do not contradict each other.
    pub fn new() -> Result<Self, Error> {
        let columns = PLACES.iter().map(|(name, _)| ((*name).to_owned(), ColumnType::Str));
        let schema = Schema::new(columns.collect())?;
        let paths: Vec<_> =
            PLACES.iter().map(|(name, path)| ((*name).to_owned(), (*path).to_owned())).collect();
        Ok(Self { levels: Levels::new(&schema, &paths)? })
    }

    /// The event of each message that has a value, or why it holds none. Never fails, whatever the bytes.
    #[must_use]
    pub fn split(&self, messages: &[Value<'_>]) -> Vec<Option<Result<Event, Reject>>> {
        let mut found = self.levels.slots();
        (0u32..)
            .zip(messages)
            .map(|(message, &value)| {
                value.map(|value| {
                    self.event(value, &mut found).map_err(|fault| fault.framed(value).of_message(message))
                })
            })
            .collect()
    }

    fn event<'a>(&self, value: &'a [u8], found: &mut Slots<'a>) -> Result<Event, Fault> {
        let text = std::str::from_utf8(without_mark(value))
            .map_err(|error| Fault::with(RejectKind::INVALID_UTF8, error.to_string()))?;
        self.levels.find(text, found).map_err(|error| explain(text, error))?;
        let begin = value.len() - text.len();
        let [op, before, after, inner_op, inner_before, inner_after, payload] = found[..] else {
            return Err(Fault::with(RejectKind::MISSING_FIELD, "op".to_owned()));
        };
        let (op, before, after) = match (op, payload) {
            (None, Some("null")) => {
                return Ok(Event { operation: Operation::Nothing, before: None, after: None });
            }
            (None, _) => (inner_op, inner_before, inner_after),
            _ => (op, before, after),
        };
        let op = op.ok_or_else(|| Fault::with(RejectKind::MISSING_FIELD, "op".to_owned()))?;
        let operation = operation(op)?;
        let place = |row: Option<&str>| {
            let row = row.filter(|row| *row != "null")?;
            let start = begin + (row.as_ptr() as usize - text.as_ptr() as usize);
            Some(start..start + row.len())
        };
        let (before, after) = (place(before), place(after));
        if matches!(operation, Operation::Insert | Operation::Update) && after.is_none() {
            return Err(Fault::new(RejectKind::MISSING_AFTER));
        }
        Ok(Event { operation, before, after })
    }
}

fn operation(text: &str) -> Result<Operation, Fault> {
    // Escapes too: JSON may write any letter as one.
    let name: String = serde_json::from_str(text)
        .map_err(|_| Fault::found(RejectKind::UNKNOWN_OPERATION, text.as_bytes()))?;
    match name.as_str() {
        "c" | "r" => Ok(Operation::Insert),
        "u" => Ok(Operation::Update),
        "d" => Ok(Operation::Delete),
        "t" => Ok(Operation::Truncate),
        "m" => Ok(Operation::Message),
        _ => Err(Fault::found(RejectKind::UNKNOWN_OPERATION, text.as_bytes())),
    }
}
