//! Stage: exact.
