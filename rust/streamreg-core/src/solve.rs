//! Stage: solve.
