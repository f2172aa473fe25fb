//! NumPy columns as the core reads them.

use numpy::PyReadonlyArray1;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use streamreg_core::column::Numbers;

/// A column of numbers, borrowed from NumPy.
pub enum NumberArray<'py> {
    Float(PyReadonlyArray1<'py, f64>),
    Int(PyReadonlyArray1<'py, i64>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for NumberArray<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(array) = object.extract::<PyReadonlyArray1<'_, f64>>() {
            Ok(Self::Float(array))
        } else if let Ok(array) = object.extract::<PyReadonlyArray1<'_, i64>>() {
            Ok(Self::Int(array))
        } else {
            Err(PyTypeError::new_err("expected a one-dimensional array of float64 or int64"))
        }
    }
}

impl NumberArray<'_> {
    /// The numbers themselves; an error if they do not lie side by side.
    pub fn numbers(&self) -> PyResult<Numbers<'_>> {
        Ok(match self {
            Self::Float(array) => Numbers::Float(array.as_slice()?),
            Self::Int(array) => Numbers::Int(array.as_slice()?),
        })
    }
}

/// The numbers of several columns.
pub fn numbers<'a>(columns: &'a [NumberArray<'_>]) -> PyResult<Vec<Numbers<'a>>> {
    columns.iter().map(NumberArray::numbers).collect()
}
