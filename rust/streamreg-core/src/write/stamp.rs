//! Write: the end of a changelog's line, `,time,diff` and LF.

use super::Packed;
use crate::error::Error;

/// What ends each line of one time and one difference.
#[derive(Debug)]
pub(crate) struct Stamp(String);

impl Stamp {
    pub(crate) fn new(time: i64, diff: i64) -> Self {
        Self(format!(",{time},{diff}\n"))
    }

    /// Appends a row as a line.
    #[inline]
    pub(crate) fn write(&self, row: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(row);
        out.extend_from_slice(self.0.as_bytes());
    }
}

/// Packed rows as lines of a changelog.
///
/// # Errors
/// [`Error`] if the bytes are no packed rows.
pub fn stamp(rows: &[u8], time: i64, diff: i64) -> Result<Vec<u8>, Error> {
    let rows = Packed::from_bytes(rows)?;
    let stamp = Stamp::new(time, diff);
    let mut lines = Vec::with_capacity(rows.size().saturating_add(rows.len().saturating_mul(stamp.0.len())));
    for row in rows.iter() {
        stamp.write(row, &mut lines);
    }
    Ok(lines)
}
