//! Write: columns become rows of CSV text: minimal quoting, floats as Python's `repr` writes them.
//!
//! A missing value is an empty cell, an empty string is `""`, and every double has a text of its own: so rows
//! of the same columns are equal if their texts are, which is how the changelog compares them.

mod cell;
mod float;
mod rows;
mod stamp;

pub use cell::{Cell, Cells};
pub use rows::{Packed, RowText};
pub(crate) use stamp::Stamp;
pub use stamp::stamp;

use crate::error::Error;
use crate::plural::plural;

/// Rows of these columns as CSV text, without line ends.
///
/// # Errors
/// [`Error::Invalid`] without any column, [`Error::Columns`] for columns of different lengths,
/// [`Error::Overflow`] for a row of 4 GiB or more.
pub fn render(columns: &[Cells<'_>]) -> Result<RowText, Error> {
    let Some((first, others)) = columns.split_first() else {
        return Err(Error::Invalid("a row needs at least one column".to_owned()));
    };
    let count = first.len();
    if let Some(other) = others.iter().find(|other| other.len() != count) {
        return Err(Error::Columns(format!(
            "columns of {count} and of {}",
            plural(other.len(), "row", "rows")
        )));
    }
    // Numbers alone are the common case; without a choice of type in each cell they cost half as much.
    let floats: Option<Vec<&[f64]>> = columns.iter().map(Cells::floats).collect();
    match floats {
        Some(floats) => write_rows(count, &floats, |values, row, text| float::write(values[row], text)),
        None => write_rows(count, columns, Cells::write),
    }
}

/// Row after row, the cells that `write` appends with commas between them.
#[inline]
fn write_rows<C>(
    count: usize,
    columns: &[C],
    write: impl Fn(&C, usize, &mut Vec<u8>),
) -> Result<RowText, Error> {
    // Two variables and not yet a `RowText`: they stay in registers, which makes a third of the time.
    let (mut text, mut lengths) = RowText::room(count, columns.len());
    for row in 0..count {
        let start = text.len();
        for (index, column) in columns.iter().enumerate() {
            if index > 0 {
                text.push(b',');
            }
            write(column, row, &mut text);
        }
        let length = u32::try_from(text.len() - start)
            .map_err(|_| Error::Overflow(format!("row {row} is longer than 4 GiB of text")))?;
        lengths.push(length);
    }
    Ok(RowText::new(text, lengths))
}
