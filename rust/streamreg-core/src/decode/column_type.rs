//! Decode: what a column of the schema holds, and how it is written in the messages.

use super::times::{DatetimeText, TimedeltaText};
use crate::error::Error;
use crate::time::{Unit, Zone};

/// What a column of the schema holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// The double nearest to the number in the message; always finite.
    Float,
    /// A 64-bit signed integer.
    Int,
    /// A decimal number as written: see [`Decimal`](crate::decimal::Decimal).
    Decimal,
    /// True or false.
    Bool,
    /// Text, checked to be UTF-8.
    Str,
    /// Bytes: the value itself in [`raw`](super::raw) messages, base64 (standard alphabet, padded) in the text formats.
    Bytes,
    /// A point in time.
    Datetime(DatetimeText),
    /// A duration.
    Timedelta(TimedeltaText),
    /// Any of these, or nothing: an empty CSV field, JSON `null`, or no such member of a JSON object.
    Optional(Box<Self>),
}

/// What follows the type of a column whose values can be missing.
const OPTIONAL: &str = " | None";

impl ColumnType {
    /// The type that a text names: one word, which options may follow, as in `datetime tz=Europe/Berlin` and
    /// `timedelta unit=ms`; and at the end ` | None` if values can be missing.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no such type, option, time zone or unit.
    pub fn named(text: &str) -> Result<Self, Error> {
        match text.strip_suffix(OPTIONAL) {
            None => Self::present(text),
            Some(present) => Ok(Self::Optional(Box::new(Self::present(present)?))),
        }
    }

    /// The type of values that are there, as programs have it.
    pub(super) fn called(&self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Int => "int",
            Self::Decimal => "Decimal",
            Self::Bool => "bool",
            Self::Str => "str",
            Self::Bytes => "bytes",
            Self::Datetime(_) => "datetime",
            Self::Timedelta(_) => "timedelta",
            Self::Optional(present) => present.called(),
        }
    }

    /// The type of values that are there.
    fn present(text: &str) -> Result<Self, Error> {
        let (word, option) = match text.split_once(' ') {
            None => (text, None),
            Some((word, option)) => (word, Some(option)),
        };
        let plain = match word {
            "float" => Self::Float,
            "int" => Self::Int,
            "decimal" => Self::Decimal,
            "bool" => Self::Bool,
            "str" => Self::Str,
            "bytes" => Self::Bytes,
            "datetime" => Self::Datetime(DatetimeText::Offset),
            "timedelta" => Self::Timedelta(TimedeltaText::Iso),
            _ => return Err(Error::Invalid(format!("there is no column type {text:?}"))),
        };
        match option {
            None => Ok(plain),
            Some(option) => plain.with_option(option),
        }
    }

    fn with_option(self, option: &str) -> Result<Self, Error> {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match (self, name) {
            (Self::Datetime(_), "tz") => Zone::named(value)
                .map(|zone| Self::Datetime(DatetimeText::Local(zone)))
                .ok_or_else(|| Error::Invalid(format!("there is no time zone {value:?}"))),
            (Self::Datetime(_), "unit") => unit(value).map(|unit| Self::Datetime(DatetimeText::Epoch(unit))),
            (Self::Timedelta(_), "unit") => {
                unit(value).map(|unit| Self::Timedelta(TimedeltaText::Number(unit)))
            }
            _ => Err(Error::Invalid(format!("a column of its type has no option {name:?}"))),
        }
    }
}

fn unit(name: &str) -> Result<Unit, Error> {
    Unit::named(name).ok_or_else(|| {
        Error::Invalid(format!("there is no unit {name:?}: there are s, ms, us (or \u{b5}s) and ns"))
    })
}
