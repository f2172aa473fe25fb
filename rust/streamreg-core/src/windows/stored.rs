//! Windows: what a state holds of them: entries that are loaded, and those that have changed since they were stored.

use super::kept::OPEN;
use super::reduction::WindowReduction;
use crate::error::Error;
use crate::tracked_map::TrackedMap;

impl WindowReduction {
    /// Takes in what was stored of some entries, in the form that [`TrackedMap::load`] tells; there may be more to come.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is not what this reduction stores, or of an entry that is here already; nothing is
    /// changed then.
    pub fn load(&mut self, rows: &[u8]) -> Result<(), Error> {
        let loaded = TrackedMap::load(rows)?;
        let mut excluded = self.kept.excluded().to_vec();
        let mut open = Vec::new();
        for (key, bytes) in loaded.in_order() {
            if !self.kept.load(key, bytes, &mut excluded)? {
                self.store.check(&mut self.kept, &key[1..], bytes)?;
                open.push(key[1..].to_vec());
            }
        }
        self.kept.extend(loaded, excluded)?;
        for key in open {
            self.store.index(&self.kept, &key);
        }
        Ok(())
    }

    /// The entries, and which have changed since they were last marked clean.
    #[must_use]
    pub fn tracked(&self) -> &TrackedMap {
        &self.kept.map
    }

    /// The same, to be put in order.
    pub fn tracked_mut(&mut self) -> &mut TrackedMap {
        &mut self.kept.map
    }

    /// Marks all entries clean: their changes have been stored.
    pub fn mark_clean(&mut self) {
        self.kept.map.mark_clean();
        self.store.mark_clean();
    }
}

/// The key of an open entry in the map.
pub(super) fn open_key(key: &[u8]) -> Vec<u8> {
    let mut stored = Vec::with_capacity(1 + key.len());
    stored.push(OPEN);
    stored.extend_from_slice(key);
    stored
}
