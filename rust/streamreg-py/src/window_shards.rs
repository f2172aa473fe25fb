//! Windows for those who keep those of some instances each.

use crate::windows::{WindowReduction, to_object};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

#[pymethods]
impl WindowReduction {
    fn split<'py>(&self, py: Python<'py>, state: &[u8], parts: usize) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let found = self.0.run(py, |own| own.split(state, parts))?;
        Ok(found.iter().map(|part| PyBytes::new(py, part)).collect())
    }

    fn instances_in<'py>(&self, py: Python<'py>, state: &[u8]) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let found = self.0.run(py, |own| own.instances_in(state))?;
        Ok(found.iter().map(|instance| PyBytes::new(py, instance)).collect())
    }

    fn instance_of<'py>(&self, py: Python<'py>, key: &[u8]) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let found = self.0.run(py, |own| own.instance_of(key))?;
        Ok(found.map(|instance| PyBytes::new(py, instance)))
    }

    fn next_due<'py>(&self, py: Python<'py>) -> PyResult<Vec<(Bound<'py, PyBytes>, Bound<'py, PyAny>)>> {
        let found = self.0.run(py, streamreg_core::windows::WindowReduction::next_due)?;
        found.iter().map(|(instance, at)| Ok((PyBytes::new(py, instance), to_object(py, *at)?))).collect()
    }

    fn keep_no_totals(&self, py: Python<'_>) -> PyResult<()> {
        self.0.with(py, streamreg_core::windows::WindowReduction::keep_no_totals)
    }

    fn exclude(&self, py: Python<'_>, counts: Vec<i128>) -> PyResult<()> {
        self.0.run(py, |own| own.exclude(&counts))
    }
}
