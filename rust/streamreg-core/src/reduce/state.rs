//! Reduce: the state of one aggregate.

use std::cmp::Ordering;
use std::sync::Arc;

use super::count::Count;
use super::extreme::Extreme;
use super::scratch::Scratch;
use super::{Aggregate, other_kind};
use crate::accumulate::{Accumulator, Direction, Sign};
use crate::classes;
use crate::column::{NumberType, Numbers};
use crate::error::Error;
use crate::exact::{DecimalSum, ExactSum};
use crate::fading::Fading;
use crate::moments::Moments;
use crate::monomials::{Monomials, Power, Terms};
use crate::time::TimeType;
use crate::wire::{Reader, Writer};

#[derive(Debug)]
pub(crate) enum State {
    Count(Count),
    Sum {
        sum: ExactSum,
        /// Of the column; microseconds are summed as integers.
        kind: NumberType,
    },
    DecimalSum(DecimalSum),
    Extreme(Extreme),
    Moments(Moments),
    Monomials(Monomials),
    Fading(Fading),
    /// Of the features of a class, none of which is a target.
    Class(Moments),
}

/// What an [`Accumulator`] does, of whichever a state is.
macro_rules! each {
    ($state:expr, $own:ident => $result:expr) => {
        match $state {
            State::Count($own) => $result,
            State::Sum { sum: $own, .. } => $result,
            State::DecimalSum($own) => $result,
            State::Extreme($own) => $result,
            State::Moments($own) | State::Class($own) => $result,
            State::Monomials($own) => $result,
            State::Fading($own) => $result,
        }
    };
}

