//! Stage: write. Columns become rows of CSV text: minimal quoting, floats as Python's `repr` writes them.
//!
//! A missing value is an empty cell, an empty string is `""`, and every double has a text of its own: so rows
//! of the same columns are equal if their texts are, which is how the changelog compares them.

mod cell;
mod float;
mod rows;
mod stamp;

pub use cell::{Cell, Cells};
pub use rows::{Packed, Rows};
pub(crate) use stamp::Stamp;
pub use stamp::stamp;

use crate::error::Error;

/// Rows of these columns as CSV text, without line ends.
///
/// # Errors
/// [`Error::Invalid`] without any column, [`Error::Mismatch`] for columns of different lengths,
/// [`Error::Overflow`] for a row of 4 GiB or more.
pub fn render(columns: &[Cells<'_>]) -> Result<Rows, Error> {
    let Some((first, others)) = columns.split_first() else {
        return Err(Error::Invalid("a row needs at least one column".to_owned()));
    };
    let count = first.len();
    if let Some(other) = others.iter().find(|other| other.len() != count) {
        return Err(Error::Mismatch(format!("columns of {count} and of {} rows", other.len())));
    }
    let mut rows = Rows::with_capacity(count, columns.len());
    for row in 0..count {
        rows.append(|text| {
            first.write(row, text);
            for column in others {
                text.push(b',');
                column.write(row, text);
            }
        })?;
    }
    Ok(rows)
}
