//! What the tests, the benchmark and the fuzz targets share: a writer of batches, and reading a log to its end.

#![allow(dead_code, reason = "each uses its part of this")]
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "batches of tests are small")]

pub mod pack;
pub mod read;
pub mod write;
