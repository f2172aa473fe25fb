//! Lines: rows as JSON objects, whose numbers are the very ones that their cells have.
//!
//! Doubles stand as their shortest text, integers and decimals with all their digits. JSON has no NaN and no infinities:
//! they are texts, as protobuf writes them there.

use super::RowCells;
use crate::error::Error;
use std::borrow::Cow;

/// How the cells of a column stand in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Number,
    /// True or false.
    Bool,
    /// A string.
    Text,
}

/// Makes objects of rows.
#[derive(Clone, Debug)]
pub struct JsonRows {
    /// Of each column what stands before its value, and its kind.
    members: Vec<(Vec<u8>, Kind)>,
}

impl JsonRows {
    /// Of rows with these columns.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a name cannot be written.
    pub fn new<'a>(columns: impl IntoIterator<Item = (&'a str, Kind)>) -> Result<Self, Error> {
        let member = |(index, (name, kind)): (usize, (&str, Kind))| {
            let mut before = vec![if index == 0 { b'{' } else { b',' }];
            write_text(name, &mut before)?;
            before.push(b':');
            Ok((before, kind))
        };
        Ok(Self { members: columns.into_iter().enumerate().map(member).collect::<Result<_, Error>>()? })
    }

    /// Appends a row, which is CSV text, as an object.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it has another number of cells, or one that is no text.
    pub fn write(&self, row: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        if self.members.is_empty() {
            out.extend_from_slice(b"{}");
            return if row.is_empty() { Ok(()) } else { Err(foreign()) };
        }
        let mut cells = RowCells::of(row);
        for (before, kind) in &self.members {
            out.extend_from_slice(before);
            write_cell(cells.next().ok_or_else(foreign)?, *kind, out)?;
        }
        out.push(b'}');
        cells.next().map_or(Ok(()), |_| Err(foreign()))
    }
}

fn foreign() -> Error {
    Error::Invalid("a row has not as many cells as there are columns".to_owned())
}

fn write_cell(cell: &[u8], kind: Kind, out: &mut Vec<u8>) -> Result<(), Error> {
    let text: &[u8] = match (kind, cell) {
        (_, b"") => b"null",
        (Kind::Number, b"nan") => b"\"NaN\"",
        (Kind::Number, b"inf") => b"\"Infinity\"",
        (Kind::Number, b"-inf") => b"\"-Infinity\"",
        (Kind::Number, _) => cell,
        (Kind::Bool, b"True") => b"true",
        (Kind::Bool, b"False") => b"false",
        (Kind::Bool, _) => return Err(Error::Invalid("a cell is neither True nor False".to_owned())),
        (Kind::Text, _) => {
            let text = unquoted(cell);
            let text = str::from_utf8(&text)
                .map_err(|error| Error::Invalid(format!("a cell is no text: {error}")))?;
            return write_text(text, out);
        }
    };
    out.extend_from_slice(text);
    Ok(())
}

fn write_text(text: &str, out: &mut Vec<u8>) -> Result<(), Error> {
    serde_json::to_writer(out, text)
        .map_err(|error| Error::Invalid(format!("a text that JSON does not hold: {error}")))
}

/// The bytes of a cell without the quotes around it.
fn unquoted(cell: &[u8]) -> Cow<'_, [u8]> {
    let Some(inner) = cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\"")) else {
        return Cow::Borrowed(cell);
    };
    if memchr::memchr(b'"', inner).is_none() {
        return Cow::Borrowed(inner);
    }
    let mut text = Vec::with_capacity(inner.len());
    let mut copied = 0;
    // Each pair of quotes: the first of them is left out.
    for second in memchr::memmem::find_iter(inner, b"\"\"").map(|at| at + 1) {
        text.extend_from_slice(&inner[copied..second - 1]);
        copied = second;
    }
    text.extend_from_slice(&inner[copied..]);
    Cow::Owned(text)
}
