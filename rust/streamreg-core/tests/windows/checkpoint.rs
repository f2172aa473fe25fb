//! What a checkpoint stores of windows: the changes of each epoch, which load as the same state.

use std::collections::BTreeMap;

use streamreg_core::windows::WindowReduction;

/// Entries as they are stored, with their checksums.
#[derive(Debug, Default)]
pub struct Disk(BTreeMap<Vec<u8>, (Vec<u8>, u32)>);

impl Disk {
    /// Stores what has changed, and compares all with what the reduction holds and says of it.
    pub fn store(&mut self, parent: &mut WindowReduction) {
        let changed = parent.tracked_mut().changed();
        for change in parent.tracked().changes(0..changed) {
            match change.bytes {
                Some(bytes) => self.0.insert(change.key.to_vec(), (bytes.to_vec(), change.checksum)),
                None => self.0.remove(change.key),
            };
        }
        let sum: u64 = self.0.values().map(|(_, checksum)| u64::from(*checksum)).sum();
        let digest = parent.tracked_mut().digest();
        assert_eq!((digest.keys, digest.checksum), (self.0.len(), sum));
        assert_eq!(self.rows(), stored(parent));
        parent.mark_clean();
        assert_eq!(parent.tracked_mut().digest(), digest);
        assert_eq!(parent.tracked_mut().changed(), 0);
    }

    /// All of it, in the form that is loaded.
    pub fn rows(&self) -> Vec<u8> {
        in_a_row(self.0.iter().map(|(key, (bytes, _))| (&key[..], &bytes[..])))
    }
}

/// What is stored of all entries, in the form that is loaded.
pub fn stored(of: &WindowReduction) -> Vec<u8> {
    in_a_row(of.tracked().in_order().into_iter())
}

/// Entries in the form that is loaded.
pub fn in_a_row<'a>(entries: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Vec<u8> {
    let mut rows = Vec::new();
    for (key, bytes) in entries {
        for piece in [key, bytes] {
            rows.extend(u32::try_from(piece.len()).unwrap().to_le_bytes());
            rows.extend(piece);
        }
    }
    rows
}
