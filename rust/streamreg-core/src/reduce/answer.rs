//! Reduce: the value of a statistic of a reduction.

use crate::time::TimeType;
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
    /// A datetime or a timedelta, exact, in microseconds.
    Time(TimeType, i64),
    /// Not defined.
    Null,
}

impl Answer {
    /// So many microseconds; not defined where there is no such time.
    pub(super) fn of_micros(kind: TimeType, micros: &BigInt) -> Self {
        let found = i64::try_from(micros).ok().filter(|micros| kind.holds(*micros));
        found.map_or(Self::Null, |micros| Self::Time(kind, micros))
    }
}
