//! Stage: changelog.
