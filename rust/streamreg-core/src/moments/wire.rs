//! Stage: moments. The state as versioned bytes:
//! features, n, left out, the sums, the upper triangle of the products.

use super::{MOST_FEATURES, Moments};
use crate::error::Error;
use crate::exact::{PRODUCT_LIMBS, SUM_LIMBS};
use crate::wire::{Reader, Writer, corrupt};

/// What moments are marked with in their bytes.
const KIND: u8 = b'M';

impl Moments {
    /// The state as versioned bytes: equal multisets of rows give equal bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(KIND);
        self.write(&mut writer);
        writer.seal()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`Error::Corrupt`] or [`Error::Version`] for any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::open(KIND, bytes)?;
        let moments = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(moments)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.unsigned(self.features as u64);
        self.write_sums(writer);
    }

    /// Writes all but the number of features.
    pub(crate) fn write_sums(&self, writer: &mut Writer) {
        writer.signed(self.n);
        writer.signed(self.left_out);
        for window in self.sums.iter().chain(&self.products) {
            window.write(writer);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
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

    /// Reads moments of as many features in the place of these; after an error they are of no use.
    pub(crate) fn read_into(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        if reader.unsigned()? != self.features as u64 {
            return Err(corrupt("moments of another number of features"));
        }
        self.read_sums(reader)
    }

    /// Reads what [`write_sums`](Self::write_sums) wrote of as many variables; after an error these are of no use.
    pub(crate) fn read_sums(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        self.n = reader.signed()?;
        self.left_out = reader.signed()?;
        for window in &mut self.sums {
            window.read_into(reader, SUM_LIMBS)?;
        }
        for window in &mut self.products {
            window.read_into(reader, PRODUCT_LIMBS)?;
        }
        Ok(())
    }
}
