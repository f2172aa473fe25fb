//! The aggregates of one `reduce`.

use crate::accumulator::reduction;
use crate::errors::to_py;
use crate::guarded::Guarded;
use crate::moments::Moments;
use crate::monomials::Monomials;
use crate::optional::{self, Inputs};
use crate::score::Scorer;
use crate::{decimals, integers, times};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use streamreg_core::column::NumberType;
use streamreg_core::infer::Model;
use streamreg_core::monomials::Power;
use streamreg_core::reduce::{self as core, Aggregate, Answer, Regression, Statistic, Sums};

#[pyclass(module = "streamreg._core", frozen)]
pub struct Reduction(Guarded<core::Reduction>);

reduction!(Reduction);

impl Reduction {
    /// A reduction that nobody else has.
    pub fn of(own: core::Reduction) -> Self {
        Self(Guarded::new(own))
    }
}

#[pymethods]
impl Reduction {
    #[new]
    fn new(inputs: Vec<String>, aggregates: Vec<Bound<'_, PyTuple>>) -> PyResult<Self> {
        let (inputs, optional) = optional::types(&inputs);
        let inputs = inputs.into_iter().map(number_type).collect::<PyResult<Vec<_>>>()?;
        let aggregates = aggregates.iter().map(aggregate).collect::<PyResult<Vec<_>>>()?;
        let own = core::Reduction::with_missing(&inputs, &optional, aggregates);
        own.map(Self::of).map_err(|error| to_py(&error))
    }

    fn add(&self, py: Python<'_>, columns: Inputs<'_>, rows: usize) -> PyResult<()> {
        let (numbers, missing) = optional::numbers(&columns)?;
        self.0.run(py, |own| own.add_with_missing(&numbers, &missing, rows))
    }

    fn take<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.0.with(py, core::Reduction::take)?))
    }

    fn limbs(&self, py: Python<'_>) -> PyResult<Vec<usize>> {
        self.0.with(py, |own| own.limbs())
    }

    fn scorer(&self, py: Python<'_>, regression: (usize, Asked)) -> PyResult<Scorer> {
        let (aggregate, regression) = self::regression(regression)?;
        self.0.run(py, |own| own.scorer(aggregate, &regression)).map(Scorer)
    }

    fn results<'py>(
        &self,
        py: Python<'py>,
        statistics: Vec<Bound<'py, PyTuple>>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let statistics = self::statistics(&statistics)?;
        let answers = self.0.run(py, |own| own.answers(&statistics))?;
        answers.into_iter().map(|answer| object(py, answer)).collect()
    }

    fn sums<'py>(&self, py: Python<'py>, aggregate: usize) -> PyResult<Bound<'py, PyAny>> {
        let copy = self.0.run(py, |own| {
            Ok(match own.sums(aggregate)? {
                Sums::Moments(sums) => Copied::Moments(sums.clone()),
                Sums::Monomials(sums) => Copied::Monomials(sums.clone()),
            })
        })?;
        match copy {
            Copied::Moments(sums) => Ok(Bound::new(py, Moments::of(sums))?.into_any()),
            Copied::Monomials(sums) => Ok(Bound::new(py, Monomials::of(sums))?.into_any()),
        }
    }
}

/// Sums that are no longer those of a reduction.
enum Copied {
    Moments(streamreg_core::moments::Moments),
    Monomials(streamreg_core::monomials::Monomials),
}

/// The type of numbers of this name.
pub fn number_type(name: &str) -> PyResult<NumberType> {
    match name {
        "float" => Ok(NumberType::Float),
        "int" => Ok(NumberType::Int),
        "decimal" => Ok(NumberType::Decimal),
        "datetime" | "timedelta" => times::time_type(name).map(NumberType::Time),
        other => Err(PyValueError::new_err(format!("there is no number type {other:?}"))),
    }
}

/// The name of a type of numbers.
pub fn number_name(number: NumberType) -> &'static str {
    match number {
        NumberType::Float => "float",
        NumberType::Int => "int",
        NumberType::Decimal => "decimal",
        NumberType::Time(kind) => times::time_name(kind),
    }
}

