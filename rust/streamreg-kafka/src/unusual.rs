//! Read, errors: what this reader does not deal with itself.

use std::error::Error;
use std::fmt;

/// Something in the log of a partition that is left to another client: it goes on there, or says it in its own words.
///
/// What was delivered before stays delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusual {
    /// Where it was met.
    pub partition: i32,
    /// The offset from which the log could not be read: of a batch or of a record in it.
    pub offset: i64,
    /// What was met, as part of a sentence.
    pub why: String,
}

impl fmt::Display for Unusual {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "partition {}, offset {}: {}", self.partition, self.offset, self.why)
    }
}

impl Error for Unusual {}
