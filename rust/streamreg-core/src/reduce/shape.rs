//! Reduce: what a reduction computes, and how its bytes say so.

use super::KeyType;
use super::key::Keys;
use crate::column::NumberType;
use crate::error::Error;
use crate::monomials::Power;
use crate::wire::{Writer, kind};

/// What a reduction reads.
#[derive(Clone, Debug)]
pub(crate) struct Inputs {
    /// The types of the columns.
    pub(crate) types: Vec<NumberType>,
    /// Of each column whether values can be missing.
    pub(crate) optional: Vec<bool>,
    /// Whether the label of a class can.
    pub(super) optional_label: bool,
}

impl Inputs {
    /// Columns of these types; values of some of them can be missing.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no such column.
    pub(crate) fn new(types: &[NumberType], optional: &[usize]) -> Result<Self, Error> {
        if let Some(column) = optional.iter().find(|&&column| column >= types.len()) {
            let count = types.len();
            return Err(Error::Invalid(format!("column {column} can be missing, but there are {count}")));
        }
        let optional = (0..types.len()).map(|column| optional.contains(&column)).collect();
        Ok(Self { types: types.to_vec(), optional, optional_label: false })
    }

    /// The same, of rows with a label, which can be missing if `optional`.
    pub(crate) fn labelled(self, optional: bool) -> Self {
        Self { optional_label: optional, ..self }
    }

    /// Whether a row can lack a value that an aggregate reads.
    pub(super) fn can_miss(&self, aggregate: &Aggregate) -> bool {
        let of_label = self.optional_label && matches!(aggregate, Aggregate::Class(_));
        let is_optional = |column: usize| self.optional.get(column).copied().unwrap_or(false);
        of_label || aggregate.columns().into_iter().any(is_optional)
    }
}

/// Added to the byte of a type whose values can be missing.
pub(crate) const OPTIONAL: u8 = 16;

/// One aggregate of a reduction; columns are indexes of its inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// The number of rows.
    Count,
    /// The exact sum of a column.
    Sum(usize),
    /// The least number of a column.
    Min(usize),
    /// The greatest number of a column.
    Max(usize),
    /// The exact moments of a regression.
    Moments {
        /// The columns of the features.
        features: Vec<usize>,
        /// The column of the target.
        target: usize,
    },
    /// The exact sums of a regression with weights, with powers of columns, or of decimals.
    Monomials {
        /// The features: columns to powers.
        features: Vec<Power>,
        /// The column of the target.
        target: usize,
        /// The column of the weights.
        weight: Option<usize>,
    },
    /// The same, without weights of their own, of rows that lose half of their weight in every half-life.
    Fading {
        /// The features: columns to powers.
        features: Vec<Power>,
        /// The column of the target.
        target: usize,
        /// The column of the times, which are integers.
        time: usize,
        /// In the unit of the times.
        half_life: i64,
    },
    /// The exact moments of features without a target: what a class is told from others by.
    Class(Vec<usize>),
}

impl Aggregate {
    /// Its name in messages.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum(_) => "sum",
            Self::Min(_) => "min",
            Self::Max(_) => "max",
            Self::Moments { .. } => "moments",
            Self::Monomials { .. } => "monomials",
            Self::Fading { .. } => "fading",
            Self::Class(_) => "class",
        }
    }

    /// The columns that it reads; each once by monomials, also of rows that fade.
    pub(super) fn columns(&self) -> Vec<usize> {
        match self {
            Self::Count => Vec::new(),
            Self::Sum(column) | Self::Min(column) | Self::Max(column) => vec![*column],
            Self::Class(features) => features.clone(),
            Self::Moments { features, target } => features.iter().chain([target]).copied().collect(),
            Self::Monomials { features, target, weight } => each_once(features, *target, *weight),
            Self::Fading { features, target, time, .. } => each_once(features, *target, Some(*time)),
        }
    }
}

fn each_once(features: &[Power], target: usize, other: Option<usize>) -> Vec<usize> {
    let mut columns: Vec<_> = features.iter().map(|feature| feature.column).collect();
    columns.push(target);
    columns.extend(other);
    columns.sort_unstable();
    columns.dedup();
    columns
}

/// The shape as every state carries it: the types of the inputs, then kind and columns of each aggregate.
pub(super) fn to_bytes(inputs: &Inputs, aggregates: &[Aggregate]) -> Vec<u8> {
    let mut writer = Writer::new(kind::REDUCTION);
    write(inputs, aggregates, &mut writer);
    writer.finish()
}

/// The shape as every state with keys carries it: the types of the keys, then that of the states.
pub(super) fn keyed_to_bytes(keys: &Keys, inputs: &Inputs, aggregates: &[Aggregate]) -> Vec<u8> {
    let mut writer = Writer::new(kind::REDUCTION);
    write_keyed(keys, inputs, aggregates, &mut writer);
    writer.finish()
}

/// Writes the same as a part of another shape.
pub(crate) fn write_keyed(keys: &Keys, inputs: &Inputs, aggregates: &[Aggregate], writer: &mut Writer) {
    writer.unsigned(keys.len() as u64);
    for key in keys {
        let code = match key.kind {
            KeyType::Bool => 0,
            KeyType::Int => 1,
            KeyType::Text => 2,
            KeyType::Datetime => 3,
            KeyType::Timedelta => 4,
        };
        writer.byte(if key.optional { code + OPTIONAL } else { code });
    }
    write(inputs, aggregates, writer);
}

fn write(inputs: &Inputs, aggregates: &[Aggregate], writer: &mut Writer) {
    writer.unsigned(inputs.types.len() as u64);
    for (input, optional) in inputs.types.iter().zip(&inputs.optional) {
        writer.byte(if *optional { input.code() + OPTIONAL } else { input.code() });
    }
    for aggregate in aggregates {
        writer.bytes(aggregate.name().as_bytes());
        let columns = aggregate.columns();
        writer.unsigned(columns.len() as u64);
        for column in columns {
            writer.unsigned(column as u64);
        }
        match aggregate {
            Aggregate::Monomials { features, target, weight } => {
                write_powers(features, *target, writer);
                // 0 for none.
                writer.unsigned(weight.map_or(0, |weight| weight as u64 + 1));
            }
            Aggregate::Fading { features, target, time, half_life } => {
                write_powers(features, *target, writer);
                writer.unsigned(*time as u64);
                writer.signed(*half_life);
            }
            _ => {}
        }
    }
}

fn write_powers(features: &[Power], target: usize, writer: &mut Writer) {
    writer.unsigned(features.len() as u64);
    for feature in features {
        writer.unsigned(feature.column as u64);
        writer.unsigned(feature.power.into());
    }
    writer.unsigned(target as u64);
}
