//! Columns to rows of text.

use crate::arrays::DecimalArray;
use crate::decode::Text;
use crate::errors::to_py;
use crate::{decimals, integers};
use numpy::PyReadonlyArray1;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyList, PyString};
use streamreg_core::write::{self as core, Cell, Cells};

/// A column of cells, borrowed from Python where it can be.
pub enum Column<'py> {
    Float(PyReadonlyArray1<'py, f64>),
    Int(PyReadonlyArray1<'py, i64>),
    Decimal(DecimalArray<'py>),
    Bool(PyReadonlyArray1<'py, bool>),
    Text(Bound<'py, Text>),
    Any(Vec<Cell>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Column<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(array) = object.extract::<PyReadonlyArray1<'_, f64>>() {
            Ok(Self::Float(array))
        } else if let Ok(array) = object.extract::<PyReadonlyArray1<'_, i64>>() {
            Ok(Self::Int(array))
        } else if let Ok(array) = object.extract::<PyReadonlyArray1<'_, bool>>() {
            Ok(Self::Bool(array))
        } else if let Ok(array) = object.extract::<DecimalArray<'_>>() {
            Ok(Self::Decimal(array))
        } else if let Ok(text) = object.cast::<Text>() {
            Ok(Self::Text(text.to_owned()))
        } else if let Ok(list) = object.cast::<PyList>() {
            list.iter().map(|value| cell(&value)).collect::<PyResult<_>>().map(Self::Any)
        } else {
            Err(PyTypeError::new_err(format!("a column cannot be a {}", object.get_type())))
        }
    }
}

impl Column<'_> {
    fn cells(&self) -> PyResult<Cells<'_>> {
        Ok(match self {
            Self::Float(array) => Cells::Float(array.as_slice()?),
            Self::Int(array) => Cells::Int(array.as_slice()?),
            Self::Decimal(array) => Cells::Decimal(array.decimals()?),
            Self::Bool(array) => Cells::Bool(array.as_slice()?),
            Self::Text(text) => Cells::Text(&text.get().0),
            Self::Any(cells) => Cells::Any(cells),
        })
    }
}

fn cell(value: &Bound<'_, PyAny>) -> PyResult<Cell> {
    if value.is_none() {
        Ok(Cell::Null)
    } else if let Ok(value) = value.cast::<PyBool>() {
        Ok(Cell::Bool(value.is_true()))
    } else if value.is_instance_of::<PyInt>() {
        Ok(Cell::Int(integers::from_py(value)?))
    } else if value.is_instance_of::<PyFloat>() {
        Ok(Cell::Float(value.extract()?))
    } else if value.is_instance_of::<PyString>() {
        Ok(Cell::Str(value.extract()?))
    } else if let Ok(bytes) = value.cast::<PyBytes>() {
        Ok(Cell::Bytes(bytes.as_bytes().to_vec()))
    } else if let Some(text) = decimals::text(value)? {
        Ok(Cell::Str(text))
    } else {
        Err(PyTypeError::new_err(format!(
            "a cell must be None, bool, int, float, Decimal, str or bytes, not {}",
            value.get_type().name()?
        )))
    }
}

/// Rows as CSV text, packed.
#[pyfunction]
pub fn render<'py>(py: Python<'py>, columns: Vec<Column<'py>>) -> PyResult<Bound<'py, PyBytes>> {
    let cells = columns.iter().map(Column::cells).collect::<PyResult<Vec<_>>>()?;
    let rows =
        py.detach(|| core::render(&cells).map(core::Rows::into_bytes)).map_err(|error| to_py(&error))?;
    Ok(PyBytes::new(py, &rows))
}

/// Packed rows as lines of a changelog.
#[pyfunction]
pub fn stamp<'py>(py: Python<'py>, rows: &[u8], time: i64, diff: i64) -> PyResult<Bound<'py, PyBytes>> {
    let lines = py.detach(|| core::stamp(rows, time, diff)).map_err(|error| to_py(&error))?;
    Ok(PyBytes::new(py, &lines))
}
