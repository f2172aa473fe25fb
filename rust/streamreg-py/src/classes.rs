//! Exact moments class by class, and their classification.

use crate::accumulator::accumulator;
use crate::arrays::{NumberArray, numbers};
use crate::class_sums::{described, solved};
use crate::errors::to_py;
use crate::guarded::Guarded;
use crate::label::Label;
use crate::labelled::labelled;
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use streamreg_core::accumulate::{Accumulator as _, Group as _};
use streamreg_core::classes::{self as core, Labelled};
use streamreg_core::discriminant::{self, Divisor, Failure, Method, Model, Reason, Scores, Singular};

/// Of a class n, prior, intercept, and the linear and quadratic parameters.
type Parameters = (i64, Option<f64>, Option<f64>, Option<Vec<f64>>, Option<Vec<f64>>);

#[pyclass(module = "streamreg._core", frozen)]
pub struct Classes(Guarded<core::Classes>);

accumulator!(Classes, core::Classes);
labelled!(Classes);

#[pymethods]
impl Classes {
    #[new]
    fn new(features: usize) -> PyResult<Self> {
        core::Classes::new(features).map(Self::of).map_err(|error| to_py(&error))
    }

    #[getter]
    fn features(&self, py: Python<'_>) -> PyResult<usize> {
        self.0.with(py, |own| own.features())
    }

    #[getter]
    fn labels(&self, py: Python<'_>) -> PyResult<Vec<Label>> {
        let labels = self.0.with(py, |own| own.iter().map(|(label, _)| label.clone()).collect::<Vec<_>>())?;
        Ok(labels.into_iter().map(Label).collect())
    }

    fn predictor(
        &self,
        py: Python<'_>,
        method: &str,
        priors: Option<Vec<Option<f64>>>,
        unbiased: bool,
        singular: &str,
        smoothing: f64,
    ) -> PyResult<ClassPredictor> {
        let model = model(method, unbiased, singular, smoothing)?;
        let own = self.0.copy(py)?;
        let found = py.detach(|| discriminant::Predictor::of(&own, &model, priors.as_deref()));
        found.map(ClassPredictor).map_err(|error| to_py(&error))
    }

    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.0.with(py, |own| discriminant::counts(own))? {
            Ok(counts) => {
                let counts: Vec<_> = counts.into_iter().map(|(label, n)| (Label(label), n)).collect();
                counts.into_pyobject(py)
            }
            Err(undefined) => no_answer(py, undefined),
        }
    }

    fn parameters(
        &self,
        py: Python<'_>,
        method: &str,
        priors: Option<Vec<Option<f64>>>,
        unbiased: bool,
        singular: &str,
        smoothing: f64,
    ) -> PyResult<Vec<Parameters>> {
        let model = model(method, unbiased, singular, smoothing)?;
        let own = self.0.copy(py)?;
        let found = py
            .detach(|| discriminant::parameters(&own, &model, priors.as_deref()))
            .map_err(|error| to_py(&error))?;
        Ok(found
            .into_iter()
            .map(|one| (one.n, one.prior, one.intercept, one.linear, one.quadratic))
            .collect())
    }
}

pub fn model(method: &str, unbiased: bool, singular: &str, smoothing: f64) -> PyResult<Model> {
    let method = match method {
        "linear" => Method::Linear,
        "quadratic" => Method::Quadratic,
        "bayes" => Method::Bayes,
        other => return Err(PyValueError::new_err(format!("there is no method {other:?}"))),
    };
    let singular = match singular {
        "null" => Singular::Refused,
        "drop" => Singular::Dropped,
        other => {
            return Err(PyValueError::new_err(format!("singular is \"null\" or \"drop\", not {other:?}")));
        }
    };
    Ok(Model { method, divisor: divisor(unbiased), singular, smoothing })
}

pub fn divisor(unbiased: bool) -> Divisor {
    if unbiased { Divisor::Freedom } else { Divisor::Rows }
}

pub fn plain(labels: Vec<Label>) -> Vec<core::Label> {
    labels.into_iter().map(|label| label.0).collect()
}

