//! The one conversion of the core's errors to Python's.

use pyo3::PyErr;
use pyo3::exceptions::PyValueError;
use streamreg_core::error::Error;

pyo3::import_exception!(streamreg._exceptions, StreamregError);
pyo3::import_exception!(streamreg._exceptions, CorruptStateError);
pyo3::import_exception!(streamreg._exceptions, MismatchError);
pyo3::import_exception!(streamreg._exceptions, RangeError);

/// An error of the core as the Python exception that it stands for.
pub fn to_py(error: &Error) -> PyErr {
    let text = error.to_string();
    match error {
        Error::Corrupt(_) => CorruptStateError::new_err(text),
        Error::Version { .. } | Error::Mismatch(_) => MismatchError::new_err(text),
        Error::Overflow(_) => RangeError::new_err(text),
        Error::Columns(_) | Error::Invalid(_) => PyValueError::new_err(text),
    }
}
