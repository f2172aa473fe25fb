//! Reduce: the statistics of a reduction, and how each is computed.

use num_bigint::BigInt;

use super::Aggregate;
use super::aggregate_state::AggregateState;
use super::answer::Answer;
use super::extreme::Value;
use super::fits::{Fits, Regression};
use super::state::State;
use crate::accumulate::Accumulator;
use crate::column::NumberType;
use crate::error::Error;
use crate::infer;
use crate::solve::simple::{Denominator, Simple, simple};
use crate::solve::total;

/// A statistic of one aggregate.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistic {
    aggregate: usize,
    name: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Count,
    Sum,
    Average,
    Min,
    Max,
    RegrCount,
    RegrIntercept,
    RegrSlope,
    Simple(Simple),
    Fit(infer::Statistic, Regression),
}

/// The names of those that are of no fit.
const NAMES: [(&str, Kind); 21] = [
    ("count", Kind::Count),
    ("sum", Kind::Sum),
    ("avg", Kind::Average),
    ("min", Kind::Min),
    ("max", Kind::Max),
    ("regr_count", Kind::RegrCount),
    ("regr_intercept", Kind::RegrIntercept),
    ("regr_slope", Kind::RegrSlope),
    ("regr_avgx", Kind::Simple(Simple::AverageX)),
    ("regr_avgy", Kind::Simple(Simple::AverageY)),
    ("regr_sxx", Kind::Simple(Simple::SquaresX)),
    ("regr_syy", Kind::Simple(Simple::SquaresY)),
    ("regr_sxy", Kind::Simple(Simple::SquaresXY)),
    ("regr_r2", Kind::Simple(Simple::R2)),
    ("corr", Kind::Simple(Simple::Correlation)),
    ("covar_pop", Kind::Simple(Simple::Covariance(Denominator::All))),
    ("covar_samp", Kind::Simple(Simple::Covariance(Denominator::ButOne))),
    ("var_pop", Kind::Simple(Simple::Variance(Denominator::All))),
    ("var_samp", Kind::Simple(Simple::Variance(Denominator::ButOne))),
    ("stddev_pop", Kind::Simple(Simple::Deviation(Denominator::All))),
    ("stddev_samp", Kind::Simple(Simple::Deviation(Denominator::ButOne))),
];

impl Statistic {
    /// The statistic of this name of an aggregate; `index` is that of the "coefficient" of the plain regression, and is
    /// 0 for the others.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the name is not known.
    pub fn new(aggregate: usize, name: &str, index: usize) -> Result<Self, Error> {
        if name == "coefficient" {
            return Self::of_regression(aggregate, name, [index, 0], Regression::default());
        }
        match NAMES.iter().find(|(known, _)| *known == name) {
            Some(&(_, kind)) if index == 0 => Ok(Self { aggregate, name: name.to_owned(), kind }),
            Some(_) => {
                Err(Error::Invalid(format!("statistic {name:?} takes no index, but was given {index}")))
            }
            None => Err(Error::Invalid(format!("there is no statistic {name:?}"))),
        }
    }

    /// A statistic of a regression, as [`infer::Statistic::named`] has them.
    ///
    /// # Errors
    /// As there.
    pub fn of_regression(
        aggregate: usize,
        name: &str,
        [one, other]: [usize; 2],
        regression: Regression,
    ) -> Result<Self, Error> {
        let kind = Kind::Fit(infer::Statistic::named(name, one, other)?, regression);
        Ok(Self { aggregate, name: name.to_owned(), kind })
    }
}

