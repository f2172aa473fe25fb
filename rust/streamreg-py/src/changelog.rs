//! The last row of each key.

use crate::errors::to_py;
use crate::guarded::Guarded;
use crate::tracked_map::tracked;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use streamreg_core::changelog as core;
use streamreg_core::wire::Versioned;

#[pyclass(module = "streamreg._core", frozen)]
pub struct Changelog(Guarded<core::Changelog>);

tracked!(Changelog);

impl Changelog {
    fn of(own: core::Changelog) -> Self {
        Self(Guarded::new(own))
    }
}

#[pymethods]
impl Changelog {
    #[new]
    fn new() -> Self {
        Self::of(core::Changelog::new())
    }

    #[staticmethod]
    fn from_bytes(py: Python<'_>, state: &[u8]) -> PyResult<Self> {
        py.detach(|| core::Changelog::from_bytes(state)).map(Self::of).map_err(|error| to_py(&error))
    }

    fn row<'py>(&self, py: Python<'py>, key: &[u8]) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let row = self.0.with(py, |own| own.tracked().get(key).map(<[u8]>::to_vec))?;
        Ok(row.map(|row| PyBytes::new(py, &row)))
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.0.with(py, |own| own.to_bytes())?))
    }

    fn update<'py>(
        &self,
        py: Python<'py>,
        keys: Vec<Vec<u8>>,
        present: Vec<bool>,
        rows: &[u8],
        time: i64,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let lines = self.0.run(py, |own| own.update(&keys, &present, rows, time))?;
        Ok(PyBytes::new(py, &lines))
    }

    fn update_each<'py>(
        &self,
        py: Python<'py>,
        keys: Vec<Vec<u8>>,
        present: Vec<bool>,
        rows: &[u8],
        time: i64,
    ) -> PyResult<Vec<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)>> {
        let found = self.0.run(py, |own| own.update_each(&keys, &present, rows, time))?;
        Ok(found.iter().map(|(key, lines)| (PyBytes::new(py, key), PyBytes::new(py, lines))).collect())
    }

    fn forget(&self, py: Python<'_>, keys: Vec<Vec<u8>>) -> PyResult<()> {
        self.0.with(py, |own| own.forget(&keys))
    }
}
