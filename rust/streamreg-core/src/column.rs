//! Columns of numbers as the accumulating stages read them: borrowed, of one batch.

use std::ops::Range;

use crate::decimal::Decimal;
use crate::error::Error;
use crate::time::{self, TimeType};

/// Most features of one model.
pub const MOST_FEATURES: usize = 64;

/// A column of one batch: finite or not, the accumulators decide what to do with a value that is no number.
#[derive(Clone, Copy, Debug)]
pub enum Numbers<'a> {
    /// Doubles.
    Float(&'a [f64]),
    /// 64-bit integers, taken exactly (not through a double).
    Int(&'a [i64]),
    /// Decimals.
    Decimal(Decimals<'a>),
    /// Microseconds, which as numbers are seconds: the decimals `micros · 10^-6`.
    Time(TimeType, &'a [i64]),
}

impl Numbers<'_> {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Float(values) => values.len(),
            Self::Int(values) | Self::Time(_, values) => values.len(),
            Self::Decimal(values) => values.0.len(),
        }
    }

    /// Whether the column has no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type of its numbers.
    #[must_use]
    pub fn number_type(&self) -> NumberType {
        match self {
            Self::Float(_) => NumberType::Float,
            Self::Int(_) => NumberType::Int,
            Self::Decimal(_) => NumberType::Decimal,
            Self::Time(kind, _) => NumberType::Time(*kind),
        }
    }

    /// The double nearest to the number of a row; `None` if that is NaN or an infinity.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn nearest(&self, row: usize) -> Option<f64> {
        match self {
            Self::Float(values) => Some(values[row]).filter(|value| value.is_finite()),
            #[allow(clippy::cast_precision_loss, reason = "rounds to the nearest, as is said")]
            Self::Int(values) => Some(values[row] as f64),
            Self::Decimal(values) => Some(values.get(row).to_double()),
            Self::Time(_, values) => Some(time::to_seconds(values[row])),
        }
    }

    /// Some of its rows.
    ///
    /// # Panics
    /// If the range ends beyond the column.
    #[must_use]
    pub fn rows(&self, range: Range<usize>) -> Self {
        match self {
            Self::Float(values) => Self::Float(&values[range]),
            Self::Int(values) => Self::Int(&values[range]),
            Self::Decimal(values) => Self::Decimal(Decimals(&values.0[range])),
            Self::Time(kind, values) => Self::Time(*kind, &values[range]),
        }
    }
}

/// Some rows of a column, copied together.
#[derive(Debug)]
pub(crate) enum Picked {
    Float(Vec<f64>),
    Int(Vec<i64>),
    Decimal(Vec<[i64; 3]>),
    Time(TimeType, Vec<i64>),
}

impl Picked {
    /// These rows of a column, in their order.
    pub(crate) fn of(column: &Numbers<'_>, rows: &[u32]) -> Self {
        match column {
            Numbers::Float(values) => Self::Float(picked(values, rows)),
            Numbers::Int(values) => Self::Int(picked(values, rows)),
            Numbers::Decimal(values) => Self::Decimal(picked(values.0, rows)),
            Numbers::Time(kind, values) => Self::Time(*kind, picked(values, rows)),
        }
    }

    /// As a column.
    pub(crate) fn numbers(&self) -> Numbers<'_> {
        match self {
            Self::Float(values) => Numbers::Float(values),
            Self::Int(values) => Numbers::Int(values),
            Self::Decimal(words) => Numbers::Decimal(Decimals(words)),
            Self::Time(kind, values) => Numbers::Time(*kind, values),
        }
    }
}

fn picked<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
    rows.iter().map(|&row| values[row as usize]).collect()
}

/// A column of decimals, each as [three words](Decimal::to_words).
#[derive(Clone, Copy, Debug)]
pub struct Decimals<'a>(&'a [[i64; 3]]);

impl<'a> Decimals<'a> {
    /// Checks that these are the words of decimals.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a row is none.
    pub fn new(words: &'a [[i64; 3]]) -> Result<Self, Error> {
        match words.iter().position(|words| Decimal::from_words(*words).is_none()) {
            None => Ok(Self(words)),
            Some(row) => Err(Error::Invalid(format!("row {row} is no decimal: {:?}", words[row]))),
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the column has no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The decimal of a row.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn get(&self, row: usize) -> Decimal {
        Decimal::of_words(self.0[row])
    }

    /// The decimals of all rows.
    pub fn iter(&self) -> impl Iterator<Item = Decimal> + use<'a> {
        self.0.iter().map(|words| Decimal::of_words(*words))
    }
}

/// The type of a column of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberType {
    /// 64-bit IEEE 754 doubles.
    Float,
    /// 64-bit signed integers.
    Int,
    /// Decimals.
    Decimal,
    /// Microseconds, which are decimals of one exponent.
    Time(TimeType),
}

impl NumberType {
    /// Whether its numbers are multiples of powers of two, as moments take them.
    pub(crate) fn is_binary(self) -> bool {
        matches!(self, Self::Float | Self::Int)
    }

    /// The byte that stands for it in the bytes of states.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Float => 0,
            Self::Int => 1,
            Self::Decimal => 2,
            Self::Time(TimeType::Datetime) => 3,
            Self::Time(TimeType::Timedelta) => 4,
        }
    }

    /// The type that a byte stands for.
    pub(crate) fn of_code(code: u8) -> Option<Self> {
        let times = [TimeType::Datetime, TimeType::Timedelta].map(Self::Time);
        [Self::Float, Self::Int, Self::Decimal].into_iter().chain(times).find(|kind| kind.code() == code)
    }
}
