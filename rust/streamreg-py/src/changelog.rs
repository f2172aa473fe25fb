//! The last row of each key.

use crate::errors::to_py;
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
