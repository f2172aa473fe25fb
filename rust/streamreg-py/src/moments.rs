//! Count, sums and sums of products, exact.

use crate::accumulator::accumulator;
use crate::arrays::{NumberArray, numbers};
use crate::errors::to_py;
use crate::guarded::Guarded;
use crate::infer::Fit;
use pyo3::prelude::*;
use streamreg_core::accumulate::{Accumulator as _, Group as _};
use streamreg_core::gram::Gram;
use streamreg_core::infer::Model;
use streamreg_core::{moments as core, solve};

#[pyclass(module = "streamreg._core", frozen)]
pub struct Moments(pub(crate) Guarded<core::Moments>);

accumulator!(Moments, core::Moments);

#[pymethods]
impl Moments {
    #[new]
    fn new(features: usize) -> PyResult<Self> {
        core::Moments::new(features).map(Self::of).map_err(|error| to_py(&error))
    }

    #[getter]
    fn features(&self, py: Python<'_>) -> PyResult<usize> {
        self.0.with(py, |own| own.features())
    }

    fn add(&self, py: Python<'_>, columns: Vec<NumberArray<'_>>) -> PyResult<()> {
        let numbers = numbers(&columns)?;
        self.0.run(py, |own| own.add(&numbers))
    }

    fn remove(&self, py: Python<'_>, columns: Vec<NumberArray<'_>>) -> PyResult<()> {
        let numbers = numbers(&columns)?;
        self.0.run(py, |own| own.remove(&numbers))
    }

    fn check_possible(&self, py: Python<'_>) -> PyResult<()> {
        let own = self.0.copy(py)?;
        py.detach(|| Gram::of(&own).check_possible()).map_err(|error| to_py(&error))
    }

    fn solve(&self, py: Python<'_>) -> PyResult<Option<Vec<f64>>> {
        let own = self.0.copy(py)?;
        Ok(py.detach(|| solve::solve(&own)))
    }

    #[pyo3(signature = (intercept=true, ridge=0.0, drop=false))]
    fn fit(&self, py: Python<'_>, intercept: bool, ridge: f64, drop: bool) -> PyResult<Fit> {
        // Whoever adds rows waits for the copy, not for the fit.
        let own = self.0.copy(py)?;
        Fit::of(py, &own, Model { intercept, ridge }, drop)
    }
}
