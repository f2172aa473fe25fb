//! Message values to columns.

use crate::decimals;
use crate::errors::to_py;
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};
use streamreg_core::decode::{self as core, Column, ColumnType, Item, Messages};
use streamreg_core::error::Error;

#[pyclass(frozen, module = "streamreg._core")]
pub struct Decoder {
    decoder: core::Decoder,
    names: Vec<String>,
}

/// A decoder of CSV records, whose fields `names` tells.
#[pyfunction]
pub fn csv_decoder(columns: Columns, names: Vec<String>) -> PyResult<Decoder> {
    Decoder::of(columns, |schema| core::csv::decoder(schema, &names))
}

/// A decoder of JSON objects.
#[pyfunction]
pub fn json_decoder(columns: Columns) -> PyResult<Decoder> {
    Decoder::of(columns, core::json::decoder)
}

/// A decoder of values that are the one column themselves.
#[pyfunction]
pub fn raw_decoder(columns: Columns) -> PyResult<Decoder> {
    Decoder::of(columns, core::raw::decoder)
}

/// Names and types, as Python has them.
type Columns = Vec<(String, String)>;

impl Decoder {
    fn of(
        columns: Columns,
        make: impl FnOnce(Vec<(String, ColumnType)>) -> Result<core::Decoder, Error>,
    ) -> PyResult<Self> {
        let names = columns.iter().map(|(name, _)| name.clone()).collect();
        let schema = columns
            .into_iter()
            .map(|(name, kind)| Ok((name, ColumnType::named(&kind)?)))
            .collect::<Result<_, _>>()
            .map_err(|error| to_py(&error))?;
        Ok(Self { decoder: make(schema).map_err(|error| to_py(&error))?, names })
    }
}

#[pymethods]
impl Decoder {
    fn decode(&self, py: Python<'_>, values: &Bound<'_, PyList>) -> PyResult<Decoded> {
        let mut messages = Messages::with_capacity(values.len(), 0);
        for value in values {
            let bytes = if value.is_none() { None } else { Some(value.cast::<PyBytes>()?) };
            messages.push(bytes.map(PyBytesMethods::as_bytes)).map_err(|error| to_py(&error))?;
        }
        let decoded = py.detach(|| self.decoder.decode(&messages));
        let columns = PyList::empty(py);
        for column in decoded.columns {
            match column {
                Column::Float(values) => columns.append(values.into_pyarray(py))?,
                Column::Int(values) => columns.append(values.into_pyarray(py))?,
                Column::Decimal(words) => columns.append(decimals::array(py, words)?)?,
                Column::Bool(values) => columns.append(values.into_pyarray(py))?,
                Column::Datetime(micros, _) => columns.append(viewed(micros.into_pyarray(py), "M8[us]")?)?,
                Column::Timedelta(micros, _) => columns.append(viewed(micros.into_pyarray(py), "m8[us]")?)?,
                Column::Text(text) => columns.append(Text(text))?,
            }
        }
        let rejects = decoded.rejects.into_iter().map(|reject| {
            let column = reject.column.and_then(|index| self.names.get(index).cloned());
            (reject.message, reject.kind.name(), column, reject.detail)
        });
        Ok(Decoded {
            rows: decoded.rows,
            columns: columns.unbind(),
            messages: decoded.messages.map(|messages| messages.into_pyarray(py).unbind()),
            rejects: PyList::new(py, rejects.collect::<Vec<_>>())?.unbind(),
            tombstones: decoded.tombstones,
        })
    }
}

/// The same memory as an array of another type.
fn viewed<'py>(array: Bound<'py, PyArray1<i64>>, dtype: &str) -> PyResult<Bound<'py, PyAny>> {
    array.call_method1("view", (dtype,))
}

#[pyclass(frozen, get_all, module = "streamreg._core")]
pub struct Decoded {
    rows: usize,
    columns: Py<PyList>,
    messages: Option<Py<PyArray1<u32>>>,
    rejects: Py<PyList>,
    tombstones: usize,
}

#[pyclass(frozen, module = "streamreg._core")]
pub struct Text(pub core::Text);

#[pymethods]
impl Text {
    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn to_list<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let items = self.0.iter().map(|item| match item {
            Item::Str(text) => PyString::new(py, text).into_any(),
            Item::Bytes(bytes) => PyBytes::new(py, bytes).into_any(),
        });
        PyList::new(py, items.collect::<Vec<_>>())
    }

    fn take(&self, py: Python<'_>, mask: PyReadonlyArray1<'_, bool>) -> PyResult<Self> {
        let mask = mask.as_slice()?;
        py.detach(|| self.0.take(mask)).map(Self).map_err(|error| to_py(&error))
    }
}

/// The fields of one CSV record.
#[pyfunction]
pub fn split_header(value: &[u8]) -> PyResult<Vec<String>> {
    core::csv::split_record(value).map_err(|error| to_py(&error))
}
