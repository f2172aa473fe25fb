//! Decimals, from text and back.

use crate::arrays::DecimalArray;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use streamreg_core::decimal::Decimal;

/// An array of three columns.
type Words<'py> = Bound<'py, PyArray2<i64>>;

/// A decimal as an object of Python.
pub fn to_py<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    class(py)?.call1((text,))
}

/// The text of an object that is a `decimal.Decimal`.
pub fn text(value: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    if value.is_instance(class(value.py())?)? { value.str()?.extract().map(Some) } else { Ok(None) }
}

fn class(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, "decimal", "Decimal")
}

/// The words of decimals as an array of three columns.
pub fn array(py: Python<'_>, words: Vec<[i64; 3]>) -> PyResult<Words<'_>> {
    let rows = words.len();
    words.into_flattened().into_pyarray(py).reshape([rows, 3])
}

/// Texts as decimals, 0 for what is none, and which are none.
#[pyfunction]
pub fn decimals(py: Python<'_>, texts: Vec<String>) -> PyResult<(Words<'_>, Bound<'_, PyArray1<bool>>)> {
    let parsed: Vec<_> = texts.iter().map(|text| Decimal::parse(text.as_bytes())).collect();
    let none = parsed.iter().map(Result::is_err).collect::<Vec<_>>().into_pyarray(py);
    let words = parsed.into_iter().map(|decimal| decimal.unwrap_or_default().to_words()).collect();
    Ok((array(py, words)?, none))
}

/// Decimals as objects of Python.
#[pyfunction]
pub fn decimal_objects<'py>(py: Python<'py>, words: DecimalArray<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let class = class(py)?;
    words.decimals()?.iter().map(|decimal| class.call1((decimal.to_string(),))).collect()
}

/// The nearest doubles of decimals.
#[pyfunction]
pub fn nearest_doubles<'py>(
    py: Python<'py>,
    words: DecimalArray<'py>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let decimals = words.decimals()?;
    Ok(py.detach(|| decimals.iter().map(Decimal::to_double).collect::<Vec<_>>()).into_pyarray(py))
}