/// The same, of two states of one aggregate.
macro_rules! both {
    ($one:expr, $other:expr, $own:ident, $more:ident => $result:expr) => {
        match ($one, $other) {
            (State::Count($own), State::Count($more)) => $result,
            (State::Sum { sum: $own, .. }, State::Sum { sum: $more, .. }) => $result,
            (State::DecimalSum($own), State::DecimalSum($more)) => $result,
            (State::Extreme($own), State::Extreme($more)) => $result,
            (State::Moments($own), State::Moments($more)) => $result,
            (State::Class($own), State::Class($more)) => $result,
            (State::Monomials($own), State::Monomials($more)) => $result,
            (State::Fading($own), State::Fading($more)) => $result,
            _ => Err(other_kind()),
        }
    };
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
        let other = aggregate.columns().into_iter().find(|&column| !inputs[column].is_binary());
        if let (Aggregate::Moments { .. } | Aggregate::Class(_), Some(column)) = (aggregate, other) {
            return Err(Error::Invalid(format!(
                "column {column} holds decimals or times, which moments do not take: use monomials, or doubles"
            )));
        }
        let extreme = |better, column: usize| Self::Extreme(Extreme::new(better, inputs[column]));
        Ok(match aggregate {
            Aggregate::Count => Self::Count(Count::default()),
            Aggregate::Sum(column) => match inputs[*column] {
                NumberType::Decimal => Self::DecimalSum(DecimalSum::default()),
                NumberType::Time(TimeType::Datetime) => {
                    return Err(Error::Invalid(format!(
                        "column {column} holds datetimes, which have no sum"
                    )));
                }
                kind => Self::Sum { sum: ExactSum::new(), kind },
            },
            Aggregate::Min(column) => extreme(Ordering::Less, *column),
            Aggregate::Max(column) => extreme(Ordering::Greater, *column),
            Aggregate::Moments { features, .. } => Self::Moments(Moments::new(features.len())?),
            Aggregate::Class(features) => {
                classes::check_features(features.len())?;
                Self::Class(Moments::of_variables(features.len()))
            }
            Aggregate::Monomials { features, target, weight } => {
                let own = Own::of(aggregate, inputs);
                let weight = weight.map(|column| own.place(column));
                let terms = Terms::new(own.types(), own.powers(features), own.place(*target), weight)?;
                Self::Monomials(Monomials::new(Arc::new(terms)))
            }
            Aggregate::Fading { features, target, time, half_life } => {
                let own = Own::of(aggregate, inputs);
                if !matches!(inputs[*time], NumberType::Int | NumberType::Time(_)) {
                    return Err(Error::Invalid(format!(
                        "column {time} holds times that are neither integers nor microseconds"
                    )));
                }
                let mut types = own.types();
                types.push(NumberType::Float);
                let weight = Some(types.len() - 1);
                let terms = Terms::new(types, own.powers(features), own.place(*target), weight)?;
                Self::Fading(Fading::new(Arc::new(terms), own.place(*time), *half_life)?)
            }
        })
    }

    /// Whether so many rows can be added, whichever they are.
    pub(super) fn check_rows(&self, rows: usize) -> Result<(), Error> {
        each!(self, own => own.check_rows(rows, added(own)))
    }

    /// Adds rows; that the columns fit, and that there is room, was checked before.
    pub(super) fn put_checked(
        &mut self,
        aggregate: &Aggregate,
        scratch: &mut Scratch,
        columns: &[Numbers<'_>],
        rows: usize,
    ) -> Result<(), Error> {
        let own: Vec<_> = aggregate.columns().into_iter().map(|column| columns[column]).collect();
        let sign = Sign::Added;
        match (&mut *self, own.as_slice()) {
            (Self::Count(count), []) => count.put_checked(&mut (), rows, sign),
            (Self::Sum { sum, .. }, [Numbers::Time(_, micros)]) => {
                sum.put_checked(&mut scratch.sum, Numbers::Int(micros), sign);
            }
            (Self::Sum { sum, .. }, [column]) => sum.put_checked(&mut scratch.sum, *column, sign),
            (Self::DecimalSum(sum), [Numbers::Decimal(column)]) => sum.put_checked(&mut (), *column, sign),
            (Self::Extreme(extreme), [column]) => extreme.put_checked(&mut (), *column, added(&*extreme)),
            (Self::Moments(moments) | Self::Class(moments), own) => {
                moments.put_checked(&mut scratch.moments, own, sign);
            }
            (Self::Monomials(monomials), own) => {
                monomials.put_checked(&mut scratch.monomials, own, sign);
            }
            (Self::Fading(fading), own) => {
                fading.put_checked(&mut scratch.monomials, own, added(&*fading));
            }
            _ => return Err(other_kind()),
        }
        Ok(())
    }

    /// Whether rows can go this way.
    pub(super) fn takes(&self, sign: Sign) -> bool {
        each!(self, own => direction(own, sign).is_ok())
    }

    /// Whether another state of the same aggregate can be added or removed.
    pub(super) fn check_other(&self, other: &Self, sign: Sign) -> Result<(), Error> {
        both!(self, other, own, more => own.check_other(more, direction(own, sign)?))
    }

    /// Adds or removes another state that was checked.
    pub(super) fn combine_checked(&mut self, other: &Self, sign: Sign) -> Result<(), Error> {
        both!(self, other, own, more => {
            let direction = direction(&*own, sign)?;
            own.combine_checked(more, direction);
            Ok(())
        })
    }

    pub(super) fn clear(&mut self) {
        each!(self, own => own.clear());
    }

    /// The limbs of its exact sums.
    pub(super) fn limbs(&self) -> usize {
        each!(self, own => own.limbs())
    }

    pub(super) fn excluded(&self) -> i128 {
        each!(self, own => own.excluded())
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        each!(self, own => own.write(writer));
    }

    /// Reads a state of the same aggregate in its place; after an error it is of no use.
    pub(super) fn read_into(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        each!(self, own => own.read_into(reader))?;
        match self {
            Self::Sum { sum, kind } if *kind != NumberType::Float => sum.check_integer(),
            _ => Ok(()),
        }
    }
}

/// The columns of an aggregate, as its terms speak of them.
struct Own<'a> {
    columns: Vec<usize>,
    inputs: &'a [NumberType],
}

impl<'a> Own<'a> {
    fn of(aggregate: &Aggregate, inputs: &'a [NumberType]) -> Self {
        Self { columns: aggregate.columns(), inputs }
    }

    fn place(&self, column: usize) -> usize {
        self.columns.iter().position(|&known| known == column).unwrap_or(self.columns.len())
    }

    fn powers(&self, features: &[Power]) -> Vec<Power> {
        features.iter().map(|&Power { column, power }| Power { column: self.place(column), power }).collect()
    }

    fn types(&self) -> Vec<NumberType> {
        self.columns.iter().map(|&column| self.inputs[column]).collect()
    }
}

/// The way in of an accumulator.
fn added<A: Accumulator>(_: &A) -> A::Direction {
    A::Direction::ADDED
}

/// The way that an accumulator has for this sign.
fn direction<A: Accumulator>(_: &A, sign: Sign) -> Result<A::Direction, Error> {
    A::Direction::of(sign).ok_or_else(|| Error::Invalid("what is no group cannot be subtracted".to_owned()))
}
