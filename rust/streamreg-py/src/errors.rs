//! The one conversion of the core's errors to Python's.

use pyo3::PyErr;
use pyo3::exceptions::{PyOverflowError, PyValueError};
use streamreg_core::error::Error;

/// An error of the core as the Python exception that it stands for.
pub fn to_py(error: &Error) -> PyErr {
    let text = error.to_string();
    match error {
        Error::Overflow(_) => PyOverflowError::new_err(text),
        Error::Corrupt(_) | Error::Version { .. } | Error::Mismatch(_) | Error::Invalid(_) => {
            PyValueError::new_err(text)
        }
    }
}
