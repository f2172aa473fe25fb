//! Reduce: the value of a statistic of a reduction.

use num_bigint::BigInt;

/// The value of a statistic.
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