/// The aggregate that a tuple stands for.
pub fn aggregate(spec: &Bound<'_, PyTuple>) -> PyResult<Aggregate> {
    let kind: String = spec.get_item(0)?.extract()?;
    match kind.as_str() {
        "count" => Ok(Aggregate::Count),
        "sum" => Ok(Aggregate::Sum(spec.get_item(1)?.extract()?)),
        "min" => Ok(Aggregate::Min(spec.get_item(1)?.extract()?)),
        "max" => Ok(Aggregate::Max(spec.get_item(1)?.extract()?)),
        "moments" => Ok(Aggregate::Moments {
            features: spec.get_item(1)?.extract()?,
            target: spec.get_item(2)?.extract()?,
        }),
        "monomials" => Ok(Aggregate::Monomials {
            features: powers(spec.get_item(1)?.extract()?),
            target: spec.get_item(2)?.extract()?,
            weight: spec.get_item(3)?.extract()?,
        }),
        "fading" => Ok(Aggregate::Fading {
            features: powers(spec.get_item(1)?.extract()?),
            target: spec.get_item(2)?.extract()?,
            time: spec.get_item(3)?.extract()?,
            half_life: spec.get_item(4)?.extract()?,
        }),
        "class" => Ok(Aggregate::Class(spec.get_item(1)?.extract()?)),
        other => Err(PyValueError::new_err(format!("there is no aggregate {other:?}"))),
    }
}

/// Features, each a column and its power.
pub fn powers(features: Vec<(usize, u32)>) -> Vec<Power> {
    features.into_iter().map(|(column, power)| Power { column, power }).collect()
}

/// The statistics that tuples stand for.
pub fn statistics(specs: &[Bound<'_, PyTuple>]) -> PyResult<Vec<Statistic>> {
    specs.iter().map(statistic).collect()
}

fn statistic(spec: &Bound<'_, PyTuple>) -> PyResult<Statistic> {
    let statistic = if spec.len() == 3 {
        let (aggregate, name, index): (usize, String, usize) = spec.extract()?;
        Statistic::new(aggregate, &name, index)
    } else {
        let (aggregate, name, one, other, asked): (usize, String, usize, usize, Asked) = spec.extract()?;
        let (aggregate, regression) = regression((aggregate, asked))?;
        Statistic::of_regression(aggregate, &name, [one, other], regression)
    };
    statistic.map_err(|error| to_py(&error))
}

/// A regression in Python: intercept, ridge, what coefficients are that are not determined, level of intervals.
pub type Asked = (bool, f64, String, f64);

/// The index of an aggregate, and the regression of it that a tuple stands for.
pub fn regression((aggregate, asked): (usize, Asked)) -> PyResult<(usize, Regression)> {
    let (intercept, ridge, singular, level) = asked;
    let (zeros, drop) = when_singular(&singular)?;
    Ok((aggregate, Regression { model: Model { intercept, ridge }, zeros, drop, level }))
}

/// Whether coefficients that are not determined are zeros, and whether features are dropped.
pub fn when_singular(singular: &str) -> PyResult<(bool, bool)> {
    match singular {
        "zero" => Ok((true, false)),
        "null" => Ok((false, false)),
        "drop" => Ok((false, true)),
        other => {
            Err(PyValueError::new_err(format!("singular is \"zero\", \"null\" or \"drop\", not {other:?}")))
        }
    }
}

fn object(py: Python<'_>, answer: Answer) -> PyResult<Bound<'_, PyAny>> {
    match answer {
        Answer::Float(value) => Ok(value.into_pyobject(py)?.into_any()),
        Answer::Int(value) => integers::to_py(py, &value),
        Answer::Decimal(text) => decimals::to_py(py, &text),
        Answer::Time(kind, micros) => times::to_py(py, kind, micros),
        Answer::Null => Ok(py.None().into_bound(py)),
    }
}
