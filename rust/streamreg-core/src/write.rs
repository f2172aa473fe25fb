//! Stage: write.
