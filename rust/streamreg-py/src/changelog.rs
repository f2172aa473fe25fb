//! The last row of each key.

use crate::errors::to_py;
use crate::tracked_map::{self, StoredChange};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use streamreg_core::changelog as core;

#[pyclass(module = "streamreg._core")]
#[derive(Default)]
pub struct Changelog(core::Changelog);

#[pymethods]
impl Changelog {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    #[staticmethod]
    fn from_bytes(py: Python<'_>, state: &[u8]) -> PyResult<Self> {
        py.detach(|| core::Changelog::from_bytes(state)).map(Self).map_err(|error| to_py(&error))
    }

    #[staticmethod]
    fn load(py: Python<'_>, rows: &[u8]) -> PyResult<Self> {
        py.detach(|| core::Changelog::load(rows)).map(Self).map_err(|error| to_py(&error))
    }

    fn row<'py>(&self, py: Python<'py>, key: &[u8]) -> Option<Bound<'py, PyBytes>> {
        self.0.tracked().get(key).map(|row| PyBytes::new(py, row))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn changed(&mut self, py: Python<'_>) -> usize {
        py.detach(|| self.0.tracked_mut().changed())
    }

    fn changes<'py>(&self, py: Python<'py>, start: usize, end: usize) -> Vec<StoredChange<'py>> {
        tracked_map::changes(py, self.0.tracked(), start..end)
    }

    fn settle(&mut self, py: Python<'_>) {
        py.detach(|| self.0.tracked_mut().settle());
    }

    fn guard(&self) -> (usize, u64) {
        tracked_map::guard(self.0.tracked())
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &py.detach(|| self.0.to_bytes()))
    }

    fn update<'py>(
        &mut self,
        py: Python<'py>,
        keys: Vec<Vec<u8>>,
        present: Vec<bool>,
        rows: &[u8],
        time: i64,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let lines =
            py.detach(|| self.0.update(&keys, &present, rows, time)).map_err(|error| to_py(&error))?;
        Ok(PyBytes::new(py, &lines))
    }
}
