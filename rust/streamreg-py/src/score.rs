//! What scores rows before they are added to a reduction.

use crate::arrays::{NumberArray, numbers};
use crate::errors::to_py;
use crate::infer::{Columns, residuals};
use pyo3::prelude::*;
use streamreg_core::reduce::{self as core, Observations};

#[pyclass(module = "streamreg._core", frozen)]
pub struct Scorer(pub core::Scorer);

#[pymethods]
impl Scorer {
    #[pyo3(signature = (features, target, weights=None))]
    fn scores<'py>(
        &self,
        py: Python<'py>,
        features: Vec<NumberArray<'py>>,
        target: NumberArray<'py>,
        weights: Option<NumberArray<'py>>,
    ) -> PyResult<Columns<'py>> {
        let (features, target) = (numbers(&features)?, target.numbers()?);
        let weights = weights.as_ref().map(NumberArray::numbers).transpose()?;
        let rows = Observations { features: &features, target, weights };
        let found = py.detach(|| self.0.scores(rows)).map_err(|error| to_py(&error))?;
        Ok(residuals(py, found))
    }
}
