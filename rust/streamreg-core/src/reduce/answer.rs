//! Stage: reduce. What may be asked of a reduction, and the answers.

use num_bigint::BigInt;

use super::Aggregate;
use super::extreme::Value;
use super::state::State;
use crate::column::NumberType;
use crate::error::Error;
use crate::moments::Moments;
use crate::monomials::Monomials;
use crate::solve::multi::{Model, Normal};
use crate::solve::simple::{Simple, simple};
use crate::solve::{solve, total};

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A number, rounded once.
    Float(f64),
    /// An integer, exact.
    Int(BigInt),
    /// A decimal, exact, as text.
    Decimal(String),
    /// Not defined.
    Null,
}

/// A statistic of one aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistic {
    aggregate: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Count,
    Sum,
    Average,
    Min,
    Max,
    /// The intercept at 0, then the features.
    Coefficient(usize),
    RegrCount,
    RegrIntercept,
    RegrSlope,
    Regr(Simple),
}

/// The names, but for "coefficient", which has an index.
const NAMES: [(&str, Kind); 14] = [
    ("count", Kind::Count),
    ("sum", Kind::Sum),
    ("avg", Kind::Average),
    ("min", Kind::Min),
    ("max", Kind::Max),
    ("regr_count", Kind::RegrCount),
    ("regr_intercept", Kind::RegrIntercept),
    ("regr_slope", Kind::RegrSlope),
    ("regr_avgx", Kind::Regr(Simple::AverageX)),
    ("regr_avgy", Kind::Regr(Simple::AverageY)),
    ("regr_sxx", Kind::Regr(Simple::SquaresX)),
    ("regr_syy", Kind::Regr(Simple::SquaresY)),
    ("regr_sxy", Kind::Regr(Simple::SquaresXY)),
    ("regr_r2", Kind::Regr(Simple::R2)),
];

impl Statistic {
    /// The statistic of this name of an aggregate; `index` tells which "coefficient", and is 0 for the others.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the name is not known.
    pub fn new(aggregate: usize, name: &str, index: usize) -> Result<Self, Error> {
        if name == "coefficient" {
            return Ok(Self { aggregate, kind: Kind::Coefficient(index) });
        }
        match NAMES.iter().find(|(known, _)| *known == name) {
            Some(&(_, kind)) if index == 0 => Ok(Self { aggregate, kind }),
            Some(_) => {
                Err(Error::Invalid(format!("statistic {name:?} takes no index, but was given {index}")))
            }
            None => Err(Error::Invalid(format!("there is no statistic {name:?}"))),
        }
    }

    fn name(&self) -> String {
        match self.kind {
            Kind::Coefficient(index) => format!("coefficient {index}"),
            kind => NAMES.iter().find(|(_, known)| *known == kind).map_or("", |(name, _)| name).to_owned(),
        }
    }
}

/// Answers all statistics; each regression is solved at most once.
pub(super) fn answers(
    inputs: &[NumberType],
    aggregates: &[Aggregate],
    states: &[State],
    statistics: &[Statistic],
) -> Result<Vec<Answer>, Error> {
    let mut solutions: Vec<Option<Option<Vec<f64>>>> = vec![None; states.len()];
    let mut answers = Vec::with_capacity(statistics.len());
    for statistic in statistics {
        let at = statistic.aggregate;
        let (Some(state), Some(aggregate), Some(solution)) =
            (states.get(at), aggregates.get(at), solutions.get_mut(at))
        else {
            let (name, count) = (statistic.name(), states.len());
            return Err(Error::Invalid(format!("{name} is asked of aggregate {at}, but there are {count}")));
        };
        let answer = match (state, statistic.kind) {
            (State::Moments(moments), kind) => {
                of_moments(moments, kind, || solution.get_or_insert_with(|| solve(moments)).as_deref())
            }
            (State::Monomials(monomials), kind) => {
                of_monomials(monomials, kind, || solution.get_or_insert_with(|| fit(monomials)).as_deref())
            }
            (state, kind) => of_state(state, kind, is_minimum(aggregate)),
        };
        answers.push(answer.ok_or_else(|| misfit(statistic, aggregate, inputs))?);
    }
    Ok(answers)
}

