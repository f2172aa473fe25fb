//! Integers of any size, to Python and back.
//!
//! PyO3 converts those of another major version of `num-bigint`; bytes and digits serve as well.

use num_bigint::BigInt;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyInt};

/// The integer as a Python int.
pub fn to_py<'py>(py: Python<'py>, value: &BigInt) -> PyResult<Bound<'py, PyAny>> {
    let bytes = PyBytes::new(py, &value.to_signed_bytes_le());
    let signed = PyDict::new(py);
    signed.set_item(intern!(py, "signed"), true)?;
    py.get_type::<PyInt>().call_method(intern!(py, "from_bytes"), (bytes, "little"), Some(&signed))
}

/// A Python int as an integer.
pub fn from_py(value: &Bound<'_, PyAny>) -> PyResult<BigInt> {
    if let Ok(small) = value.extract::<i64>() {
        return Ok(small.into());
    }
    // Hexadecimal digits: Python limits the number of decimal ones.
    let digits: String = value.call_method1(intern!(value.py(), "__format__"), ("x",))?.extract()?;
    BigInt::parse_bytes(digits.as_bytes(), 16)
        .ok_or_else(|| PyValueError::new_err(format!("{digits} is no integer")))
}
