//! What is kept for each key, on its way into a checkpoint.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::ops::Range;
use streamreg_core::tracked_map::TrackedMap;

/// A key, what is kept for it now, and a checksum of both.
pub type StoredChange<'py> = (Bound<'py, PyBytes>, Option<Bound<'py, PyBytes>>, u32);

/// The same, copied.
pub type Change = (Vec<u8>, Option<Vec<u8>>, u32);

/// What has changed of some of the keys that have.
pub fn changes(map: &TrackedMap, keys: Range<usize>) -> Vec<Change> {
    map.changes(keys)
        .map(|change| (change.key.to_vec(), change.bytes.map(<[u8]>::to_vec), change.checksum))
        .collect()
}

/// Changes as objects of Python.
pub fn stored(py: Python<'_>, changes: Vec<Change>) -> Vec<StoredChange<'_>> {
    changes
        .into_iter()
        .map(|(key, bytes, checksum)| {
            (PyBytes::new(py, &key), bytes.map(|bytes| PyBytes::new(py, &bytes)), checksum)
        })
        .collect()
}

/// The methods of what keeps something for each key.
macro_rules! tracked {
    ($name:ident) => {
        #[pymethods]
        impl $name {
            fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
                self.0.with(py, |own| own.tracked().len())
            }

            fn changed(&self, py: Python<'_>) -> PyResult<usize> {
                self.0.with(py, |own| own.tracked_mut().changed())
            }

            fn changes<'py>(
                &self,
                py: Python<'py>,
                start: usize,
                end: usize,
            ) -> PyResult<Vec<crate::tracked_map::StoredChange<'py>>> {
                let changes =
                    self.0.with(py, |own| crate::tracked_map::changes(own.tracked(), start..end))?;
                Ok(crate::tracked_map::stored(py, changes))
            }

            fn mark_clean(&self, py: Python<'_>) -> PyResult<()> {
                self.0.with(py, |own| own.tracked_mut().mark_clean())
            }

            fn digest(&self, py: Python<'_>) -> PyResult<(usize, u64)> {
                let digest = self.0.with(py, |own| own.tracked().digest())?;
                Ok((digest.keys, digest.checksum))
            }
        }
    };
}

pub(crate) use tracked;
