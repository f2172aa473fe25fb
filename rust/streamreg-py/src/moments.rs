//! Count, sums and sums of products, exact.

use crate::arrays::{NumberArray, numbers};
use crate::errors::to_py;
use crate::infer::Fit;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use streamreg_core::gram::Gram;
use streamreg_core::infer::Model;
use streamreg_core::{moments as core, solve};

#[pyclass(module = "streamreg._core")]
pub struct Moments(pub(crate) core::Moments);

#[pymethods]
impl Moments {
    #[new]
    fn new(features: usize) -> PyResult<Self> {
        core::Moments::new(features).map(Self).map_err(|error| to_py(&error))
    }

    #[staticmethod]
    fn from_bytes(state: &[u8]) -> PyResult<Self> {
        core::Moments::from_bytes(state).map(Self).map_err(|error| to_py(&error))
    }

    #[getter]
    fn features(&self) -> usize {
        self.0.features()
    }

    #[getter]
    fn n(&self) -> i64 {
        self.0.n()
    }

    #[getter]
    fn left_out(&self) -> i64 {
        self.0.left_out()
    }

    fn add(&mut self, py: Python<'_>, columns: Vec<NumberArray<'_>>) -> PyResult<()> {
        let numbers = numbers(&columns)?;
        py.detach(|| self.0.add(&numbers)).map_err(|error| to_py(&error))
    }

    fn remove(&mut self, py: Python<'_>, columns: Vec<NumberArray<'_>>) -> PyResult<()> {
        let numbers = numbers(&columns)?;
        py.detach(|| self.0.remove(&numbers)).map_err(|error| to_py(&error))
    }

    fn merge(this: &Bound<'_, Self>, other: &Bound<'_, Self>) -> PyResult<()> {
        // A copy: `other` may be the same object, which cannot be read while it is written.
        let other = other.try_borrow()?.0.clone();
        this.try_borrow_mut()?.0.merge(&other).map_err(|error| to_py(&error))
    }

    fn subtract(this: &Bound<'_, Self>, other: &Bound<'_, Self>) -> PyResult<()> {
        let other = other.try_borrow()?.0.clone();
        this.try_borrow_mut()?.0.subtract(&other).map_err(|error| to_py(&error))
    }

    fn check_possible(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| Gram::of(&self.0).check_possible()).map_err(|error| to_py(&error))
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.to_bytes())
    }

    fn solve(&self, py: Python<'_>) -> Option<Vec<f64>> {
        py.detach(|| solve::solve(&self.0))
    }

    #[pyo3(signature = (intercept=true, ridge=0.0, drop=false))]
    fn fit(&self, py: Python<'_>, intercept: bool, ridge: f64, drop: bool) -> PyResult<Fit> {
        Fit::of(py, &self.0, Model { intercept, ridge }, drop)
    }
}
