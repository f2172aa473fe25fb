//! The one error type of the core.

use std::fmt;

/// What can go wrong in the core; each message says what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Bytes that are no state of this library, or a damaged one.
    Corrupt(String),
    /// A state written by a version of the format that this library does not know.
    Version {
        /// The version found in the bytes.
        found: u8,
        /// The newest version that is understood.
        known: u8,
    },
    /// States that cannot be put together: of other columns, aggregates, features, labels.
    Mismatch(String),
    /// Columns that are not those which a call takes: their number, types or lengths.
    Columns(String),
    /// A count or a sum beyond what the state can hold.
    Overflow(String),
    /// An argument that makes no sense.
    Invalid(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Corrupt(what) => write!(f, "corrupt state: {what}"),
            Self::Version { found, known } => write!(
                f,
                "state of format version {found}, but this streamreg knows versions up to {known}: install a newer one"
            ),
            Self::Mismatch(what) | Self::Columns(what) | Self::Overflow(what) | Self::Invalid(what) => {
                f.write_str(what)
            }
        }
    }
}

impl std::error::Error for Error {}
