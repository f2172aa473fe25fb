//! Stage: moments.
