//! The messages of a batch where the native reader has them.

use numpy::{IntoPyArray, PyArray1};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyIterator, PyList};
use std::collections::BTreeSet;
use std::sync::Arc;
use streamreg_core::decode::Value;
use streamreg_kafka::Messages;

/// Messages, of which some count as tombstones.
#[pyclass(frozen, module = "streamreg._core")]
pub struct FetchedMessages {
    messages: Arc<Messages>,
    without: BTreeSet<usize>,
}

impl FetchedMessages {
    pub fn of(messages: Messages) -> Self {
        Self { messages: Arc::new(messages), without: BTreeSet::new() }
    }

    /// The values of all messages.
    pub fn values(&self) -> Vec<Value<'_>> {
        let mut values: Vec<_> = self.messages.values().collect();
        for &index in &self.without {
            if let Some(value) = values.get_mut(index) {
                *value = None;
            }
        }
        values
    }

    fn checked(&self, index: isize) -> PyResult<usize> {
        let count = self.messages.len();
        let index = if index < 0 { index.checked_add_unsigned(count) } else { Some(index) };
        index
            .and_then(|index| usize::try_from(index).ok())
            .filter(|&index| index < count)
            .ok_or_else(|| PyIndexError::new_err("there is no such message"))
    }
}

/// Name and value.
type Header<'py> = (Bound<'py, PyBytes>, Option<Bound<'py, PyBytes>>);

#[pymethods]
impl FetchedMessages {
    fn __len__(&self) -> usize {
        self.messages.len()
    }

    /// The value of a message.
    fn __getitem__<'py>(&self, py: Python<'py>, index: isize) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let index = self.checked(index)?;
        let value = self.messages.value(index).filter(|_| !self.without.contains(&index));
        Ok(value.map(|value| PyBytes::new(py, value)))
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        let values = self.values().into_iter().map(|value| value.map(|value| PyBytes::new(py, value)));
        PyList::new(py, values.collect::<Vec<_>>())?.try_iter()
    }

    fn without(&self, indexes: Vec<usize>) -> Self {
        let without = self.without.iter().copied().chain(indexes).collect();
        Self { messages: Arc::clone(&self.messages), without }
    }

    fn partitions<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i32>> {
        self.messages.partitions().collect::<Vec<_>>().into_pyarray(py)
    }

    fn offsets<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        self.messages.offsets().collect::<Vec<_>>().into_pyarray(py)
    }

    fn location(&self, index: isize) -> PyResult<(i32, i64, Option<i64>)> {
        let index = self.checked(index)?;
        let messages = &self.messages;
        Ok((messages.partition(index), messages.offset(index), messages.timestamp(index)))
    }

    fn key<'py>(&self, py: Python<'py>, index: isize) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let index = self.checked(index)?;
        Ok(self.messages.key(index).map(|key| PyBytes::new(py, key)))
    }

    fn headers<'py>(&self, py: Python<'py>, index: isize) -> PyResult<Vec<Header<'py>>> {
        let index = self.checked(index)?;
        let bytes = |bytes: &[u8]| PyBytes::new(py, bytes);
        Ok(self
            .messages
            .headers(index)
            .into_iter()
            .map(|(name, value)| (bytes(name), value.map(bytes)))
            .collect())
    }
}