/// Computes all statistics; each regression is fitted at most once.
pub(super) fn answers(
    inputs: &[NumberType],
    aggregates: &[Aggregate],
    states: &[AggregateState],
    statistics: &[Statistic],
) -> Result<Vec<Answer>, Error> {
    let mut fits: Vec<_> = states.iter().map(|each| Fits::of(each.state())).collect();
    let mut answers = Vec::with_capacity(statistics.len());
    for statistic in statistics {
        let at = statistic.aggregate;
        let (Some(state), Some(aggregate), Some(fits)) =
            (states.get(at), aggregates.get(at), fits.get_mut(at))
        else {
            let (name, count) = (&statistic.name, states.len());
            return Err(Error::Invalid(format!("{name} is asked of aggregate {at}, but there are {count}")));
        };
        let answer = match of_regression(fits, statistic.kind) {
            Some((asked, regression)) => fits.answer(asked, &regression)?,
            None if fits.of_a_line() => of_line(fits, statistic.kind),
            None => of_state(state.state(), statistic.kind, is_minimum(aggregate)),
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
        (State::Count(count), Kind::Count) => Answer::Int(BigInt::from(count.rows())),
        (State::Sum { sum, .. }, Kind::Sum) if sum.n() == 0 && sum.excluded() == 0 => Answer::Null,
        (State::Sum { sum, kind }, Kind::Sum) => match kind {
            NumberType::Float => Answer::Float(total::sum(sum)),
            NumberType::Time(time) => Answer::of_micros(*time, &total::integer_sum(sum)),
            _ => Answer::Int(total::integer_sum(sum)),
        },
        (State::Sum { sum, kind: NumberType::Time(time) }, Kind::Average) => {
            total::integer_average(sum).map_or(Answer::Null, |average| Answer::of_micros(*time, &average))
        }
        (State::Sum { sum, .. }, Kind::Average) => float(total::average(sum)),
        (State::DecimalSum(sum), Kind::Sum) if sum.n() == 0 => Answer::Null,
        (State::DecimalSum(sum), Kind::Sum) => Answer::Decimal(total::decimal_sum(sum)),
        (State::DecimalSum(sum), Kind::Average) => float(total::decimal_average(sum)),
        (State::Extreme(extreme), Kind::Min | Kind::Max) if minimum == (kind == Kind::Min) => {
            match extreme.value() {
                Some(Value::Float(value)) => Answer::Float(value),
                Some(Value::Int(value)) => match extreme.kind() {
                    NumberType::Time(time) => Answer::Time(time, value),
                    _ => Answer::Int(BigInt::from(value)),
                },
                Some(Value::Decimal(value)) => Answer::Decimal(value.to_string()),
                None => Answer::Null,
            }
        }
        _ => return None,
    })
}

/// The statistic of a regression that this one is, if it is one.
fn of_regression(fits: &Fits<'_>, kind: Kind) -> Option<(infer::Statistic, Regression)> {
    // Where no line is determined SQL has NULL.
    let line = Regression { zeros: false, ..Regression::default() };
    match kind {
        Kind::Fit(statistic, regression) => Some((statistic, regression)),
        Kind::RegrIntercept if fits.of_a_line() => Some((infer::Statistic::Coefficient(0), line)),
        Kind::RegrSlope if fits.of_a_line() => Some((infer::Statistic::Coefficient(1), line)),
        _ => None,
    }
}

/// `None` if the statistic needs more than the cross-products of a line.
fn of_line(fits: &Fits<'_>, kind: Kind) -> Option<Answer> {
    match kind {
        Kind::RegrCount => Some(Answer::Int(BigInt::from(fits.gram()?.rows()))),
        Kind::Simple(statistic) => Some(float(simple(fits.gram()?, statistic))),
        _ => None,
    }
}

fn float(value: Option<f64>) -> Answer {
    value.map_or(Answer::Null, Answer::Float)
}

fn misfit(statistic: &Statistic, aggregate: &Aggregate, inputs: &[NumberType]) -> Error {
    let columns = aggregate.columns().iter().map(|&at| format!("{at}: {:?}", inputs[at])).collect::<Vec<_>>();
    Error::Invalid(format!(
        "{} is no statistic of aggregate {}, {} of the columns [{}]",
        statistic.name,
        statistic.aggregate,
        aggregate.name(),
        columns.join(", ")
    ))
}
