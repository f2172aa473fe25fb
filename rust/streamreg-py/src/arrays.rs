//! NumPy columns as the core reads them.

use numpy::{PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use streamreg_core::column::{Decimals, Numbers};

use crate::errors::to_py;

/// A column of numbers, borrowed from NumPy.
pub enum NumberArray<'py> {
    Float(PyReadonlyArray1<'py, f64>),
    Int(PyReadonlyArray1<'py, i64>),
    Decimal(DecimalArray<'py>),
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
        } else {
            Err(PyTypeError::new_err(
                "expected an array of float64 or int64, or of decimals: int64 in three columns",
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
