//! Exact sums class by class, of rows with weights or of very many features; and what follows from those of either kind.

use crate::arrays::{NumberArray, numbers};
use crate::classes::{Discriminant, divisor, failed, model, no_answer, plain};
use crate::errors::to_py;
use crate::label::Label;
use numpy::{IntoPyArray, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use streamreg_core::classes::{self as core, Kept};
use streamreg_core::discriminant::{self, Description, Grouped, Model};

#[pyclass(module = "streamreg._core")]
pub struct ClassSums(core::ClassSums);

#[pymethods]
impl ClassSums {
    #[new]
    #[pyo3(signature = (features, weighted=false, squares=false))]
    fn new(features: usize, weighted: bool, squares: bool) -> PyResult<Self> {
        core::ClassSums::new(Kept { features, weighted, squares }).map(Self).map_err(|error| to_py(&error))
    }

    #[staticmethod]
    fn from_bytes(state: &[u8]) -> PyResult<Self> {
        core::ClassSums::from_bytes(state).map(Self).map_err(|error| to_py(&error))
    }

    #[getter]
    fn features(&self) -> usize {
        self.0.kept().features
    }

    #[getter]
    fn weighted(&self) -> bool {
        self.0.kept().weighted
    }

    #[getter]
    fn squares(&self) -> bool {
        self.0.kept().squares
    }

    #[getter]
    fn n(&self) -> i128 {
        self.0.n()
    }

    fn add(
        &mut self,
        py: Python<'_>,
        labels: Vec<Label>,
        codes: PyReadonlyArray1<'_, i64>,
        columns: Vec<NumberArray<'_>>,
    ) -> PyResult<()> {
        let (labels, codes, columns) = (plain(labels), codes.as_slice()?, numbers(&columns)?);
        py.detach(|| self.0.add(&labels, codes, &columns)).map_err(|error| to_py(&error))
    }

    fn remove(
        &mut self,
        py: Python<'_>,
        labels: Vec<Label>,
        codes: PyReadonlyArray1<'_, i64>,
        columns: Vec<NumberArray<'_>>,
    ) -> PyResult<()> {
        let (labels, codes, columns) = (plain(labels), codes.as_slice()?, numbers(&columns)?);
        py.detach(|| self.0.remove(&labels, codes, &columns)).map_err(|error| to_py(&error))
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

    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.to_bytes())
    }

    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match py.detach(|| discriminant::weighted_counts(&self.0)) {
            Ok(counts) => {
                let counts: Vec<_> =
                    counts.into_iter().map(|(label, n, weight)| (Label(label), n, weight)).collect();
                counts.into_pyobject(py)
            }
            Err(undefined) => no_answer(py, undefined),
        }
    }

    #[pyo3(signature = (what, unbiased=false, smoothing=0.0))]
    fn describe<'py>(
        &self,
        py: Python<'py>,
        what: &str,
        unbiased: bool,
        smoothing: f64,
    ) -> PyResult<Bound<'py, PyAny>> {
        described(py, &self.0, what, unbiased, smoothing)
    }

    #[pyo3(signature = (method, priors=None, unbiased=false, singular="null", smoothing=0.0))]
    fn discriminant<'py>(
        &self,
        py: Python<'py>,
        method: &str,
        priors: Option<Vec<f64>>,
        unbiased: bool,
        singular: &str,
        smoothing: f64,
    ) -> PyResult<Bound<'py, PyAny>> {
        solved(py, &self.0, &model(method, unbiased, singular, smoothing)?, priors.as_deref())
    }
}

/// A description of classes, or why there is none.
pub fn described<'py>(
    py: Python<'py>,
    classes: &(impl Grouped + Sync),
    what: &str,
    unbiased: bool,
    smoothing: f64,
) -> PyResult<Bound<'py, PyAny>> {
    let description = match what {
        "prior" => Description::Priors,
        "mean" => Description::Means,
        "variance" => Description::Variances(smoothing),
        "covariance" => Description::Covariances(divisor(unbiased)),
        "pooled" => Description::Pooled(divisor(unbiased)),
        other => return Err(PyValueError::new_err(format!("there is no description {other:?}"))),
    };
    match py.detach(|| discriminant::describe(classes, description)) {
        Ok(values) => Ok(values.into_pyarray(py).into_any()),
        Err(failure) => failed(py, failure),
    }
}

/// What tells classes apart, or why there is nothing.
pub fn solved<'py>(
    py: Python<'py>,
    classes: &(impl Grouped + Sync),
    model: &Model,
    priors: Option<&[f64]>,
) -> PyResult<Bound<'py, PyAny>> {
    match py.detach(|| discriminant::Discriminant::of(classes, model, priors)) {
        Ok(found) => Ok(Bound::new(py, Discriminant(found))?.into_any()),
        Err(failure) => failed(py, failure),
    }
}
