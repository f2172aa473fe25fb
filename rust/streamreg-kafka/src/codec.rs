//! Read, unpacking: the records of a batch that its producer has compressed.
//!
//! What a producer says of the size is not believed: no more memory is taken than a constant times what has arrived or
//! was unpacked already, and no more than the limit.

mod gzip;
mod lz4;
mod snappy;
mod zstd;

/// How records are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    Plain,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

impl Codec {
    /// By its number in the attributes of a batch.
    pub(crate) fn numbered(number: u8) -> Result<Self, String> {
        match number {
            0 => Ok(Self::Plain),
            1 => Ok(Self::Gzip),
            2 => Ok(Self::Snappy),
            3 => Ok(Self::Lz4),
            4 => Ok(Self::Zstd),
            _ => Err(format!("a batch is compressed by the unknown codec {number}")),
        }
    }
}

/// Unpacks batches, and holds what it can use again for the next one.
#[derive(Debug, Default)]
pub struct Unpacker {
    zstd: zstd::Unpacker,
}

impl Unpacker {
    /// Unpacks the records of a batch, to at most `most` bytes.
    pub(crate) fn unpack(&mut self, codec: Codec, packed: &[u8], most: usize) -> Result<Vec<u8>, String> {
        match codec {
            Codec::Plain if packed.len() > most => Err(Fault::TooLarge),
            Codec::Plain => Ok(packed.to_vec()),
            Codec::Gzip => gzip::unpack(packed, most),
            Codec::Snappy => snappy::unpack(packed, most),
            Codec::Lz4 => lz4::unpack(packed, most),
            Codec::Zstd => self.zstd.unpack(packed, most),
        }
        .map_err(|fault| match fault {
            Fault::TooLarge => format!("a batch unpacks to more than {most} bytes"),
            Fault::Damaged(why) => format!("a batch cannot be unpacked by {codec:?}: {why}"),
        })
    }
}

/// Why records could not be unpacked.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    TooLarge,
    Damaged(String),
}

impl Fault {
    #[allow(clippy::needless_pass_by_value, reason = "as a function that `map_err` takes")]
    fn damaged(why: impl ToString) -> Self {
        Self::Damaged(why.to_string())
    }
}
