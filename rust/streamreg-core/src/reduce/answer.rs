//! Stage: reduce. What a statistic of a reduction comes to.

use num_bigint::BigInt;

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A number, rounded once.
    Float(f64),
    /// An integer, exact.
    Int(BigInt),
    /// A decimal, exact, as text.
    Decimal(String),
    /// Not defined.
    Null,
}
