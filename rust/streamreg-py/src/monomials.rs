//! The exact sums of a regression with weights, powers or decimals.

use std::sync::Arc;

use crate::arrays::{NumberArray, numbers};
use crate::errors::to_py;
use crate::infer::Fit;
use crate::reduce::{number_name, number_type, powers};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use streamreg_core::infer::Model;
use streamreg_core::monomials as core;

#[pyclass(module = "streamreg._core")]
pub struct Monomials(pub(crate) core::Monomials);

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
        Ok(Self(core::Monomials::new(terms(&columns, features, target, weight)?)))
    }

    #[staticmethod]
    fn from_bytes(state: &[u8]) -> PyResult<Self> {
        core::Monomials::from_bytes(state).map(Self).map_err(|error| to_py(&error))
    }

    #[pyo3(signature = (columns, features, target, weight = None))]
    fn renumbered(
        &self,
        columns: Vec<String>,
        features: Vec<(usize, u32)>,
        target: usize,
        weight: Option<usize>,
    ) -> PyResult<Self> {
        let terms = terms(&columns, features, target, weight)?;
        self.0.renumbered(terms).map(Self).map_err(|error| to_py(&error))
    }

    #[getter]
    fn columns(&self) -> Vec<&'static str> {
        self.0.terms().columns().iter().map(|column| number_name(*column)).collect()
    }

    #[getter]
    fn features(&self) -> Vec<(usize, u32)> {
        self.0.terms().features().iter().map(|feature| (feature.column, feature.power)).collect()
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
        py.detach(|| self.0.gram().and_then(|gram| gram.check_possible())).map_err(|error| to_py(&error))
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.to_bytes())
    }

    #[pyo3(signature = (intercept=true, ridge=0.0, drop=false))]
    fn fit(&self, py: Python<'_>, intercept: bool, ridge: f64, drop: bool) -> PyResult<Fit> {
        Fit::of_monomials(py, &self.0, Model { intercept, ridge }, drop)
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
