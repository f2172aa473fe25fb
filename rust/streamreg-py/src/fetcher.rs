//! The native reader of Kafka.

use crate::fetched::FetchedMessages;
use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use streamreg_kafka::settings::{NotKnown, Settings};
use streamreg_kafka::{Reader, Room, Span, Topics, obstacle};

create_exception!(streamreg._core, HandOverError, PyException);

/// Names and values of settings.
type Given = Vec<(String, String)>;

fn settings(given: &Given) -> Result<Settings, NotKnown> {
    Settings::of(given.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// Why the native reader cannot read with these settings.
#[pyfunction]
pub fn unknown_to_fetcher(settings: Given) -> Option<String> {
    match self::settings(&settings) {
        Ok(settings) => obstacle(&settings),
        Err(why) => Some(why.to_string()),
    }
}

/// What one read has brought.
#[pyclass(frozen, get_all, module = "streamreg._core")]
pub struct FetchedBatch {
    messages: Py<FetchedMessages>,
    progress: BTreeMap<i32, (i64, i64)>,
    leader_epochs: BTreeMap<i32, i32>,
}

#[pyclass(frozen, module = "streamreg._core")]
pub struct KafkaFetcher(Mutex<Reader>);

impl KafkaFetcher {
    fn reader(&self) -> MutexGuard<'_, Reader> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Name, id, and the numbers of the partitions.
type Topic = (String, Option<[u8; 16]>, BTreeMap<i32, i32>);

/// The number of a partition, first offset, end, and the leader epoch of the message before.
type Range = (i32, i64, Option<i64>, Option<i32>);

#[pymethods]
impl KafkaFetcher {
    #[new]
    fn new(settings: Given, topics: Vec<Topic>, ranges: Vec<Range>) -> PyResult<Self> {
        let settings = self::settings(&settings).map_err(|why| PyValueError::new_err(why.to_string()))?;
        let span = |(partition, start, end, leader_epoch)| Span { partition, start, end, leader_epoch };
        let spans: Vec<_> = ranges.into_iter().map(span).collect();
        Ok(Self(Mutex::new(Reader::new(settings, Topics::of(topics), &spans))))
    }

    fn read(
        &self,
        py: Python<'_>,
        timeout: f64,
        messages: usize,
        size: usize,
    ) -> PyResult<Option<FetchedBatch>> {
        let timeout =
            Duration::try_from_secs_f64(timeout).map_err(|error| PyValueError::new_err(error.to_string()))?;
        let room = Room { messages, bytes: size };
        let batch = py
            .detach(|| self.reader().read(timeout, room))
            .map_err(|why| HandOverError::new_err(why.to_string()))?;
        let Some(batch) = batch else { return Ok(None) };
        Ok(Some(FetchedBatch {
            messages: Py::new(py, FetchedMessages::of(batch.messages))?,
            progress: batch
                .progress
                .into_iter()
                .map(|(partition, from, to)| (partition, (from, to)))
                .collect(),
            leader_epochs: batch.leader_epochs.into_iter().collect(),
        }))
    }

    fn heard(&self, py: Python<'_>) -> u64 {
        py.detach(|| self.reader().heard())
    }

    fn log_ends(&self, py: Python<'_>) -> BTreeMap<i32, i64> {
        py.detach(|| self.reader().log_ends().clone())
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| self.reader().close());
    }
}
