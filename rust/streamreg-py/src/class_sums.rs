//! Exact sums class by class, of rows with weights or of very many features; and what follows from those of either kind.

use crate::accumulator::accumulator;
use crate::arrays::{NumberArray, numbers};
use crate::classes::{Discriminant, divisor, failed, model, no_answer, plain};
use crate::errors::to_py;
use crate::guarded::Guarded;
use crate::label::Label;
use numpy::{IntoPyArray, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use streamreg_core::accumulate::{Accumulator as _, Group as _};
use streamreg_core::classes::{self as core, Kept, Labelled};
use streamreg_core::discriminant::{self, Description, Grouped, Model};

#[pyclass(module = "streamreg._core", frozen)]
pub struct ClassSums(Guarded<core::ClassSums>);

accumulator!(ClassSums, core::ClassSums);

#[pymethods]
impl ClassSums {
    #[new]
    #[pyo3(signature = (features, weighted=false, squares=false))]
    fn new(features: usize, weighted: bool, squares: bool) -> PyResult<Self> {
        core::ClassSums::new(Kept { features, weighted, squares })
            .map(Self::of)
            .map_err(|error| to_py(&error))
    }

    #[getter]
    fn features(&self, py: Python<'_>) -> PyResult<usize> {
        self.0.with(py, |own| own.kept().features)
    }

    #[getter]
    fn weighted(&self, py: Python<'_>) -> PyResult<bool> {
        self.0.with(py, |own| own.kept().weighted)
    }

    #[getter]
    fn squares(&self, py: Python<'_>) -> PyResult<bool> {
        self.0.with(py, |own| own.kept().squares)
    }

    fn add(
        &self,
        py: Python<'_>,
        labels: Vec<Label>,
        codes: PyReadonlyArray1<'_, i64>,
        columns: Vec<NumberArray<'_>>,
    ) -> PyResult<()> {
        let (labels, codes, columns) = (plain(labels), codes.as_slice()?, numbers(&columns)?);
        self.0.run(py, |own| own.add(Labelled { labels: &labels, codes, columns: &columns }))
    }

    fn remove(
        &self,
        py: Python<'_>,
        labels: Vec<Label>,
        codes: PyReadonlyArray1<'_, i64>,
        columns: Vec<NumberArray<'_>>,
    ) -> PyResult<()> {
        let (labels, codes, columns) = (plain(labels), codes.as_slice()?, numbers(&columns)?);
        self.0.run(py, |own| own.remove(Labelled { labels: &labels, codes, columns: &columns }))
    }

    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let own = self.0.copy(py)?;
        match py.detach(|| discriminant::weighted_counts(&own)) {
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
        described(py, self.0.copy(py)?, what, unbiased, smoothing)
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
        let model = model(method, unbiased, singular, smoothing)?;
        solved(py, self.0.copy(py)?, &model, priors.as_deref())
    }
}

/// A description of classes, or why there is none.
pub fn described<'py>(
    py: Python<'py>,
    classes: impl Grouped + Send + Sync,
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
    match py.detach(|| discriminant::describe(&classes, description)) {
        Ok(values) => Ok(values.into_pyarray(py).into_any()),
        Err(failure) => failed(py, failure),
    }
}

/// The discriminant functions, or why there are none.
pub fn solved<'py>(
    py: Python<'py>,
    classes: impl Grouped + Send + Sync,
    model: &Model,
    priors: Option<&[f64]>,
) -> PyResult<Bound<'py, PyAny>> {
    match py.detach(|| discriminant::Discriminant::of(&classes, model, priors)) {
        Ok(found) => Ok(Bound::new(py, Discriminant(found))?.into_any()),
        Err(failure) => failed(py, failure),
    }
}
