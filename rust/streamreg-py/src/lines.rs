//! Lines of a changelog, taken apart again.

use crate::errors::to_py;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict};
use streamreg_core::error::Error;
use streamreg_core::lines::{self as core, Kind};

/// The cells of a key, and its row.
type Standing<'py> = (Bound<'py, PyBytes>, Option<Bound<'py, PyBytes>>);

/// What the lines of some epochs come to, by key.
#[pyfunction]
pub fn standing(
    py: Python<'_>,
    epochs: Vec<PyBackedBytes>,
    places: Vec<usize>,
) -> PyResult<Vec<Standing<'_>>> {
    let found = py
        .detach(|| core::standing(epochs.iter().map(|lines| &**lines), &places))
        .map_err(|error| to_py(&error))?;
    Ok(found
        .iter()
        .map(|each| (PyBytes::new(py, &each.key), each.row.map(|row| PyBytes::new(py, row))))
        .collect())
}

/// What the lines of some epochs come to, as messages.
#[pyclass(frozen, module = "streamreg._core")]
pub struct Messages(core::Messages);

#[pymethods]
impl Messages {
    #[new]
    #[pyo3(signature = (epochs, places, keys=None, values=None))]
    fn new(
        py: Python<'_>,
        epochs: Vec<PyBackedBytes>,
        places: Vec<usize>,
        keys: Option<Bound<'_, JsonRows>>,
        values: Option<Bound<'_, JsonRows>>,
    ) -> PyResult<Self> {
        let keys = keys.as_ref().map(|rows| &rows.get().0);
        let values = values.as_ref().map(|rows| &rows.get().0);
        py.detach(|| core::Messages::new(epochs.iter().map(|lines| &**lines), &places, keys, values))
            .map(Self)
            .map_err(|error| to_py(&error))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn some<'py>(&self, py: Python<'py>, start: usize, end: usize) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let message = |(key, value): core::Message<'_>| {
            let message = PyDict::new(py);
            message.set_item(intern!(py, "key"), PyBytes::new(py, key))?;
            message.set_item(intern!(py, "value"), value.map(|value| PyBytes::new(py, value)))?;
            Ok(message)
        };
        self.0.some(start..end).map(message).collect()
    }
}

/// Makes JSON objects of rows.
#[pyclass(frozen, module = "streamreg._core")]
pub struct JsonRows(core::JsonRows);

#[pymethods]
impl JsonRows {
    #[new]
    fn new(columns: Vec<(String, String)>) -> PyResult<Self> {
        let columns = columns
            .iter()
            .map(|(name, kind)| Ok((name.as_str(), kind_of(kind)?)))
            .collect::<PyResult<Vec<_>>>()?;
        core::JsonRows::new(columns).map(Self).map_err(|error| to_py(&error))
    }

    fn write<'py>(
        &self,
        py: Python<'py>,
        rows: Vec<Option<PyBackedBytes>>,
    ) -> PyResult<Vec<Option<Bound<'py, PyBytes>>>> {
        let (text, ends) = py
            .detach(|| {
                let mut text = Vec::new();
                let mut ends = Vec::with_capacity(rows.len());
                for row in &rows {
                    if let Some(row) = row {
                        self.0.write(row, &mut text)?;
                    }
                    ends.push(text.len());
                }
                Ok((text, ends))
            })
            .map_err(|error: Error| to_py(&error))?;
        let mut start = 0;
        let object = |(row, end): (&Option<PyBackedBytes>, usize)| {
            let object = row.as_ref().map(|_| PyBytes::new(py, &text[start..end]));
            start = end;
            object
        };
        Ok(rows.iter().zip(ends).map(object).collect())
    }
}

fn kind_of(name: &str) -> PyResult<Kind> {
    match name {
        "number" => Ok(Kind::Number),
        "bool" => Ok(Kind::Bool),
        "text" => Ok(Kind::Text),
        _ => Err(PyValueError::new_err(format!("no kind of JSON's values: {name}"))),
    }
}
