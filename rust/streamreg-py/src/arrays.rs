//! NumPy columns as the core reads them.

use numpy::datetime::{Datetime, Timedelta, units::Microseconds};
use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use streamreg_core::column::{Decimals, Numbers};
use streamreg_core::time::TimeType;

use crate::errors::to_py;
use crate::times::time_name;

/// A column of numbers, borrowed from NumPy.
pub enum NumberArray<'py> {
    Float(PyReadonlyArray1<'py, f64>),
    Int(PyReadonlyArray1<'py, i64>),
    Decimal(DecimalArray<'py>),
    Time(TimeArray<'py>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for NumberArray<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(array) = object.extract::<PyReadonlyArray1<'_, f64>>() {
            Ok(Self::Float(array))
        } else if let Ok(array) = object.extract::<PyReadonlyArray1<'_, i64>>() {
            Ok(Self::Int(array))
        } else if let Ok(array) = object.extract::<DecimalArray<'_>>() {
            Ok(Self::Decimal(array))
        } else if let Ok(array) = object.extract::<TimeArray<'_>>() {
            Ok(Self::Time(array))
        } else {
            Err(PyTypeError::new_err(
                "expected an array of float64, int64, datetime64[us] or timedelta64[us], or of decimals: int64 in \
                 three columns",
            ))
        }
    }
}

impl NumberArray<'_> {
    /// The numbers themselves; an error if they do not lie side by side.
    pub fn numbers(&self) -> PyResult<Numbers<'_>> {
        Ok(match self {
            Self::Float(array) => Numbers::Float(array.as_slice()?),
            Self::Int(array) => Numbers::Int(array.as_slice()?),
            Self::Decimal(array) => Numbers::Decimal(array.decimals()?),
            Self::Time(array) => Numbers::Time(array.kind, array.micros()?),
        })
    }
}

/// The numbers of several columns.
pub fn numbers<'a>(columns: &'a [NumberArray<'_>]) -> PyResult<Vec<Numbers<'a>>> {
    columns.iter().map(NumberArray::numbers).collect()
}

/// Decimals: an array of three columns, the words of each.
pub struct DecimalArray<'py>(PyReadonlyArray2<'py, i64>);

impl<'a, 'py> FromPyObject<'a, 'py> for DecimalArray<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        match object.extract::<PyReadonlyArray2<'_, i64>>() {
            Ok(array) if array.shape()[1] == 3 => Ok(Self(array)),
            _ => Err(PyTypeError::new_err("expected decimals: an array of int64 with three columns")),
        }
    }
}

impl DecimalArray<'_> {
    /// The decimals themselves; an error if they do not lie side by side, or are none.
    pub fn decimals(&self) -> PyResult<Decimals<'_>> {
        let (words, _) = self.0.as_slice()?.as_chunks::<3>();
        Decimals::new(words).map_err(|error| to_py(&error))
    }
}

/// Times: an array of datetime64[us] or timedelta64[us].
pub struct TimeArray<'py> {
    pub kind: TimeType,
    micros: PyReadonlyArray1<'py, i64>,
}

impl<'a, 'py> FromPyObject<'a, 'py> for TimeArray<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let kind = if object.cast::<PyArray1<Datetime<Microseconds>>>().is_ok() {
            TimeType::Datetime
        } else if object.cast::<PyArray1<Timedelta<Microseconds>>>().is_ok() {
            TimeType::Timedelta
        } else {
            return Err(PyTypeError::new_err("expected an array of datetime64[us] or timedelta64[us]"));
        };
        Ok(Self { kind, micros: object.call_method1("view", ("i8",))?.extract()? })
    }
}

impl TimeArray<'_> {
    /// The microseconds themselves; an error if they do not lie side by side, or are none.
    pub fn micros(&self) -> PyResult<&[i64]> {
        let micros = self.micros.as_slice()?;
        match micros.iter().position(|&count| !self.kind.holds(count)) {
            None => Ok(micros),
            Some(row) => {
                let kind = time_name(self.kind);
                Err(PyValueError::new_err(format!("row {row} is no {kind}: {} microseconds", micros[row])))
            }
        }
    }
}
