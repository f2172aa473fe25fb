//! Windows: the cells of one row in the columns of an aggregate's inputs, as bytes, and columns of such rows.

use crate::column::{NumberType, Numbers, Picked};
use crate::decimal::Decimal;
use crate::error::Error;
use crate::wire::corrupt;

/// The bytes that a row of these columns takes.
pub(super) fn width(inputs: &[NumberType]) -> usize {
    inputs.iter().map(|input| 8 * words(*input)).sum()
}

fn words(input: NumberType) -> usize {
    match input {
        NumberType::Float | NumberType::Int | NumberType::Time(_) => 1,
        NumberType::Decimal => 3,
    }
}

/// Appends a row of columns.
pub(super) fn write(columns: &[Numbers<'_>], row: usize, out: &mut Vec<u8>) {
    for column in columns {
        match column {
            Numbers::Float(values) => out.extend_from_slice(&values[row].to_le_bytes()),
            Numbers::Int(values) | Numbers::Time(_, values) => {
                out.extend_from_slice(&values[row].to_le_bytes());
            }
            Numbers::Decimal(values) => {
                out.extend(values.get(row).to_words().iter().flat_map(|word| word.to_le_bytes()));
            }
        }
    }
}

/// Columns that rows are appended to.
#[derive(Debug)]
pub(super) struct Columns(Vec<Picked>);

impl Columns {
    /// Columns of these types, without a row.
    pub(super) fn new(inputs: &[NumberType]) -> Self {
        Self(inputs.iter().map(|input| empty(*input)).collect())
    }

    /// Appends a row.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if the bytes are no row of these columns; they are of no use then.
    pub(super) fn push(&mut self, row: &[u8]) -> Result<(), Error> {
        let (words, rest) = row.as_chunks::<8>();
        let mut words = words.iter().map(|word| i64::from_le_bytes(*word));
        let read = self.0.iter_mut().try_for_each(|column| push(column, &mut words));
        read.filter(|()| rest.is_empty() && words.next().is_none())
            .ok_or_else(|| corrupt("a row is of other columns"))
    }

    /// As columns of a batch.
    pub(super) fn numbers(&self) -> Vec<Numbers<'_>> {
        self.0.iter().map(Picked::numbers).collect()
    }
}

fn empty(input: NumberType) -> Picked {
    match input {
        NumberType::Float => Picked::Float(Vec::new()),
        NumberType::Int => Picked::Int(Vec::new()),
        NumberType::Decimal => Picked::Decimal(Vec::new()),
        NumberType::Time(kind) => Picked::Time(kind, Vec::new()),
    }
}

fn push(column: &mut Picked, words: &mut impl Iterator<Item = i64>) -> Option<()> {
    match column {
        Picked::Float(values) => values.push(f64::from_bits(words.next()?.cast_unsigned())),
        Picked::Int(values) => values.push(words.next()?),
        Picked::Decimal(values) => {
            let words = [words.next()?, words.next()?, words.next()?];
            Decimal::from_words(words)?;
            values.push(words);
        }
        Picked::Time(kind, values) => values.push(words.next().filter(|micros| kind.holds(*micros))?),
    }
    Some(())
}
