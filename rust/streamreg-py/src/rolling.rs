//! A regression for the window of each row of a frame.

use crate::arrays::{NumberArray, numbers};
use crate::errors::to_py;
use crate::reduce::when_singular;
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use streamreg_core::column::Numbers;
use streamreg_core::error::Error;
use streamreg_core::infer::Statistic;
use streamreg_core::reduce::Regression;
use streamreg_core::rolling::{Frame, HalfLife, Rolling, Wanted, Width};

/// A time in the unit of a column, or a number of rows.
#[derive(FromPyObject)]
pub enum Length {
    #[pyo3(transparent)]
    Int(u64),
    #[pyo3(transparent)]
    Float(f64),
}

/// A half-life: a fraction in the unit of integers, or a double.
#[derive(FromPyObject)]
pub enum Halving {
    #[pyo3(transparent)]
    Ratio((u64, u64)),
    #[pyo3(transparent)]
    Float(f64),
}

fn width<'a>(on: Option<Numbers<'a>>, length: &Length) -> PyResult<Width<'a>> {
    match (on, length) {
        (None, Length::Int(rows)) => Ok(Width::Rows(usize::try_from(*rows).unwrap_or(usize::MAX))),
        (Some(Numbers::Int(on)), Length::Int(width)) => Ok(Width::Ints(on, *width)),
        (Some(Numbers::Float(on)), Length::Float(width)) => Ok(Width::Floats(on, *width)),
        _ => Err(PyValueError::new_err("the window is of another kind than the column that it is on")),
    }
}

#[pyfunction]
#[pyo3(signature = (columns, ends, window, statistics, min_rows, *, on=None, present=None, wanted=None,
    half_life=None, singular="null", level=0.95))]
#[allow(clippy::too_many_arguments, reason = "named by whoever calls")]
pub fn rolling<'py>(
    py: Python<'py>,
    columns: Vec<NumberArray<'py>>,
    ends: Vec<usize>,
    window: Length,
    statistics: Vec<(String, usize, usize)>,
    min_rows: usize,
    on: Option<NumberArray<'py>>,
    present: Option<PyReadonlyArray1<'py, bool>>,
    wanted: Option<PyReadonlyArray1<'py, bool>>,
    half_life: Option<Halving>,
    singular: &str,
    level: f64,
) -> PyResult<Vec<Bound<'py, PyArray1<f64>>>> {
    let (numbers, on) = (numbers(&columns)?, on.as_ref().map(NumberArray::numbers).transpose()?);
    let half_life = half_life.map(|half_life| match half_life {
        Halving::Ratio((numerator, denominator)) => HalfLife::Ratio(numerator, denominator),
        Halving::Float(half_life) => HalfLife::Float(half_life),
    });
    let frame = Frame {
        columns: &numbers,
        present: present.as_ref().map(|mask| mask.as_slice()).transpose()?,
        ends: &ends,
        width: width(on, &window)?,
        half_life,
    };
    let (zeros, drop) = when_singular(singular)?;
    let named = statistics.iter().map(|(name, one, other)| Statistic::named(name, *one, *other));
    let wanted = Wanted {
        statistics: named.collect::<Result<_, Error>>().map_err(|error| to_py(&error))?,
        regression: Regression { zeros, drop, level, ..Regression::default() },
        min_rows,
        rows: wanted.as_ref().map(|mask| mask.as_slice()).transpose()?,
    };
    let mut work = py.detach(|| Rolling::new(frame, wanted)).map_err(|error| to_py(&error))?;
    while py.detach(|| work.advance()).map_err(|error| to_py(&error))? {
        py.check_signals()?;
    }
    Ok(work.results().into_iter().map(|column| PyArray1::from_vec(py, column)).collect())
}
