//! Lines: those of a changelog taken apart again, for what is no file: as CSV, and as JSON.
//!
//! A line is `row,time,diff` and LF, as [`write`](mod@crate::write) has made it: a cell with a quote, a comma or a line
//! end stands in quotes, and a quote in it twice. So quotes that come in pairs say all: what stands between them belongs
//! to a cell.

mod json;
mod messages;
mod standing;

pub use json::{JsonRows, Kind};
pub use messages::{Message, Messages};
pub use standing::{Standing, standing};

use crate::error::Error;

/// The first line without its end, and what follows it.
fn split_line(lines: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let end = outside_quotes(lines, b'\n')
        .ok_or_else(|| Error::Invalid("the last line of these changes has no end".to_owned()))?;
    Ok((&lines[..end], &lines[end + 1..]))
}

/// The cells of a row, in their quotes if they have some.
struct RowCells<'a>(Option<&'a [u8]>);

impl<'a> RowCells<'a> {
    const fn of(row: &'a [u8]) -> Self {
        Self(Some(row))
    }
}

impl<'a> Iterator for RowCells<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let row = self.0.take()?;
        let end = outside_quotes(row, b',').unwrap_or(row.len());
        self.0 = row.get(end + 1..);
        Some(&row[..end])
    }
}

/// Where this character first stands outside of quotes.
#[inline]
fn outside_quotes(text: &[u8], wanted: u8) -> Option<usize> {
    let mut quoted = false;
    memchr::memchr2_iter(b'"', wanted, text).find(|&at| {
        let quote = text[at] == b'"';
        quoted ^= quote;
        !quote && !quoted
    })
}
