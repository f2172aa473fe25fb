//! A fitted model and its statistics.

use crate::arrays::{NumberArray, numbers};
use crate::errors::to_py;
use numpy::PyArray1;
use pyo3::prelude::*;
use streamreg_core::error::Error;
use streamreg_core::gram::Gram;
use streamreg_core::infer::{self as core, Interval, Model, Statistic, Value};
use streamreg_core::moments::Moments;
use streamreg_core::monomials::Monomials;

#[pyclass(module = "streamreg._core", frozen)]
pub struct Fit(core::Fit);

type Column<'py> = Bound<'py, PyArray1<f64>>;
pub type Columns<'py> = (Column<'py>, Column<'py>, Column<'py>);

fn three(py: Python<'_>, [one, two, three]: [Vec<f64>; 3]) -> Columns<'_> {
    let column = |values| PyArray1::from_vec(py, values);
    (column(one), column(two), column(three))
}

/// Predictions and residuals as columns.
pub fn residuals(py: Python<'_>, found: core::Residuals) -> Columns<'_> {
    three(py, [found.values, found.residuals, found.standardized])
}

fn fitted(gram: Gram, model: Model, drop: bool) -> Result<core::Fit, Error> {
    if drop { core::Fit::dropping(gram, model) } else { core::Fit::new(gram, model) }
}

impl Fit {
    pub fn of(py: Python<'_>, moments: &Moments, model: Model, drop: bool) -> PyResult<Self> {
        py.detach(|| fitted(Gram::of(moments), model, drop)).map(Self).map_err(|error| to_py(&error))
    }

    pub fn of_monomials(py: Python<'_>, monomials: &Monomials, model: Model, drop: bool) -> PyResult<Self> {
        let fit = || {
            let powers = monomials.terms().features().iter().map(|feature| feature.power).collect();
            Ok(fitted(monomials.gram()?, model, drop)?.of_powers(powers))
        };
        py.detach(fit).map(Self).map_err(|error| to_py(&error))
    }
}

/// The sums of rows, of either kind.
#[derive(FromPyObject)]
enum Sums<'py> {
    Moments(Bound<'py, crate::moments::Moments>),
    Monomials(Bound<'py, crate::monomials::Monomials>),
}

#[pymethods]
impl Fit {
    fn coefficients(&self, py: Python<'_>) -> Option<Vec<f64>> {
        py.detach(|| self.0.coefficients())
    }

    fn nearly_dependent(&self, py: Python<'_>) -> Vec<usize> {
        py.detach(|| self.0.nearly_dependent())
    }

    #[pyo3(signature = (name, i=0, j=0, level=0.95))]
    fn statistic<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        i: usize,
        j: usize,
        level: f64,
    ) -> PyResult<Bound<'py, PyAny>> {
        let value = Statistic::named(name, i, j)
            .and_then(|statistic| py.detach(|| self.0.statistic(statistic, level)))
            .map_err(|error| to_py(&error))?;
        Ok(match value {
            Some(Value::Float(value)) => value.into_pyobject(py)?.into_any(),
            Some(Value::Int(value)) => value.into_pyobject(py)?.into_any(),
            None => py.None().into_bound(py),
        })
    }

    fn values<'py>(&self, py: Python<'py>, columns: Vec<NumberArray<'py>>) -> PyResult<Column<'py>> {
        let numbers = numbers(&columns)?;
        let values = py.detach(|| self.0.values(&numbers)).map_err(|error| to_py(&error))?;
        Ok(PyArray1::from_vec(py, values))
    }

    fn predict<'py>(&self, py: Python<'py>, columns: Vec<NumberArray<'py>>) -> PyResult<Columns<'py>> {
        let numbers = numbers(&columns)?;
        let found = py.detach(|| self.0.predict(&numbers)).map_err(|error| to_py(&error))?;
        Ok(three(py, [found.values, found.mean_errors, found.observation_errors]))
    }

    #[pyo3(signature = (columns, interval, level=0.95))]
    fn intervals<'py>(
        &self,
        py: Python<'py>,
        columns: Vec<NumberArray<'py>>,
        interval: &str,
        level: f64,
    ) -> PyResult<Columns<'py>> {
        let numbers = numbers(&columns)?;
        let found = Interval::named(interval)
            .and_then(|interval| py.detach(|| self.0.intervals(&numbers, interval, level)))
            .map_err(|error| to_py(&error))?;
        Ok(three(py, [found.values, found.low, found.high]))
    }

    fn score(&self, py: Python<'_>, rows: Sums<'_>) -> PyResult<Option<f64>> {
        let gram = match rows {
            Sums::Moments(moments) => Gram::of(&moments.get().0.copy(py)?),
            Sums::Monomials(monomials) => monomials.get().0.run(py, |own| own.gram())?,
        };
        py.detach(|| self.0.score(&gram)).map_err(|error| to_py(&error))
    }

    fn residuals<'py>(
        &self,
        py: Python<'py>,
        columns: Vec<NumberArray<'py>>,
        target: NumberArray<'py>,
    ) -> PyResult<Columns<'py>> {
        let (numbers, target) = (numbers(&columns)?, target.numbers()?);
        let found = py.detach(|| self.0.residuals(&numbers, &target)).map_err(|error| to_py(&error))?;
        Ok(residuals(py, found))
    }
}
