//! What is kept for each key, on its way into a checkpoint.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::ops::Range;
use streamreg_core::tracked_map::TrackedMap;

/// A key, what is kept for it now, and a checksum of both.
pub type StoredChange<'py> = (Bound<'py, PyBytes>, Option<Bound<'py, PyBytes>>, u32);

/// What has changed of some of the keys that have.
pub fn changes<'py>(py: Python<'py>, kept: &TrackedMap, keys: Range<usize>) -> Vec<StoredChange<'py>> {
    kept.changes(keys)
        .map(|change| {
            let bytes = change.bytes.map(|bytes| PyBytes::new(py, bytes));
            (PyBytes::new(py, change.key), bytes, change.checksum)
        })
        .collect()
}

/// The number of keys, and the sum of the checksums.
pub fn guard(kept: &TrackedMap) -> (usize, u64) {
    let guard = kept.guard();
    (guard.keys, guard.checksum)
}
