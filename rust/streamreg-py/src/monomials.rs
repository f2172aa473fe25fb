//! The exact sums of a regression with weights, powers or decimals.

use std::sync::Arc;

use crate::accumulator::accumulator;
use crate::arrays::{NumberArray, numbers};
use crate::errors::to_py;
use crate::guarded::Guarded;
use crate::infer::Fit;
use crate::reduce::{number_name, number_type, powers};
use pyo3::prelude::*;
use streamreg_core::accumulate::{Accumulator as _, Group as _};
use streamreg_core::infer::Model;
use streamreg_core::monomials as core;

#[pyclass(module = "streamreg._core", frozen)]
pub struct Monomials(pub(crate) Guarded<core::Monomials>);

accumulator!(Monomials, core::Monomials);

#[pymethods]
impl Monomials {
    #[new]
    #[pyo3(signature = (columns, features, target, weight = None))]
    fn new(
        columns: Vec<String>,
        features: Vec<(usize, u32)>,
        target: usize,
        weight: Option<usize>,
    ) -> PyResult<Self> {
        Ok(Self::of(core::Monomials::new(terms(&columns, features, target, weight)?)))
    }

    #[pyo3(signature = (columns, features, target, weight = None))]
    fn renumbered(
        &self,
        py: Python<'_>,
        columns: Vec<String>,
        features: Vec<(usize, u32)>,
        target: usize,
        weight: Option<usize>,
    ) -> PyResult<Self> {
        let terms = terms(&columns, features, target, weight)?;
        self.0.run(py, |own| own.renumbered(terms)).map(Self::of)
    }

    #[getter]
    fn columns(&self, py: Python<'_>) -> PyResult<Vec<&'static str>> {
        self.0.with(py, |own| own.terms().columns().iter().map(|column| number_name(*column)).collect())
    }

    #[getter]
    fn features(&self, py: Python<'_>) -> PyResult<Vec<(usize, u32)>> {
        self.0.with(py, |own| {
            own.terms().features().iter().map(|feature| (feature.column, feature.power)).collect()
        })
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
        py.detach(|| own.gram().and_then(|gram| gram.check_possible())).map_err(|error| to_py(&error))
    }

    #[pyo3(signature = (intercept=true, ridge=0.0, drop=false))]
    fn fit(&self, py: Python<'_>, intercept: bool, ridge: f64, drop: bool) -> PyResult<Fit> {
        // Whoever adds rows waits for the copy, not for the fit.
        let own = self.0.copy(py)?;
        Fit::of_monomials(py, &own, Model { intercept, ridge }, drop)
    }
}

fn terms(
    columns: &[String],
    features: Vec<(usize, u32)>,
    target: usize,
    weight: Option<usize>,
) -> PyResult<Arc<core::Terms>> {
    let columns = columns.iter().map(|name| number_type(name)).collect::<PyResult<_>>()?;
    core::Terms::new(columns, powers(features), target, weight).map(Arc::new).map_err(|error| to_py(&error))
}
