//! Objects that threads of Python share: each call has its turn.

use std::sync::Mutex;

use pyo3::prelude::*;
use streamreg_core::error::Error;

use crate::errors::{StreamregError, to_py};

/// An object of the core that one call at a time looks at or changes.
///
/// Whoever waits for it, or works on it, has released the GIL, and asks for nothing else before it is given back: so no
/// two calls can wait for each other, also where two objects are merged into each other. Where two objects are looked at
/// together, the one that comes first in memory is waited for first, whoever asks.
pub struct Guarded<T>(Mutex<T>);

impl<T> Guarded<T> {
    pub fn new(own: T) -> Self {
        Self(Mutex::new(own))
    }
}

impl<T: Send> Guarded<T> {
    /// Works on the object when its turn has come.
    pub fn with<R: Send>(&self, py: Python<'_>, work: impl FnOnce(&mut T) -> R + Send) -> PyResult<R> {
        py.detach(|| self.0.lock().map(|mut own| work(&mut own)).ok()).ok_or_else(half_changed)
    }

    /// Looks at the object and another one; `None` if they are the same.
    pub fn beside<R: Send>(
        &self,
        py: Python<'_>,
        other: &Self,
        look: impl FnOnce(&T, &T) -> R + Send,
    ) -> PyResult<Option<R>> {
        let places = [self, other].map(|one| std::ptr::from_ref(one).addr());
        if places[0] == places[1] {
            return Ok(None);
        }
        let found = py.detach(|| {
            if places[0] < places[1] {
                let own = self.0.lock().ok()?;
                let other = other.0.lock().ok()?;
                Some(look(&own, &other))
            } else {
                let other = other.0.lock().ok()?;
                let own = self.0.lock().ok()?;
                Some(look(&own, &other))
            }
        });
        found.map(Some).ok_or_else(half_changed)
    }

    /// The same, of work that may fail.
    pub fn run<R: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut T) -> Result<R, Error> + Send,
    ) -> PyResult<R> {
        self.with(py, work)?.map_err(|error| to_py(&error))
    }
}

fn half_changed() -> PyErr {
    StreamregError::new_err(
        "a call before this one ended in a bug of streamreg, and may have left this object half changed: \
         make a new one",
    )
}

impl<T: Clone + Send> Guarded<T> {
    /// The object as it is now.
    pub fn copy(&self, py: Python<'_>) -> PyResult<T> {
        self.with(py, |own| own.clone())
    }
}