fn is_minimum(aggregate: &Aggregate) -> bool {
    matches!(aggregate, Aggregate::Min(_))
}

/// `None` if the statistic is none of this state.
fn of_state(state: &State, kind: Kind, minimum: bool) -> Option<Answer> {
    Some(match (state, kind) {
        (State::Count(count), Kind::Count) => Answer::Int(BigInt::from(*count)),
        (State::Sum { sum, integers }, Kind::Sum) => {
            if sum.n() == 0 && sum.left_out() == 0 {
                Answer::Null
            } else if *integers {
                Answer::Int(total::integer_sum(sum))
            } else {
                Answer::Float(total::sum(sum))
            }
        }
        (State::Sum { sum, .. }, Kind::Average) => float(total::average(sum)),
        (State::DecimalSum(sum), Kind::Sum) if sum.n() == 0 => Answer::Null,
        (State::DecimalSum(sum), Kind::Sum) => Answer::Decimal(total::decimal_sum(sum)),
        (State::DecimalSum(sum), Kind::Average) => float(total::decimal_average(sum)),
        (State::Extreme { extreme, .. }, Kind::Min | Kind::Max) if minimum == (kind == Kind::Min) => {
            match extreme.value() {
                Some(Value::Float(value)) => Answer::Float(value),
                Some(Value::Int(value)) => Answer::Int(BigInt::from(value)),
                Some(Value::Decimal(value)) => Answer::Decimal(value.to_string()),
                None => Answer::Null,
            }
        }
        _ => return None,
    })
}

/// `None` if the statistic is none of these moments.
fn of_moments<'a>(
    moments: &Moments,
    kind: Kind,
    solution: impl FnOnce() -> Option<&'a [f64]>,
) -> Option<Answer> {
    let one_feature = moments.features() == 1;
    Some(match kind {
        // Where no line is determined the tutorial's answer is 0.
        Kind::Coefficient(index) if index <= moments.features() => match solution() {
            Some(coefficients) => Answer::Float(coefficients[index]),
            None if moments.n() > 0 => Answer::Float(0.0),
            None => Answer::Null,
        },
        Kind::RegrCount if one_feature => Answer::Int(BigInt::from(moments.n())),
        Kind::RegrIntercept if one_feature => float(solution().map(|line| line[0])),
        Kind::RegrSlope if one_feature => float(solution().map(|line| line[1])),
        Kind::Regr(statistic) if one_feature => float(simple(moments, statistic)),
        _ => return None,
    })
}

/// `None` if the statistic is none of these sums.
fn of_monomials<'a>(
    monomials: &Monomials,
    kind: Kind,
    solution: impl FnOnce() -> Option<&'a [f64]>,
) -> Option<Answer> {
    match kind {
        Kind::Coefficient(index) if index <= monomials.terms().features().len() => Some(match solution() {
            Some(coefficients) => Answer::Float(coefficients[index]),
            None if monomials.n() > 0 => Answer::Float(0.0),
            None => Answer::Null,
        }),
        _ => None,
    }
}

fn fit(monomials: &Monomials) -> Option<Vec<f64>> {
    Normal::new(monomials.gram().ok()?, Model::default()).coefficients()
}

fn float(value: Option<f64>) -> Answer {
    value.map_or(Answer::Null, Answer::Float)
}

fn misfit(statistic: &Statistic, aggregate: &Aggregate, inputs: &[NumberType]) -> Error {
    let columns = aggregate.columns().iter().map(|&at| format!("{at}: {:?}", inputs[at])).collect::<Vec<_>>();
    Error::Invalid(format!(
        "{} is no statistic of aggregate {}, {} of the columns [{}]",
        statistic.name(),
        statistic.aggregate,
        aggregate.name(),
        columns.join(", ")
    ))
}
