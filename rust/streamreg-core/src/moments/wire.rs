//! Moments: the state as versioned bytes:
//! features, n, excluded, the sums, the upper triangle of the products.

use super::Moments;
use crate::accumulate::Accumulator;
use crate::column::MOST_FEATURES;
use crate::error::Error;
use crate::exact::{PRODUCT_LIMBS, SUM_LIMBS};
use crate::wire::{Reader, Versioned, Writer, corrupt, kind};

impl Versioned for Moments {
    const KIND: u8 = kind::MOMENTS;

    fn write_whole(&self, writer: &mut Writer) {
        self.write(writer);
    }

    fn read_whole(reader: &mut Reader<'_>) -> Result<Self, Error> {
        // The largest state without a row is small, so that no length can ask for much memory.
        let features = reader.unsigned()?;
        let features = usize::try_from(features)
            .ok()
            .filter(|features| (1..=MOST_FEATURES).contains(features))
            .ok_or_else(|| corrupt("moments of an impossible number of features"))?;
        let mut moments = Self::new(features)?;
        moments.read_sums(reader)?;
        Ok(moments)
    }
}

impl Moments {
    /// Writes all but the number of features.
    pub(crate) fn write_sums(&self, writer: &mut Writer) {
        writer.signed(self.n);
        writer.signed(self.excluded);
        for window in self.sums.iter().chain(&self.products) {
            window.write(writer);
        }
    }

    /// Reads what [`write_sums`](Self::write_sums) wrote of as many variables; after an error these are of no use.
    pub(crate) fn read_sums(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        self.n = reader.signed()?;
        self.excluded = reader.signed()?;
        for window in &mut self.sums {
            window.read_into(reader, SUM_LIMBS)?;
        }
        for window in &mut self.products {
            window.read_into(reader, PRODUCT_LIMBS)?;
        }
        Ok(())
    }
}
