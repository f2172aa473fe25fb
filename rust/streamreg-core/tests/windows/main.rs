//! Windows: which rows they hold, when their results are given and when they are closed, against rational numbers.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod bytes;
mod checkpoint;
mod grid;
mod row_times;
mod scores;
mod stream;
#[path = "../support/mod.rs"]
mod support;
