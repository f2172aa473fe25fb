//! Stage: reduce. The least or the greatest number of a column.

use std::cmp::Ordering;

use crate::column::{NumberType, Numbers};
use crate::decimal::Decimal;
use crate::error::Error;
use crate::exact::sum::{combine_counts, signed_add};
use crate::wire::{Reader, Writer, corrupt};

/// A number of a column.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    Float(f64),
    Int(i64),
    Decimal(Decimal),
}

/// The extreme of the finite numbers seen. -0.0 counts as less than 0.0, so that the answer has the same bits in
/// any order.
#[derive(Clone, Debug)]
pub(super) struct Extreme {
    /// What a better number is compared with the best so far.
    better: Ordering,
    value: Option<Value>,
    pub(super) left_out: i64,
}

impl Extreme {
    /// Nothing seen; `better` is `Less` for a minimum, `Greater` for a maximum.
    pub(super) fn new(better: Ordering) -> Self {
        Self { better, value: None, left_out: 0 }
    }

    pub(super) fn value(&self) -> Option<Value> {
        self.value
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.better);
    }

    pub(super) fn check_rows(&self, rows: usize) -> Result<(), Error> {
        signed_add(self.left_out, rows, false).map(|_| ())
    }

    pub(super) fn add(&mut self, column: Numbers<'_>) {
        let best = match column {
            Numbers::Float(values) => {
                let finite = values.iter().copied().filter(|value| value.is_finite());
                let mut count = 0;
                let best = best(finite.inspect(|_| count += 1), self.better, f64::total_cmp);
                // That the count has room was checked before.
                self.left_out += i64::try_from(values.len() - count).unwrap_or(i64::MAX);
                best.map(Value::Float)
            }
            Numbers::Int(values) => best(values.iter().copied(), self.better, i64::cmp).map(Value::Int),
            Numbers::Decimal(values) => best(values.iter(), self.better, Decimal::cmp).map(Value::Decimal),
        };
        self.offer(best);
    }

    pub(super) fn check_merge(&self, other: &Self) -> Result<(), Error> {
        combine_counts(self.left_out, other.left_out, false).map(|_| ())
    }

    pub(super) fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.left_out = combine_counts(self.left_out, other.left_out, false)?;
        self.offer(other.value);
        Ok(())
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

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.signed(self.left_out);
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

    /// Reads the extreme of a column of this type.
    pub(super) fn read(&self, kind: NumberType, reader: &mut Reader<'_>) -> Result<Self, Error> {
        let left_out = reader.signed()?;
        let value = match (reader.byte()?, kind) {
            (0, _) => None,
            (1, NumberType::Float) => {
                let value = f64::from_bits(reader.word()?);
                if !value.is_finite() {
                    return Err(corrupt("an extreme is no number"));
                }
                Some(Value::Float(value))
            }
            (2, NumberType::Int) => Some(Value::Int(reader.word()?.cast_signed())),
            (3, NumberType::Decimal) => {
                let words = [reader.word()?, reader.word()?, reader.word()?].map(u64::cast_signed);
                let decimal =
                    Decimal::from_words(words).ok_or_else(|| corrupt("an extreme is no decimal"))?;
                Some(Value::Decimal(decimal))
            }
            _ => return Err(corrupt("an extreme of another type")),
        };
        if left_out < 0 || (kind != NumberType::Float && left_out != 0) {
            return Err(corrupt("an impossible count of rows left out"));
        }
        Ok(Self { better: self.better, value, left_out })
    }
}

fn best<T: Copy>(
    values: impl Iterator<Item = T>,
    better: Ordering,
    compare: impl Fn(&T, &T) -> Ordering,
) -> Option<T> {
    values.reduce(|best, value| if compare(&value, &best) == better { value } else { best })
}
