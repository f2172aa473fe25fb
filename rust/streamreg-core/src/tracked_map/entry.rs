//! Merge and changelog: what a map keeps for a key.

/// A key and its bytes in one piece of memory: there are many, and half of the time goes into waiting for it.
///
/// `generation (8) | length of the key (4, both little endian) | key | bytes`
#[derive(Debug)]
pub(super) struct Entry(Box<[u8]>);

const GENERATION: usize = 8;
const HEAD: usize = GENERATION + 4;

impl Entry {
    /// What has changed last in this generation of the map.
    pub(super) fn new(key: &[u8], bytes: &[u8], generation: u64) -> Self {
        let mut entry = Vec::with_capacity(HEAD + key.len() + bytes.len());
        entry.extend_from_slice(&generation.to_le_bytes());
        // Longer keys do not come out of a batch, nor out of `load`.
        entry.extend_from_slice(&u32::try_from(key.len()).unwrap_or(u32::MAX).to_le_bytes());
        entry.extend_from_slice(key);
        entry.extend_from_slice(bytes);
        Self(entry.into())
    }

    /// Where the key ends.
    fn end(&self) -> usize {
        let length = self.0[GENERATION..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        HEAD + length as usize
    }

    pub(super) fn key(&self) -> &[u8] {
        &self.0[HEAD..self.end()]
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0[self.end()..]
    }

    /// The length of key and bytes together.
    pub(super) fn len(&self) -> usize {
        self.0.len() - HEAD
    }

    /// Whether it has changed in this generation.
    pub(super) fn is_of(&self, generation: u64) -> bool {
        self.0[..GENERATION] == generation.to_le_bytes()
    }

    /// Keeps other bytes for the same key.
    pub(super) fn replace(&mut self, bytes: &[u8], generation: u64) {
        let end = self.end();
        if self.0.len() == end + bytes.len() {
            self.0[..GENERATION].copy_from_slice(&generation.to_le_bytes());
            self.0[end..].copy_from_slice(bytes);
        } else {
            *self = Self::new(self.key(), bytes, generation);
        }
    }
}
