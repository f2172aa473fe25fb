//! What is kept for each key, on its way into a checkpoint.

use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyList};
use std::ops::Range;
use streamreg_core::tracked_map::TrackedMap;

/// What has changed of some keys, copied.
#[derive(Default)]
pub struct Changes {
    /// Keys, each with what is kept for it behind it.
    text: Vec<u8>,
    /// Of each where it ends, where what is kept for it does, if anything is, and a checksum of both.
    ends: Vec<(usize, Option<usize>, u32)>,
}

impl Changes {
    /// Of some of the keys that have changed.
    pub fn of(map: &TrackedMap, keys: Range<usize>) -> Self {
        let mut copied = Self::default();
        for change in map.changes(keys) {
            copied.text.extend_from_slice(change.key);
            let key = copied.text.len();
            copied.text.extend_from_slice(change.bytes.unwrap_or_default());
            copied.ends.push((key, change.bytes.map(|_| copied.text.len()), change.checksum));
        }
        copied
    }

    /// The key, what is kept for it now, and the checksum of each in turn: a tuple for each would take longer.
    ///
    /// In byte arrays: the `sqlite3` module takes them as they are, but looks for an adapter for each `bytes`, which
    /// takes longer than all else that it does with a row.
    pub fn cells<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let mut cells = Vec::with_capacity(3 * self.ends.len());
        let mut start = 0;
        for &(key, end, checksum) in &self.ends {
            cells.push(PyByteArray::new(py, &self.text[start..key]).into_any());
            start = end.unwrap_or(key);
            cells.push(match end {
                Some(end) => PyByteArray::new(py, &self.text[key..end]).into_any(),
                None => py.None().into_bound(py),
            });
            cells.push(checksum.into_pyobject(py)?.into_any());
        }
        PyList::new(py, cells)
    }
}

/// A key, and what two objects keep for it.
pub type StoredDifference<'py> =
    (Bound<'py, PyBytes>, Option<Bound<'py, PyBytes>>, Option<Bound<'py, PyBytes>>);

/// The same, copied.
pub type Difference = (Vec<u8>, Option<Vec<u8>>, Option<Vec<u8>>);

/// The first difference of two maps.
pub fn difference(here: &TrackedMap, there: &TrackedMap) -> Option<Difference> {
    let copied = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
    here.difference(there).map(|found| (found.key.to_vec(), copied(found.here), copied(found.there)))
}

/// A difference as objects of Python.
pub fn stored_difference<'py>(py: Python<'py>, found: &Difference) -> StoredDifference<'py> {
    let object = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| PyBytes::new(py, bytes));
    (PyBytes::new(py, &found.0), object(&found.1), object(&found.2))
}

/// The first entries in the order of their keys, at most so many.
pub fn first(map: &TrackedMap, most: Option<usize>) -> Vec<(Vec<u8>, Vec<u8>)> {
    map.first(most).into_iter().map(|(key, bytes)| (key.to_vec(), bytes.to_vec())).collect()
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
            ) -> PyResult<Bound<'py, pyo3::types::PyList>> {
                let found =
                    self.0.with(py, |own| crate::tracked_map::Changes::of(own.tracked(), start..end))?;
                found.cells(py)
            }

            fn load(&self, py: Python<'_>, rows: &[u8]) -> PyResult<()> {
                self.0.run(py, |own| own.load(rows))
            }

            fn stored_len(&self, py: Python<'_>) -> PyResult<usize> {
                self.0.with(py, |own| own.tracked().stored_len())
            }

            #[pyo3(signature = (most=None))]
            fn first<'py>(
                &self,
                py: Python<'py>,
                most: Option<usize>,
            ) -> PyResult<Vec<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)>> {
                let found = self.0.with(py, |own| crate::tracked_map::first(own.tracked(), most))?;
                Ok(found
                    .iter()
                    .map(|(key, bytes)| (PyBytes::new(py, key), PyBytes::new(py, bytes)))
                    .collect())
            }

            fn difference<'py>(
                &self,
                py: Python<'py>,
                other: &Self,
            ) -> PyResult<Option<crate::tracked_map::StoredDifference<'py>>> {
                let found = self.0.beside(py, &other.0, |own, other| {
                    crate::tracked_map::difference(own.tracked(), other.tracked())
                })?;
                Ok(found.flatten().map(|found| crate::tracked_map::stored_difference(py, &found)))
            }

            fn mark_clean(&self, py: Python<'_>) -> PyResult<()> {
                self.0.with(py, |own| own.mark_clean())
            }

            fn digest(&self, py: Python<'_>) -> PyResult<(usize, u64)> {
                let digest = self.0.with(py, |own| own.tracked_mut().digest())?;
                Ok((digest.keys, digest.checksum))
            }
        }
    };
}

pub(crate) use tracked;
