//! Write: rows of text packed together, as they cross from a worker to the parent.
//!
//! `text of all rows | length of each (4, little endian) | count (8, little endian) | version | kind`. What
//! describes the text stands after it, so that packing does not move it. There is no checksum: packed rows
//! live between two processes of one run, never on disk; the lengths are checked against what is there.

use crate::error::Error;
use crate::wire::{VERSION, corrupt, kind};

/// Bytes after the lengths.
const TRAILER: usize = 10;

/// What a number takes on average; only a first guess of the memory.
const CELL: usize = 20;

/// Rows of CSV text without line ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowText {
    text: Vec<u8>,
    lengths: Vec<u32>,
}

impl RowText {
    /// Empty text, and lengths of rows in it, with room for so many rows; the text also for what
    /// [`RowText::into_bytes`] appends.
    pub(super) fn room(rows: usize, columns: usize) -> (Vec<u8>, Vec<u32>) {
        let described = rows.saturating_mul(size_of::<u32>()).saturating_add(TRAILER);
        let text = rows.saturating_mul(columns).saturating_mul(CELL);
        (Vec::with_capacity(text.saturating_add(described)), Vec::with_capacity(rows))
    }

    /// Rows of these lengths, which must add up to the text.
    pub(super) const fn new(text: Vec<u8>, lengths: Vec<u32>) -> Self {
        Self { text, lengths }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// The packed form.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        let mut bytes = self.text;
        bytes.reserve(self.lengths.len() * size_of::<u32>() + TRAILER);
        for length in &self.lengths {
            bytes.extend_from_slice(&length.to_le_bytes());
        }
        bytes.extend_from_slice(&(self.lengths.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&[VERSION, kind::PACKED_ROWS]);
        bytes
    }
}

/// Packed rows, read in place.
#[derive(Clone, Copy, Debug)]
pub struct Packed<'a> {
    text: &'a [u8],
    lengths: &'a [[u8; 4]],
}

impl<'a> Packed<'a> {
    /// Checks that these bytes are packed rows.
    ///
    /// # Errors
    /// [`Error::Version`] for another format, [`Error::Corrupt`] for anything else that is no packed rows.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some((body, &[count @ .., version, mark])) = bytes.split_last_chunk::<TRAILER>() else {
            return Err(corrupt("too short for packed rows"));
        };
        if mark != kind::PACKED_ROWS {
            return Err(corrupt("no packed rows"));
        }
        if version != VERSION {
            return Err(Error::Version { found: version, known: VERSION });
        }
        let size = usize::try_from(u64::from_le_bytes(count))
            .ok()
            .and_then(|count| count.checked_mul(size_of::<u32>()))
            .and_then(|lengths| body.len().checked_sub(lengths))
            .ok_or_else(|| corrupt("more packed rows are counted than are there"))?;
        let (text, lengths) = body.split_at(size);
        let (lengths, _) = lengths.as_chunks::<4>();
        let packed = Self { text, lengths };
        // Fewer than 2^61 lengths of 32 bits cannot overflow 128.
        let described: u128 = packed.lengths().map(|length| length as u128).sum();
        if described != text.len() as u128 {
            return Err(corrupt("the lengths of packed rows do not add up to their text"));
        }
        Ok(packed)
    }

    /// Number of rows.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// Bytes of all rows together.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.text.len()
    }

    /// The rows in their order.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = self.text;
        self.lengths().map(move |length| {
            // The lengths were checked to add up to the text.
            let (row, after) = rest.split_at(length);
            rest = after;
            row
        })
    }

    fn lengths(&self) -> impl Iterator<Item = usize> + use<'a> {
        self.lengths.iter().map(|length| u32::from_le_bytes(*length) as usize)
    }
}