/// Why there is no result.
#[pyclass(module = "streamreg._core", frozen)]
pub struct Undefined(discriminant::Undefined);

pub fn no_answer(py: Python<'_>, undefined: discriminant::Undefined) -> PyResult<Bound<'_, PyAny>> {
    Ok(Bound::new(py, Undefined(undefined))?.into_any())
}

pub fn failed(py: Python<'_>, failure: Failure) -> PyResult<Bound<'_, PyAny>> {
    match failure {
        Failure::Undefined(undefined) => no_answer(py, undefined),
        Failure::Error(error) => Err(to_py(&error)),
    }
}

#[pymethods]
impl Undefined {
    #[getter]
    fn reason(&self) -> &'static str {
        match self.0.reason {
            Reason::NoRows => "no rows",
            Reason::Inconsistent => "inconsistent",
            Reason::TooFewRows => "too few rows",
            Reason::Singular { .. } => "singular",
        }
    }

    #[getter]
    fn label(&self) -> Option<Label> {
        self.0.label.clone().map(Label)
    }

    #[getter]
    fn features(&self) -> Vec<usize> {
        match &self.0.reason {
            Reason::Singular { features } => features.clone(),
            _ => Vec::new(),
        }
    }
}

/// What rows are scored by.
#[pyclass(module = "streamreg._core", frozen)]
pub struct Discriminant(pub(crate) discriminant::Discriminant);

#[pymethods]
impl Discriminant {
    #[getter]
    fn dropped(&self) -> Vec<usize> {
        self.0.dropped().to_vec()
    }

    #[getter]
    fn nearly_dependent(&self, py: Python<'_>) -> Vec<usize> {
        py.detach(|| self.0.nearly_dependent())
    }

    fn parameter<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let values = py.detach(|| self.0.parameter(name)).map_err(|error| to_py(&error))?;
        Ok(values.into_pyarray(py))
    }

    fn rows<'py>(
        &self,
        py: Python<'py>,
        columns: Vec<NumberArray<'_>>,
        asked: &str,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let asked = match asked {
            "score" => Scores::Scores,
            "posterior" => Scores::Posteriors,
            "log_posterior" => Scores::LogPosteriors,
            other => return Err(PyValueError::new_err(format!("rows have no {other:?}"))),
        };
        let numbers = numbers(&columns)?;
        let found = py.detach(|| self.0.scorer().rows(&numbers, asked)).map_err(|error| to_py(&error))?;
        Ok(found.into_pyarray(py))
    }

    fn classes<'py>(
        &self,
        py: Python<'py>,
        columns: Vec<NumberArray<'_>>,
    ) -> PyResult<Bound<'py, PyArray1<i64>>> {
        let numbers = numbers(&columns)?;
        let found = py.detach(|| self.0.scorer().classes(&numbers)).map_err(|error| to_py(&error))?;
        Ok(found.into_pyarray(py))
    }

    fn contrasts<'py>(
        &self,
        py: Python<'py>,
        columns: Vec<NumberArray<'_>>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let numbers = numbers(&columns)?;
        let found = py.detach(|| self.0.scorer().contrasts(&numbers)).map_err(|error| to_py(&error))?;
        Ok(found.into_pyarray(py))
    }
}

/// Classifies rows.
#[pyclass(module = "streamreg._core", frozen)]
pub struct ClassPredictor(discriminant::Predictor);

/// Classes, their probabilities, and those of the rows' own.
type Predictions<'py> = (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>);

#[pymethods]
impl ClassPredictor {
    fn rows<'py>(
        &self,
        py: Python<'py>,
        columns: Vec<NumberArray<'_>>,
        own: PyReadonlyArray1<'_, i64>,
    ) -> PyResult<Predictions<'py>> {
        let (columns, own) = (numbers(&columns)?, own.as_slice()?);
        let found = py.detach(|| self.0.rows(&columns, own)).map_err(|error| to_py(&error))?;
        Ok((found.classes.into_pyarray(py), found.posteriors.into_pyarray(py), found.own.into_pyarray(py)))
    }
}
