//! What a class is called.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyString};
use streamreg_core::classes as core;

/// A label, from Python and back.
pub struct Label(pub core::Label);

impl<'a, 'py> FromPyObject<'a, 'py> for Label {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(if let Ok(value) = object.cast::<PyBool>() {
            core::Label::Bool(value.is_true())
        } else if object.is_instance_of::<PyInt>() {
            core::Label::Int(object.extract()?)
        } else if let Ok(value) = object.cast::<PyString>() {
            core::Label::Text(value.to_str()?.into())
        } else {
            return Err(PyTypeError::new_err("a label is a bool, an int or a str"));
        }))
    }
}

impl<'py> IntoPyObject<'py> for Label {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        Ok(match self.0 {
            core::Label::Bool(value) => PyBool::new(py, value).to_owned().into_any(),
            core::Label::Int(value) => value.into_pyobject(py)?.into_any(),
            core::Label::Text(value) => PyString::new(py, &value).into_any(),
        })
    }
}
