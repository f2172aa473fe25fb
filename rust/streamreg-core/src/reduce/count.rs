//! Reduce: the number of rows.

use crate::accumulate::{Accumulator, Sign};
use crate::error::Error;
use crate::exact::sum::{combine_counts, signed_add};
use crate::wire::{Reader, Writer};

/// Rows added less rows removed, whatever is in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count(i64);

impl Count {
    pub(super) fn rows(self) -> i64 {
        self.0
    }
}

impl Accumulator for Count {
    /// A number of rows.
    type Batch<'a> = usize;
    type Workspace = ();
    type Direction = Sign;

    fn check_batch(&self, batch: usize, sign: Sign) -> Result<(), Error> {
        self.check_rows(batch, sign)
    }

    fn check_rows(&self, rows: usize, sign: Sign) -> Result<(), Error> {
        signed_add(self.0, rows, sign).map(|_| ())
    }

    fn check_other(&self, other: &Self, sign: Sign) -> Result<(), Error> {
        combine_counts(self.0, other.0, sign).map(|_| ())
    }

    fn put_checked(&mut self, (): &mut (), batch: usize, sign: Sign) {
        self.0 = sign.count(self.0, i64::try_from(batch).unwrap_or(i64::MAX));
    }

    fn combine_checked(&mut self, other: &Self, sign: Sign) {
        self.0 = sign.count(self.0, other.0);
    }

    fn clear(&mut self) {
        self.0 = 0;
    }

    fn excluded(&self) -> i128 {
        0
    }

    fn limbs(&self) -> usize {
        0
    }

    fn write(&self, writer: &mut Writer) {
        writer.signed(self.0);
    }

    fn read_into(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        self.0 = reader.signed()?;
        Ok(())
    }
}
