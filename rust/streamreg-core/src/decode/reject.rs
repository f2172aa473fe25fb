//! Decode: why a message is no row.

use super::Span;
use std::fmt;

/// The reason for which a message is rejected.
///
/// A format adds those that only it has, in its own file. The names are stable: they are written to files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RejectKind(&'static str);

impl RejectKind {
    /// JSON `null`, or an empty CSV field where a number or a boolean belongs.
    pub const NULL: Self = Self::named("null");

    /// Text that is no decimal number, or one of more than 4096 characters.
    pub const INVALID_NUMBER: Self = Self::named("invalid-number");

    /// Text or a number that is no integer: also `1.5`, `1.0` and `1e3`.
    pub const INVALID_INTEGER: Self = Self::named("invalid-integer");

    /// An integer beyond 64 bits.
    pub const INTEGER_OVERFLOW: Self = Self::named("integer-overflow");

    /// A decimal of more than 34 significant digits, or with an exponent beyond ±400.
    pub const DECIMAL_RANGE: Self = Self::named("decimal-range");

    /// CSV text that is none of true, false, 1, 0 (in any case).
    pub const INVALID_BOOLEAN: Self = Self::named("invalid-boolean");

    /// Text that is no Unicode: bytes that are no UTF-8, or JSON escapes of half a surrogate pair.
    pub const INVALID_UTF8: Self = Self::named("invalid-utf8");

    /// Text that is no base64 (standard alphabet, padded) where bytes belong.
    pub const INVALID_BASE64: Self = Self::named("invalid-base64");

    /// A number that is NaN, infinite or nearest to no finite double.
    pub const NON_FINITE: Self = Self::named("non-finite");

    /// A reason of this name.
    pub(super) const fn named(name: &'static str) -> Self {
        Self(name)
    }

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for RejectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A message that does not fit the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Index of the message in the batch.
    pub message: u32,
    /// Why.
    pub kind: RejectKind,
    /// Index in the schema of the column it is about, if it is about one.
    pub column: Option<usize>,
    /// What was found, in a few words; may be empty.
    pub detail: String,
    /// Where the record stands in the message, if that can hold many.
    pub span: Option<Span>,
}

/// A [`Reject`] that does not know its message yet, and maybe not its column.
#[derive(Debug)]
pub(super) struct Fault {
    kind: RejectKind,
    column: Option<usize>,
    detail: String,
}

impl Fault {
    pub(super) const fn new(kind: RejectKind) -> Self {
        Self { kind, column: None, detail: String::new() }
    }

    pub(super) fn with(kind: RejectKind, detail: String) -> Self {
        Self { kind, column: None, detail }
    }

    /// A fault that shows the start of the text it was found in: the whole may be very long.
    pub(super) fn found(kind: RejectKind, text: &[u8]) -> Self {
        Self::with(kind, shown(text))
    }

    /// The same, with what is wrong with the text.
    pub(super) fn of_text(kind: RejectKind, text: &[u8], why: &str) -> Self {
        Self::with(kind, format!("{}: {why}", shown(text)))
    }

    pub(super) fn in_column(self, column: usize) -> Self {
        Self { column: Some(column), ..self }
    }

    /// The same, with a word where the value begins as messages of a Schema Registry do: a zero byte, then the
    /// schema's id in four, which no text has.
    pub(super) fn framed(self, value: &[u8]) -> Self {
        let [0, a, b, c, d, ..] = *value else { return self };
        let id = u32::from_be_bytes([a, b, c, d]);
        let more = if self.detail.is_empty() { String::new() } else { format!(": {}", self.detail) };
        Self {
            detail: format!(
                "begins with the frame of a Schema Registry (schema id {id}): read it with format='avro', 'protobuf' or 'json' and schema_registry={{…}}{more}"
            ),
            ..self
        }
    }

    /// The same, with the number of the record, if there are others beside it.
    pub(super) fn in_record(self, number: usize, count: usize) -> Self {
        if count == 1 {
            return self;
        }
        let more = if self.detail.is_empty() { String::new() } else { format!(": {}", self.detail) };
        Self { detail: format!("record {number} of {count}{more}"), ..self }
    }

    pub(super) fn of_message(self, message: u32) -> Reject {
        Reject { message, kind: self.kind, column: self.column, detail: self.detail, span: None }
    }
}

/// The start of a text, quoted.
fn shown(text: &[u8]) -> String {
    const SHOWN: usize = 40;
    let more = if text.len() > SHOWN { "…" } else { "" };
    let start = String::from_utf8_lossy(&text[..text.len().min(SHOWN)]);
    format!("{start:?}{more}")
}
