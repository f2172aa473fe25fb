//! Columns to rows of text.

use crate::arrays::{DecimalArray, TimeArray};
use crate::decode::Text;
use crate::errors::to_py;
use crate::optional::Optional;
use crate::{decimals, integers, times};
use numpy::PyReadonlyArray1;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyList, PyString};
use streamreg_core::write::{self as core, Cell};

/// A column of cells, borrowed from Python where it can be.
pub enum Column<'py> {
    Float(PyReadonlyArray1<'py, f64>),
    Int(PyReadonlyArray1<'py, i64>),
    Decimal(DecimalArray<'py>),
    Time(TimeArray<'py>),
    Bool(PyReadonlyArray1<'py, bool>),
    Text(Bound<'py, Text>),
    Cells(Bound<'py, Cells>),
    Any(Vec<Cell>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Column<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        // Arrays last: to ask for one imports NumPy, which a process that writes results alone does not need.
        if let Ok(text) = object.cast::<Text>() {
            Ok(Self::Text(text.to_owned()))
        } else if let Ok(cells) = object.cast::<Cells>() {
            Ok(Self::Cells(cells.to_owned()))
        } else if let Ok(list) = object.cast::<PyList>() {
            list.iter().map(|value| cell(&value)).collect::<PyResult<_>>().map(Self::Any)
        } else if let Ok(array) = object.extract::<PyReadonlyArray1<'_, f64>>() {
            Ok(Self::Float(array))
        } else if let Ok(array) = object.extract::<PyReadonlyArray1<'_, i64>>() {
            Ok(Self::Int(array))
        } else if let Ok(array) = object.extract::<PyReadonlyArray1<'_, bool>>() {
            Ok(Self::Bool(array))
        } else if let Ok(array) = object.extract::<DecimalArray<'_>>() {
            Ok(Self::Decimal(array))
        } else if let Ok(array) = object.extract::<TimeArray<'_>>() {
            Ok(Self::Time(array))
        } else {
            Err(PyTypeError::new_err(format!("a column cannot be a {}", object.get_type())))
        }
    }
}

impl Column<'_> {
    fn cells(&self) -> PyResult<core::Cells<'_>> {
        Ok(match self {
            Self::Float(array) => core::Cells::Float(array.as_slice()?),
            Self::Int(array) => core::Cells::Int(array.as_slice()?),
            Self::Decimal(array) => core::Cells::Decimal(array.decimals()?),
            Self::Time(array) => core::Cells::Time(array.kind, array.micros()?),
            Self::Bool(array) => core::Cells::Bool(array.as_slice()?),
            Self::Text(text) => core::Cells::Text(&text.get().0),
            Self::Cells(cells) => core::Cells::Any(&cells.get().0),
            Self::Any(cells) => core::Cells::Any(cells),
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
        Ok(Cell::Decimal(text))
    } else if let Some((kind, micros)) = times::micros(value)? {
        Ok(Cell::Time(kind, micros))
    } else {
        Err(PyTypeError::new_err(format!(
            "a cell must be None, bool, int, float, Decimal, datetime, timedelta, str or bytes, not {}",
            value.get_type().name()?
        )))
    }
}

/// Cells of any type, as the core has made them.
#[pyclass(frozen, module = "streamreg._core")]
pub struct Cells(pub Vec<Cell>);

#[pymethods]
impl Cells {
    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn to_list<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let values = self.0.iter().map(|cell| object(py, cell)).collect::<PyResult<Vec<_>>>()?;
        PyList::new(py, values)
    }
}

/// A cell as the Python object that it stands for.
pub fn object<'py>(py: Python<'py>, cell: &Cell) -> PyResult<Bound<'py, PyAny>> {
    Ok(match cell {
        Cell::Null => py.None().into_bound(py),
        Cell::Bool(value) => PyBool::new(py, *value).to_owned().into_any(),
        Cell::Int(value) => match i64::try_from(value) {
            Ok(small) => small.into_pyobject(py)?.into_any(),
            Err(_) => integers::to_py(py, value)?,
        },
        Cell::Float(value) => PyFloat::new(py, *value).into_any(),
        Cell::Decimal(text) => decimals::to_py(py, text)?,
        Cell::Time(kind, micros) => times::to_py(py, *kind, *micros)?,
        Cell::Str(text) => PyString::new(py, text).into_any(),
        Cell::Bytes(bytes) => PyBytes::new(py, bytes).into_any(),
    })
}

/// Rows as CSV text, packed.
#[pyfunction]
pub fn render<'py>(
    py: Python<'py>,
    columns: Vec<Optional<'py, Column<'py>>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let present = columns
        .iter()
        .map(|column| Ok((column.values.cells()?, column.missing()?)))
        .collect::<PyResult<Vec<_>>>()?;
    let cells: Vec<_> = present
        .iter()
        .map(|(cells, missing)| missing.map_or(*cells, |missing| core::Cells::Optional(cells, missing)))
        .collect();
    let rows =
        py.detach(|| core::render(&cells).map(core::RowText::into_bytes)).map_err(|error| to_py(&error))?;
    Ok(PyBytes::new(py, &rows))
}

/// Packed rows as lines of a changelog.
#[pyfunction]
pub fn stamp<'py>(py: Python<'py>, rows: &[u8], time: i64, diff: i64) -> PyResult<Bound<'py, PyBytes>> {
    let lines = py.detach(|| core::stamp(rows, time, diff)).map_err(|error| to_py(&error))?;
    Ok(PyBytes::new(py, &lines))
}
