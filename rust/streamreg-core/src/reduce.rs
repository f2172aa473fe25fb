//! Stage: reduce.
