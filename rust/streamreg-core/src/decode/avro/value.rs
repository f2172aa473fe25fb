//! Decode, avro: a value as it is written becomes an entry of a column.

use super::bytes::{Bytes, malformed};
use super::great;
use super::schema::Logical;
use crate::decimal::{Decimal, MOST_DIGITS};
use crate::decode::columns::Column;
use crate::decode::reject::{Fault, RejectKind};
use crate::decode::times::{counted, late};
use crate::decode::{DatetimeText, Item, TimedeltaText, number};
use crate::time::{self, NotTime, TimeType};

/// How a value is written that a column can hold; which go together says [`super::fit`].
#[derive(Clone, Debug)]
pub(super) enum Read {
    Boolean,
    /// An int or a long, which has fewer bits for an int.
    Whole(Width),
    Float,
    Double,
    /// Text in a length and UTF-8, or bytes.
    Run,
    Fixed(usize),
    Symbol(Vec<String>),
    /// A decimal of this scale: in so many bytes, or in a length and those.
    Decimal(i32, Option<usize>),
    /// A number that counts time, as its logical type says.
    Time(Width, Logical),
    /// A number that counts what the column says.
    Counted(Width),
    Uuid,
}

/// Most bits of a whole number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Width {
    Int,
    Long,
}

impl Width {
    #[inline]
    fn read(self, bytes: &mut Bytes<'_>) -> Result<i64, Fault> {
        match self {
            Self::Int => bytes.int().map(i64::from),
            Self::Long => bytes.long(),
        }
    }
}

/// Appends a value.
#[inline]
pub(super) fn push(column: &mut Column, read: &Read, bytes: &mut Bytes<'_>) -> Result<(), Fault> {
    match (column, read) {
        (Column::Float(values), Read::Double) => values.push(number::finite(bytes.double()?)?),
        (Column::Float(values), Read::Float) => values.push(number::finite(bytes.float()?.into())?),
        (Column::Float(values), Read::Whole(width)) => {
            #[allow(clippy::cast_precision_loss, reason = "the nearest double, as of any number")]
            values.push(width.read(bytes)? as f64);
        }
        (Column::Float(values), Read::Decimal(scale, size)) => {
            values.push(decimal(bytes, *scale, *size)?.to_double());
        }
        (Column::Int(values), Read::Whole(width)) => values.push(width.read(bytes)?),
        (Column::Bool(values), Read::Boolean) => values.push(bytes.boolean()?),
        (Column::Decimal(values), Read::Decimal(scale, size)) => {
            values.push(decimal(bytes, *scale, *size)?.to_words());
        }
        (Column::Decimal(values), Read::Whole(width)) => {
            // 64 bits are fewer than 34 digits.
            values.push(Decimal::new(width.read(bytes)?.into(), 0).unwrap_or_default().to_words());
        }
        (Column::Decimal(values), Read::Run) => values.push(number::decimal(bytes.run()?)?.to_words()),
        (Column::Text(text), Read::Run) => Column::push_item(text, Item::Bytes(bytes.run()?))?,
        (Column::Text(text), Read::Fixed(size)) => Column::push_item(text, Item::Bytes(bytes.take(*size)?))?,
        (Column::Text(text), Read::Symbol(symbols)) => {
            let symbol = bytes.choice(symbols.len())?;
            Column::push_item(text, Item::Str(&symbols[symbol]))?;
        }
        (Column::Text(text), Read::Uuid) => Column::push_item(text, Item::Str(&uuid(bytes.array()?)))?,
        (Column::Datetime(values, text), Read::Time(width, logical)) => {
            let count = width.read(bytes)?;
            values.push(datetime(count, *logical, text).map_err(|why| late(count, TimeType::Datetime, why))?);
        }
        (Column::Datetime(values, DatetimeText::Epoch(unit)), Read::Counted(width)) => {
            values.push(counted(width.read(bytes)?, *unit, TimeType::Datetime)?);
        }
        (Column::Datetime(values, text), Read::Run) => values.push(text.read(bytes.run()?)?),
        (Column::Timedelta(values, _), Read::Time(width, Logical::Time(unit))) => {
            values.push(counted(width.read(bytes)?, *unit, TimeType::Timedelta)?);
        }
        (Column::Timedelta(values, TimedeltaText::Number(unit)), Read::Counted(width)) => {
            values.push(counted(width.read(bytes)?, *unit, TimeType::Timedelta)?);
        }
        (Column::Timedelta(values, text), Read::Run) => values.push(text.read(bytes.run()?)?),
        // The plan has no others.
        (_, read) => return Err(malformed(&format!("a column cannot hold {read:?}"))),
    }
    Ok(())
}

/// A decimal: an integer in two's complement, the high byte first.
fn decimal(bytes: &mut Bytes<'_>, scale: i32, size: Option<usize>) -> Result<Decimal, Fault> {
    let digits = match size {
        Some(size) => bytes.take(size),
        None => bytes.run(),
    }?;
    let negative = digits.first().is_some_and(|byte| *byte >= 0x80);
    let filling = if negative { 0xff } else { 0 };
    let short = digits.iter().position(|byte| *byte != filling).map_or(&[][..], |at| &digits[at..]);
    let mut whole = [filling; 17];
    let number = whole.len().checked_sub(short.len()).and_then(|at| {
        whole[at..].copy_from_slice(short);
        let [_, rest @ ..] = whole;
        let number = i128::from_be_bytes(rest);
        // The bit that was cut off is the sign's.
        (whole[0] == filling && (number < 0) == negative).then_some(number)
    });
    let number = number.map_or_else(|| great::without_zeros(digits), |number| Some((number, 0)));
    number.and_then(|(number, zeros)| Decimal::new(number, zeros.checked_sub(scale)?)).ok_or_else(|| {
        let detail = format!("more than {MOST_DIGITS} significant digits, or an exponent beyond ±400");
        Fault::with(RejectKind::DECIMAL_RANGE, detail)
    })
}

fn datetime(count: i64, logical: Logical, text: &mut DatetimeText) -> Result<i64, NotTime> {
    let (micros, local) = match logical {
        Logical::Date => (i128::from(count) * 86_400_000_000, true),
        Logical::Timestamp(unit) => (unit.whole_micros(count)?, false),
        Logical::LocalTimestamp(unit) => (unit.whole_micros(count)?, true),
        Logical::Time(_) | Logical::Decimal(_) | Logical::Uuid => {
            return Err(NotTime::Invalid("no point in time"));
        }
    };
    let micros = TimeType::Datetime.checked(micros)?;
    match text {
        DatetimeText::Local(zone) if local => time::of_local(micros, zone),
        _ => Ok(micros),
    }
}

fn uuid(bytes: [u8; 16]) -> String {
    let digits = format!("{:032x}", u128::from_be_bytes(bytes));
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    parts.join("-")
}
