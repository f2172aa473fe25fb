//! Stage: reduce. The state of one aggregate.

use std::cmp::Ordering;
use std::sync::Arc;

use super::extreme::Extreme;
use super::{Aggregate, other_kind};
use crate::classes;
use crate::column::{NumberType, Numbers};
use crate::error::Error;
use crate::exact::sum::{combine_counts, signed_add};
use crate::exact::{DecimalSum, ExactSum};
use crate::moments::{Moments, Scratch};
use crate::monomials::{Monomials, Power, Terms};
use crate::wire::{Reader, Writer};

#[derive(Debug)]
pub(super) enum State {
    Count(i64),
    Sum {
        sum: ExactSum,
        integers: bool,
    },
    DecimalSum(DecimalSum),
    Extreme {
        extreme: Extreme,
        kind: NumberType,
    },
    Moments(Moments),
    Monomials(Monomials),
    /// Of the features of a class, none of which is a target.
    Class(Moments),
}

impl State {
    /// The empty state of an aggregate over columns of these types.
    pub(super) fn new(aggregate: &Aggregate, inputs: &[NumberType]) -> Result<Self, Error> {
        if let Some(column) = aggregate.columns().into_iter().find(|&column| column >= inputs.len()) {
            return Err(Error::Invalid(format!(
                "{} reads column {column}, but there are {}",
                aggregate.name(),
                inputs.len()
            )));
        }
        let decimal = aggregate.columns().into_iter().find(|&column| inputs[column] == NumberType::Decimal);
        if let (Aggregate::Moments { .. } | Aggregate::Class(_), Some(column)) = (aggregate, decimal) {
            return Err(Error::Invalid(format!(
                "column {column} holds decimals, which moments do not take: use monomials, or doubles"
            )));
        }
        let extreme =
            |better, column: usize| Self::Extreme { extreme: Extreme::new(better), kind: inputs[column] };
        Ok(match aggregate {
            Aggregate::Count => Self::Count(0),
            Aggregate::Sum(column) => match inputs[*column] {
                NumberType::Decimal => Self::DecimalSum(DecimalSum::default()),
                kind => Self::Sum { sum: ExactSum::new(), integers: kind == NumberType::Int },
            },
            Aggregate::Min(column) => extreme(Ordering::Less, *column),
            Aggregate::Max(column) => extreme(Ordering::Greater, *column),
            Aggregate::Moments { features, .. } => Self::Moments(Moments::new(features.len())?),
            Aggregate::Class(features) => {
                classes::check_features(features.len())?;
                Self::Class(Moments::of_variables(features.len()))
            }
            Aggregate::Monomials { features, target, weight } => {
                // The terms speak of the aggregate's own columns.
                let own = aggregate.columns();
                let place =
                    |column: usize| own.iter().position(|&known| known == column).unwrap_or(own.len());
                let features =
                    features.iter().map(|&Power { column, power }| Power { column: place(column), power });
                let types = own.iter().map(|&column| inputs[column]).collect();
                let terms = Terms::new(types, features.collect(), place(*target), weight.map(place))?;
                Self::Monomials(Monomials::new(Arc::new(terms)))
            }
        })
    }

    pub(super) fn check_rows(&self, rows: usize) -> Result<(), Error> {
        match self {
            Self::Count(count) => signed_add(*count, rows, false).map(|_| ()),
            Self::Sum { sum, .. } => sum.check_rows(rows, false),
            Self::DecimalSum(sum) => sum.check_rows(rows),
            Self::Extreme { extreme, .. } => extreme.check_rows(rows),
            Self::Moments(moments) | Self::Class(moments) => moments.check_rows(rows, false),
            Self::Monomials(monomials) => monomials.check_rows(rows, false),
        }
    }

