//! Reduce: the least or the greatest number of a column.

use std::cmp::Ordering;

use super::other_kind;
use crate::accumulate::{Accumulator, OnlyAdded, Sign};
use crate::column::{NumberType, Numbers};
use crate::decimal::Decimal;
use crate::error::Error;
use crate::exact::sum::{combine_counts, signed_add};
use crate::wire::{Reader, Writer, corrupt};

/// A number of a column.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    Float(f64),
    /// Or microseconds.
    Int(i64),
    Decimal(Decimal),
}

/// The extreme of the finite numbers seen. -0.0 counts as less than 0.0, so that the result has the same bits in
/// any order. It forgets the other numbers, so that none can be taken away again.
#[derive(Clone, Debug)]
pub(crate) struct Extreme {
    /// What a better number is compared with the best so far.
    better: Ordering,
    /// The type of the column.
    kind: NumberType,
    value: Option<Value>,
    excluded: i64,
}

impl Extreme {
    /// Nothing seen of a column of this type; `better` is `Less` for a minimum, `Greater` for a maximum.
    pub(super) fn new(better: Ordering, kind: NumberType) -> Self {
        Self { better, kind, value: None, excluded: 0 }
    }

    pub(super) fn value(&self) -> Option<Value> {
        self.value
    }

    /// The type of the column.
    pub(super) fn kind(&self) -> NumberType {
        self.kind
    }

    fn offer(&mut self, value: Option<Value>) {
        self.value = match (self.value, value) {
            (Some(Value::Float(old)), Some(Value::Float(new))) => {
                best([old, new].into_iter(), self.better, f64::total_cmp).map(Value::Float)
            }
            (Some(Value::Int(old)), Some(Value::Int(new))) => {
                best([old, new].into_iter(), self.better, i64::cmp).map(Value::Int)
            }
            (Some(Value::Decimal(old)), Some(Value::Decimal(new))) => {
                best([old, new].into_iter(), self.better, Decimal::cmp).map(Value::Decimal)
            }
            (old, new) => old.or(new),
        };
    }
}

impl Accumulator for Extreme {
    type Batch<'a> = Numbers<'a>;
    type Workspace = ();
    type Direction = OnlyAdded;

    fn check_batch(&self, batch: Numbers<'_>, direction: OnlyAdded) -> Result<(), Error> {
        if batch.number_type() != self.kind {
            return Err(Error::Columns(format!(
                "an extreme of {:?}, not {:?}",
                self.kind,
                batch.number_type()
            )));
        }
        self.check_rows(batch.len(), direction)
    }

    fn check_rows(&self, rows: usize, _: OnlyAdded) -> Result<(), Error> {
        signed_add(self.excluded, rows, Sign::Added).map(|_| ())
    }

    fn check_other(&self, other: &Self, _: OnlyAdded) -> Result<(), Error> {
        if (self.better, self.kind) != (other.better, other.kind) {
            return Err(other_kind());
        }
        combine_counts(self.excluded, other.excluded, Sign::Added).map(|_| ())
    }

    fn put_checked(&mut self, (): &mut (), batch: Numbers<'_>, _: OnlyAdded) {
        let best = match batch {
            Numbers::Float(values) => {
                let finite = values.iter().copied().filter(|value| value.is_finite());
                let mut count = 0;
                let best = best(finite.inspect(|_| count += 1), self.better, f64::total_cmp);
                let excluded = i64::try_from(values.len() - count).unwrap_or(i64::MAX);
                self.excluded = Sign::Added.count(self.excluded, excluded);
                best.map(Value::Float)
            }
            Numbers::Int(values) | Numbers::Time(_, values) => {
                best(values.iter().copied(), self.better, i64::cmp).map(Value::Int)
            }
            Numbers::Decimal(values) => best(values.iter(), self.better, Decimal::cmp).map(Value::Decimal),
        };
        self.offer(best);
    }

    fn combine_checked(&mut self, other: &Self, _: OnlyAdded) {
        self.excluded = Sign::Added.count(self.excluded, other.excluded);
        self.offer(other.value);
    }

    fn clear(&mut self) {
        *self = Self::new(self.better, self.kind);
    }

    fn excluded(&self) -> i128 {
        self.excluded.into()
    }

    fn limbs(&self) -> usize {
        0
    }

    fn write(&self, writer: &mut Writer) {
        writer.signed(self.excluded);
        match self.value {
            None => writer.byte(0),
            Some(Value::Float(value)) => {
                writer.byte(1);
                writer.word(value.to_bits());
            }
            Some(Value::Int(value)) => {
                writer.byte(2);
                writer.word(value.cast_unsigned());
            }
            Some(Value::Decimal(value)) => {
                writer.byte(3);
                for word in value.to_words() {
                    writer.word(word.cast_unsigned());
                }
            }
        }
    }

    fn read_into(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        self.excluded = reader.signed()?;
        self.value = match (reader.byte()?, self.kind) {
            (0, _) => None,
            (1, NumberType::Float) => {
                let value = f64::from_bits(reader.word()?);
                if !value.is_finite() {
                    return Err(corrupt("an extreme is no number"));
                }
                Some(Value::Float(value))
            }
            (2, NumberType::Int) => Some(Value::Int(reader.word()?.cast_signed())),
            (2, NumberType::Time(time)) => {
                let micros = Some(reader.word()?.cast_signed()).filter(|micros| time.holds(*micros));
                Some(Value::Int(micros.ok_or_else(|| corrupt("an extreme is no time"))?))
            }
            (3, NumberType::Decimal) => {
                let words = [reader.word()?, reader.word()?, reader.word()?].map(u64::cast_signed);
                let decimal =
                    Decimal::from_words(words).ok_or_else(|| corrupt("an extreme is no decimal"))?;
                Some(Value::Decimal(decimal))
            }
            _ => return Err(corrupt("an extreme of another type")),
        };
        if self.excluded < 0 || (self.kind != NumberType::Float && self.excluded != 0) {
            return Err(corrupt("an impossible count of excluded rows"));
        }
        Ok(())
    }
}

fn best<T: Copy>(
    values: impl Iterator<Item = T>,
    better: Ordering,
    compare: impl Fn(&T, &T) -> Ordering,
) -> Option<T> {
    values.reduce(|best, value| if compare(&value, &best) == better { value } else { best })
}
