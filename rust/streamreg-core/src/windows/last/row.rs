//! Windows: the cells of one row in the columns of an aggregate's inputs, as bytes, and columns of such rows.
//!
//! `words of flags | cells…`: of the columns that can lack a value the flags tell which do, from the lowest bit on; in the
//! place of what is missing stands a zero. Behind the cells stands the label of the row, if rows have labels.

use crate::column::{NumberType, Numbers, Picked};
use crate::decimal::Decimal;
use crate::error::Error;
use crate::reduce::block::Block;
use crate::reduce::shape::Inputs;
use crate::wire::corrupt;

/// Flags in a word.
const FLAGS: usize = 64;

/// The bytes that a row of these columns takes.
pub(super) fn width(inputs: &Inputs) -> usize {
    8 * (flag_words(inputs) + inputs.types.iter().map(|input| words(*input)).sum::<usize>())
}

fn flag_words(inputs: &Inputs) -> usize {
    inputs.optional.iter().filter(|optional| **optional).count().div_ceil(FLAGS)
}

fn words(input: NumberType) -> usize {
    match input {
        NumberType::Float | NumberType::Int | NumberType::Time(_) => 1,
        NumberType::Decimal => 3,
    }
}

/// Appends a row of columns that were checked; gives what stands in the column behind them, if there is one: the place of
/// its label.
pub(super) fn write(inputs: &Inputs, block: Block<'_>, row: usize, out: &mut Vec<u8>) -> Option<i64> {
    let lacks = |column: usize| block.missing.get(column).copied().flatten().is_some_and(|mask| mask[row]);
    let (own, labels) = block.columns.split_at(inputs.types.len());
    let optional = (0..own.len()).filter(|&column| inputs.optional[column]);
    let mut flags = vec![0u64; flag_words(inputs)];
    for (place, column) in optional.enumerate() {
        flags[place / FLAGS] |= u64::from(lacks(column)) << (place % FLAGS);
    }
    out.extend(flags.iter().flat_map(|word| word.to_le_bytes()));
    for (at, column) in own.iter().enumerate() {
        if lacks(at) {
            out.resize(out.len() + 8 * words(inputs.types[at]), 0);
            continue;
        }
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
    match labels {
        [Numbers::Int(codes), ..] => Some(codes[row]),
        _ => None,
    }
}

/// Columns that rows are appended to.
#[derive(Debug)]
pub(super) struct Columns {
    values: Vec<Picked>,
    /// Of each which values are missing; `None` if none can.
    masks: Vec<Option<Vec<bool>>>,
    flag_words: usize,
    width: usize,
}

impl Columns {
    /// These columns, without a row.
    pub(super) fn new(inputs: &Inputs) -> Self {
        let masks = inputs.optional.iter().map(|optional| optional.then(Vec::new)).collect();
        let values = inputs.types.iter().map(|input| empty(*input)).collect();
        Self { values, masks, flag_words: flag_words(inputs), width: width(inputs) }
    }

    /// Appends a row; gives what stands behind its cells, the label.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if the bytes are no row of these columns; they are of no use then.
    pub(super) fn push<'a>(&mut self, row: &'a [u8]) -> Result<&'a [u8], Error> {
        let (row, label) =
            row.split_at_checked(self.width).ok_or_else(|| corrupt("a row is of other columns"))?;
        let (words, _) = row.as_chunks::<8>();
        let mut words = words.iter().map(|word| i64::from_le_bytes(*word));
        let flags: Vec<_> = words.by_ref().take(self.flag_words).map(i64::cast_unsigned).collect();
        let mut flag =
            (0usize..).map(|at| flags.get(at / FLAGS).is_some_and(|word| word >> (at % FLAGS) & 1 == 1));
        for mask in self.masks.iter_mut().flatten() {
            mask.extend(flag.next());
        }
        let read = self.values.iter_mut().try_for_each(|column| push(column, &mut words));
        read.map(|()| label).ok_or_else(|| corrupt("a row is of other columns"))
    }

    /// As columns of a batch.
    pub(super) fn numbers(&self) -> Vec<Numbers<'_>> {
        self.values.iter().map(Picked::numbers).collect()
    }

    /// Of each column which values are missing.
    pub(super) fn missing(&self) -> Vec<Option<&[bool]>> {
        self.masks.iter().map(Option::as_deref).collect()
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