    /// Adds rows; that the columns fit was checked before.
    pub(super) fn add(
        &mut self,
        aggregate: &Aggregate,
        scratch: &mut Scratch,
        columns: &[Numbers<'_>],
        rows: usize,
    ) -> Result<(), Error> {
        let own: Vec<_> = aggregate.columns().into_iter().map(|column| columns[column]).collect();
        match (self, own.as_slice()) {
            (Self::Count(count), []) => *count = signed_add(*count, rows, false)?,
            (Self::Sum { sum, .. }, [column]) => sum.add_with(&mut scratch.sum, *column)?,
            (Self::DecimalSum(sum), [Numbers::Decimal(column)]) => sum.add(*column)?,
            (Self::Extreme { extreme, .. }, [column]) => extreme.add(*column),
            (Self::Moments(moments) | Self::Class(moments), own) => moments.add_with(scratch, own)?,
            (Self::Monomials(monomials), own) => monomials.add_with(&mut scratch.monomials, own)?,
            _ => return Err(other_kind()),
        }
        Ok(())
    }

    /// The limbs of its exact sums.
    pub(super) fn limbs(&self) -> usize {
        match self {
            Self::Count(_) | Self::Extreme { .. } => 0,
            Self::Sum { sum, .. } => sum.total().limbs().len(),
            Self::DecimalSum(sum) => sum.limbs(),
            Self::Moments(moments) | Self::Class(moments) => moments.limbs(),
            Self::Monomials(monomials) => monomials.limbs(),
        }
    }

    pub(super) fn clear(&mut self) {
        match self {
            Self::Count(count) => *count = 0,
            Self::Sum { sum, .. } => sum.clear(),
            Self::DecimalSum(sum) => *sum = DecimalSum::default(),
            Self::Extreme { extreme, .. } => extreme.clear(),
            Self::Moments(moments) | Self::Class(moments) => moments.clear(),
            Self::Monomials(monomials) => monomials.clear(),
        }
    }

    pub(super) fn left_out(&self) -> i64 {
        match self {
            Self::Count(_) | Self::DecimalSum(_) => 0,
            Self::Sum { sum, .. } => sum.left_out(),
            Self::Extreme { extreme, .. } => extreme.left_out,
            Self::Moments(moments) | Self::Class(moments) => moments.left_out(),
            Self::Monomials(monomials) => monomials.left_out(),
        }
    }

    pub(super) fn check_merge(&self, other: &Self) -> Result<(), Error> {
        match (self, other) {
            (Self::Count(count), Self::Count(more)) => combine_counts(*count, *more, false).map(|_| ()),
            (Self::Sum { sum, .. }, Self::Sum { sum: more, .. }) => sum.check_merge(more),
            (Self::DecimalSum(sum), Self::DecimalSum(more)) => sum.check_merge(more),
            (Self::Extreme { extreme, .. }, Self::Extreme { extreme: more, .. }) => extreme.check_merge(more),
            (Self::Moments(moments), Self::Moments(more)) | (Self::Class(moments), Self::Class(more)) => {
                moments.check_merge(more)
            }
            (Self::Monomials(monomials), Self::Monomials(more)) => monomials.check_merge(more),
            _ => Err(other_kind()),
        }
    }

    pub(super) fn merge(&mut self, other: &Self) -> Result<(), Error> {
        match (self, other) {
            (Self::Count(count), Self::Count(more)) => *count = combine_counts(*count, *more, false)?,
            (Self::Sum { sum, .. }, Self::Sum { sum: more, .. }) => sum.merge(more)?,
            (Self::Extreme { extreme, .. }, Self::Extreme { extreme: more, .. }) => extreme.merge(more)?,
            (Self::Moments(moments), Self::Moments(more)) | (Self::Class(moments), Self::Class(more)) => {
                moments.merge(more)?;
            }
            (Self::DecimalSum(sum), Self::DecimalSum(more)) => sum.merge(more)?,
            (Self::Monomials(monomials), Self::Monomials(more)) => monomials.merge(more)?,
            _ => return Err(other_kind()),
        }
        Ok(())
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Count(count) => writer.signed(*count),
            Self::Sum { sum, .. } => sum.write(writer),
            Self::DecimalSum(sum) => sum.write(writer),
            Self::Extreme { extreme, .. } => extreme.write(writer),
            Self::Moments(moments) | Self::Class(moments) => moments.write(writer),
            Self::Monomials(monomials) => monomials.write(writer),
        }
    }

    /// Reads a state of the same aggregate in its place; after an error it is of no use.
    pub(super) fn read_into(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        match self {
            Self::Count(count) => *count = reader.signed()?,
            Self::Sum { sum, integers: true } => sum.read_integers_into(reader)?,
            Self::Sum { sum, integers: false } => sum.read_into(reader)?,
            Self::DecimalSum(sum) => *sum = DecimalSum::read(reader)?,
            Self::Extreme { extreme, kind } => *extreme = extreme.read(*kind, reader)?,
            Self::Moments(moments) | Self::Class(moments) => moments.read_into(reader)?,
            Self::Monomials(monomials) => *monomials = monomials.read(reader)?,
        }
        Ok(())
    }
}
