//! Read, unpacking: zstd (RFC 8878).
//!
//! In one go, as librdkafka does it: a stream would take the memory that the header of the frame asks for.

use std::fmt;
use zstd_safe::{DCtx, get_error_name, is_error_kind, zstd_sys::ZSTD_ErrorCode};

use super::Fault;

/// The least room that is tried. A batch is seldom smaller.
const LEAST_ROOM: usize = 16 * 1024;
/// How much larger records are than what they were packed to, before anything was seen; and by how much more room is
/// tried when it was too little.
const RATIO: usize = 4;

/// Holds the memory of the decoder from one batch to the next.
#[derive(Default)]
pub(super) struct Unpacker {
    context: Option<DCtx<'static>>,
    /// How much larger the records of the last batch were, rounded up.
    ratio: usize,
}

impl Unpacker {
    pub(super) fn unpack(&mut self, packed: &[u8], most: usize) -> Result<Vec<u8>, Fault> {
        let ratio = self.ratio.max(RATIO);
        let mut room = packed.len().saturating_mul(ratio).clamp(LEAST_ROOM, most.max(LEAST_ROOM));
        loop {
            let mut records = Vec::new();
            records.try_reserve_exact(room).map_err(|_| Fault::TooLarge)?;
            match self.context()?.decompress(&mut records, packed) {
                Ok(_) if records.len() > most => return Err(Fault::TooLarge),
                Ok(_) => {
                    self.ratio = records.len() / packed.len().max(1) + 1;
                    records.shrink_to_fit();
                    return Ok(records);
                }
                Err(error) if !is_error_kind(error, ZSTD_ErrorCode::ZSTD_error_dstSize_tooSmall) => {
                    return Err(Fault::damaged(get_error_name(error)));
                }
                Err(_) if room >= most => return Err(Fault::TooLarge),
                Err(_) => room = room.saturating_mul(RATIO).min(most),
            }
        }
    }

    fn context(&mut self) -> Result<&mut DCtx<'static>, Fault> {
        if self.context.is_none() {
            self.context = DCtx::try_create();
        }
        self.context.as_mut().ok_or_else(|| Fault::damaged("no memory for the decoder"))
    }
}

impl fmt::Debug for Unpacker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Unpacker").field("ratio", &self.ratio).finish_non_exhaustive()
    }
}
