//! What Python sees alike of every exact state, written once.

/// The methods of a state that its own bytes say all of: a class around a [`Guarded`](crate::guarded::Guarded) core
/// type that is [`Versioned`](streamreg_core::wire::Versioned) and a [`Group`](streamreg_core::accumulate::Group).
macro_rules! accumulator {
    ($name:ident, $core:ty) => {
        #[pymethods]
        impl $name {
            #[staticmethod]
            fn from_bytes(py: Python<'_>, state: &[u8]) -> PyResult<Self> {
                let read = py.detach(|| <$core as streamreg_core::wire::Versioned>::from_bytes(state));
                read.map(Self::of).map_err(|error| crate::errors::to_py(&error))
            }

            fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, pyo3::types::PyBytes>> {
                let bytes = self.0.with(py, |own| streamreg_core::wire::Versioned::to_bytes(own))?;
                Ok(pyo3::types::PyBytes::new(py, &bytes))
            }

            fn __copy__(&self, py: Python<'_>) -> PyResult<Self> {
                self.0.copy(py).map(Self::of)
            }

            fn __reduce__<'py>(
                slf: &Bound<'py, Self>,
            ) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, pyo3::types::PyBytes>,))> {
                let py = slf.py();
                Ok((slf.get_type().getattr("from_bytes")?, (slf.get().to_bytes(py)?,)))
            }

            #[getter]
            fn n(&self, py: Python<'_>) -> PyResult<i128> {
                self.0.with(py, |own| own.n().into())
            }

            #[getter]
            fn excluded(&self, py: Python<'_>) -> PyResult<i128> {
                self.0.with(py, |own| streamreg_core::accumulate::Accumulator::excluded(own))
            }

            // Of the other a copy: it may be the same object, or be merged with this one at the same time.
            fn merge(&self, py: Python<'_>, other: &Self) -> PyResult<()> {
                let other = other.0.copy(py)?;
                self.0.run(py, |own| streamreg_core::accumulate::Accumulator::merge(own, &other))
            }

            fn subtract(&self, py: Python<'_>, other: &Self) -> PyResult<()> {
                let other = other.0.copy(py)?;
                self.0.run(py, |own| streamreg_core::accumulate::Group::subtract(own, &other))
            }
        }

        impl $name {
            /// A state that nobody else has.
            pub fn of(own: $core) -> Self {
                Self(crate::guarded::Guarded::new(own))
            }
        }
    };
}

/// The methods of a reduction, with keys or without, which states of the same shape are merged into as bytes.
macro_rules! reduction {
    ($name:ident) => {
        #[pymethods]
        impl $name {
            fn merge(&self, py: Python<'_>, state: &[u8]) -> PyResult<()> {
                self.0.run(py, |own| own.merge(state))
            }

            fn subtract(&self, py: Python<'_>, state: &[u8]) -> PyResult<()> {
                self.0.run(py, |own| own.subtract(state))
            }

            fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, pyo3::types::PyBytes>> {
                Ok(pyo3::types::PyBytes::new(py, &self.0.with(py, |own| own.to_bytes())?))
            }

            fn excluded(&self, py: Python<'_>) -> PyResult<Vec<i128>> {
                self.0.with(py, |own| own.excluded().to_vec())
            }
        }
    };
}

pub(crate) use {accumulator, reduction};
