//! Sessions: which there are, and what each comes to, is a function of the topic alone.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod cases;
mod laws;
mod oracle;
#[path = "../support/mod.rs"]
mod support;
