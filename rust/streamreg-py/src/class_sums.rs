//! Exact sums class by class, of rows with weights or of very many features; and what follows from those of either kind.

use crate::accumulator::accumulator;
use crate::arrays::{NumberArray, numbers};
use crate::classes::{Discriminant, divisor, failed, model, no_answer, plain};
use crate::errors::to_py;
use crate::guarded::Guarded;
use crate::label::Label;
use crate::labelled::labelled;
use numpy::{IntoPyArray, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use streamreg_core::accumulate::{Accumulator as _, Group as _};
use streamreg_core::classes::{self as core, Kept, Labelled};
use streamreg_core::discriminant::{self, Description, Grouped, Model};

#[pyclass(module = "streamreg._core", frozen)]
pub struct ClassSums(Guarded<core::ClassSums>);

accumulator!(ClassSums, core::ClassSums);
labelled!(ClassSums);

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
