//! Decode, protobuf: a value as it is written becomes an entry of a column.

use super::wire::{Wire, Written, malformed};
use crate::decimal::Decimal;
use crate::decode::columns::Column;
use crate::decode::reject::{Fault, RejectKind};
use crate::decode::times::{counted, refused};
use crate::decode::varint::unzigzag;
use crate::decode::{DatetimeText, Item, TimedeltaText, number};
use crate::time::TimeType;
use std::collections::BTreeMap;

/// How a field is written that a column can hold; which go together says [`super::fit`].
#[derive(Clone, Debug)]
pub(super) enum Read {
    Number(Scalar),
    /// Text or bytes.
    Run,
    /// An enum's number, for the name that it has.
    Symbol(BTreeMap<i32, String>),
    /// `google.protobuf.Timestamp` or `google.protobuf.Duration`.
    Time,
}

/// How a number or a truth value is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scalar {
    Double,
    Float,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Bool,
}

/// What a message has for a column.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot<'a> {
    Nothing,
    Whole(i128),
    Real(f64),
    Run(&'a [u8]),
    /// Seconds and nanoseconds.
    Time(i64, i32),
}

impl Read {
    /// What a field says; None if it is written as none of its type.
    #[inline]
    pub(super) fn slot<'a>(&self, written: Written<'a>, before: Slot<'a>) -> Result<Option<Slot<'a>>, Fault> {
        Ok(match (self, written) {
            (Self::Number(scalar), written) => scalar.slot(written),
            (Self::Symbol(_), Written::Varint(bits)) => Some(Slot::Whole(low(bits).into())),
            (Self::Run, Written::Bytes(run)) => Some(Slot::Run(run)),
            (Self::Time, Written::Bytes(body)) => Some(time(Wire(body), before)?),
            _ => None,
        })
    }

    /// What a field without presence stands for where it is not written.
    pub(super) fn zero<'a>(&self) -> Slot<'a> {
        match self {
            Self::Number(Scalar::Double | Scalar::Float) => Slot::Real(0.0),
            Self::Number(_) | Self::Symbol(_) => Slot::Whole(0),
            Self::Run => Slot::Run(b""),
            Self::Time => Slot::Time(0, 0),
        }
    }
}

impl Scalar {
    #[inline]
    fn slot<'a>(self, written: Written<'_>) -> Option<Slot<'a>> {
        Some(match (self, written) {
            (Self::Double, Written::Fixed64(bits)) => Slot::Real(f64::from_bits(bits)),
            (Self::Float, Written::Fixed32(bits)) => Slot::Real(f32::from_bits(bits).into()),
            (Self::Int32, Written::Varint(bits)) => Slot::Whole(low(bits).into()),
            (Self::Int64, Written::Varint(bits)) | (Self::Sfixed64, Written::Fixed64(bits)) => {
                Slot::Whole(bits.cast_signed().into())
            }
            (Self::Uint32, Written::Varint(bits)) => Slot::Whole(low(bits).cast_unsigned().into()),
            (Self::Uint64, Written::Varint(bits)) | (Self::Fixed64, Written::Fixed64(bits)) => {
                Slot::Whole(bits.into())
            }
            (Self::Sint32, Written::Varint(bits)) => {
                Slot::Whole(unzigzag(low(bits).cast_unsigned().into()).into())
            }
            (Self::Sint64, Written::Varint(bits)) => Slot::Whole(unzigzag(bits).into()),
            (Self::Fixed32, Written::Fixed32(bits)) => Slot::Whole(bits.into()),
            (Self::Sfixed32, Written::Fixed32(bits)) => Slot::Whole(bits.cast_signed().into()),
            (Self::Bool, Written::Varint(bits)) => Slot::Whole((bits != 0).into()),
            _ => return None,
        })
    }
}

