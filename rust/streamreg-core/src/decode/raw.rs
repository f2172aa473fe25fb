//! Decode: the raw format, in which the value is the one column.

use super::columns::{Column, Columns};
use super::reject::Fault;
use super::{ColumnType, Item};
use crate::error::Error;

/// Whether a raw message can fill this schema.
pub(super) fn check(names: &[String], types: &[ColumnType]) -> Result<(), Error> {
    match (names, types) {
        ([_], [ColumnType::Str | ColumnType::Bytes]) => Ok(()),
        ([name], _) => Err(Error::Invalid(format!("column {name:?} of a raw message must be str or bytes"))),
        _ => Err(Error::Invalid(format!(
            "a raw message has one column, but the schema has {}: {}",
            names.len(),
            names.join(", ")
        ))),
    }
}

/// Appends one message.
pub(super) fn decode(value: &[u8], columns: &mut Columns) -> Result<(), Fault> {
    for column in &mut columns.list {
        if let Column::Text(text) = column {
            Column::push_item(text, Item::Bytes(value)).map_err(|fault| fault.in_column(0))?;
        }
    }
    Ok(())
}