/// The low 32 bits: what the language takes of a number that is longer.
#[inline]
fn low(bits: u64) -> i32 {
    let [a, b, c, d, ..] = bits.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

/// Seconds and nanoseconds; where they are written in parts, the parts are put together.
fn time<'a>(mut wire: Wire<'_>, before: Slot<'_>) -> Result<Slot<'a>, Fault> {
    let (mut seconds, mut nanos) =
        if let Slot::Time(seconds, nanos) = before { (seconds, nanos) } else { (0, 0) };
    while !wire.is_empty() {
        match wire.field()? {
            (1, Written::Varint(bits)) => seconds = bits.cast_signed(),
            (2, Written::Varint(bits)) => nanos = low(bits),
            (1 | 2, _) => return Err(malformed("a time whose seconds or nanoseconds are no numbers")),
            _ => {}
        }
    }
    Ok(Slot::Time(seconds, nanos))
}

/// Appends what a message has.
#[inline]
pub(super) fn push(column: &mut Column, read: &Read, slot: Slot<'_>) -> Result<(), Fault> {
    match (column, slot) {
        (Column::Float(values), Slot::Real(value)) => values.push(number::finite(value)?),
        #[allow(clippy::cast_precision_loss, reason = "the nearest double, as of any number")]
        (Column::Float(values), Slot::Whole(value)) => values.push(value as f64),
        (Column::Int(values), Slot::Whole(value)) => values.push(long(value)?),
        (Column::Decimal(values), Slot::Whole(value)) => {
            // 64 bits are fewer than 34 digits.
            values.push(Decimal::new(value, 0).unwrap_or_default().to_words());
        }
        (Column::Decimal(values), Slot::Run(text)) => values.push(number::decimal(text)?.to_words()),
        (Column::Bool(values), Slot::Whole(value)) => values.push(value != 0),
        (Column::Text(text), Slot::Run(run)) => Column::push_item(text, Item::Bytes(run))?,
        (Column::Text(text), Slot::Whole(value)) => {
            let Read::Symbol(names) = read else { return Err(malformed("a number where text belongs")) };
            let name = i32::try_from(value).ok().and_then(|value| names.get(&value));
            let why = || Fault::with(RejectKind::WRONG_TYPE, format!("the enum has no value {value}"));
            Column::push_item(text, Item::Str(name.ok_or_else(why)?))?;
        }
        (Column::Datetime(values, DatetimeText::Epoch(unit)), Slot::Whole(value)) => {
            values.push(counted(long(value)?, *unit, TimeType::Datetime)?);
        }
        (Column::Datetime(values, text), Slot::Run(run)) => values.push(text.read(run)?),
        (Column::Datetime(values, _), Slot::Time(seconds, nanos)) => {
            values.push(stamped(seconds, nanos, TimeType::Datetime)?);
        }
        (Column::Timedelta(values, TimedeltaText::Number(unit)), Slot::Whole(value)) => {
            values.push(counted(long(value)?, *unit, TimeType::Timedelta)?);
        }
        (Column::Timedelta(values, text), Slot::Run(run)) => values.push(text.read(run)?),
        (Column::Timedelta(values, _), Slot::Time(seconds, nanos)) => {
            values.push(stamped(seconds, nanos, TimeType::Timedelta)?);
        }
        // The plan has no others.
        (_, slot) => return Err(malformed(&format!("a column cannot hold {slot:?}"))),
    }
    Ok(())
}

#[inline]
fn long(value: i128) -> Result<i64, Fault> {
    i64::try_from(value).map_err(|_| Fault::with(RejectKind::INTEGER_OVERFLOW, value.to_string()))
}

/// The microseconds of seconds and nanoseconds. Those of a duration have one sign; a point in time counts up.
fn stamped(seconds: i64, nanos: i32, kind: TimeType) -> Result<i64, Fault> {
    let fits = match kind {
        TimeType::Datetime => nanos >= 0,
        TimeType::Timedelta => nanos == 0 || seconds == 0 || (seconds < 0) == (nanos < 0),
    };
    if !fits || nanos.unsigned_abs() > 999_999_999 {
        return Err(malformed(&format!("a time of {seconds} seconds and {nanos} nanoseconds")));
    }
    kind.of_nanos(i128::from(seconds) * 1_000_000_000 + i128::from(nanos))
        .map_err(|why| refused(format!("{seconds}.{nanos:09} s").as_bytes(), kind, why))
}
