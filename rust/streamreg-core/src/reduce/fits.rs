//! Reduce: the regressions behind the results, each fitted at most once.

use std::cell::OnceCell;

use super::Reduction;
use super::aggregate_state::AggregateState;
use super::answer::Answer;
use super::state::State;
use crate::error::Error;
use crate::gram::Gram;
use crate::infer::{self, Fit, Model, Value};
use crate::moments::Moments;
use crate::monomials::{Monomials, Terms};
use crate::solve::line::{self, Outcome};

/// How a regression is fitted, and how its results are given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Regression {
    /// What is fitted.
    pub model: Model,
    /// Whether coefficients that the rows do not determine are 0 and not missing.
    pub zeros: bool,
    /// Whether features that follow from those before them are left without a coefficient.
    pub drop: bool,
    /// The level of confidence intervals.
    pub level: f64,
}

impl Default for Regression {
    fn default() -> Self {
        Self { model: Model::default(), zeros: true, drop: false, level: 0.95 }
    }
}

impl Regression {
    /// Fits it.
    ///
    /// # Errors
    /// As [`Fit::new`].
    pub(crate) fn fit(&self, gram: Gram) -> Result<Fit, Error> {
        if self.drop { Fit::dropping(gram, self.model) } else { Fit::new(gram, self.model) }
    }
}

/// The exact sums that a regression is fitted from.
#[derive(Clone, Copy, Debug)]
pub enum Sums<'a> {
    /// Of plain columns.
    Moments(&'a Moments),
    /// With weights, powers or decimals.
    Monomials(&'a Monomials),
}

impl Reduction {
    /// The sums of the regression that this aggregate is.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no such aggregate, or it is no regression.
    pub fn sums(&self, aggregate: usize) -> Result<Sums<'_>, Error> {
        match self.states.get(aggregate).map(AggregateState::state) {
            Some(State::Moments(moments)) => Ok(Sums::Moments(moments)),
            Some(State::Monomials(monomials)) => Ok(Sums::Monomials(monomials)),
            _ => Err(Error::Invalid(format!("aggregate {aggregate} is no regression"))),
        }
    }
}

/// The fits of one state.
#[derive(Debug)]
pub(super) struct Fits<'a> {
    state: &'a State,
    line: OnceCell<Option<[f64; 2]>>,
    gram: OnceCell<Option<Gram>>,
    fitted: Vec<(Model, bool, Fit)>,
}

impl<'a> Fits<'a> {
    pub(super) fn of(state: &'a State) -> Self {
        Self { state, line: OnceCell::new(), gram: OnceCell::new(), fitted: Vec::new() }
    }

    /// Whether the state is that of a line through unweighted points, as SQL knows it.
    pub(super) fn of_a_line(&self) -> bool {
        match self.state {
            State::Moments(moments) => moments.features() == 1,
            State::Monomials(monomials) => {
                monomials.terms().features().len() == 1 && monomials.terms().weight().is_none()
            }
            _ => false,
        }
    }

    /// The cross-products that the state holds.
    pub(super) fn gram(&self) -> Option<&Gram> {
        let gram = self.gram.get_or_init(|| match self.state {
            State::Moments(moments) => Some(Gram::of(moments)),
            State::Monomials(monomials) => monomials.gram().ok(),
            State::Fading(fading) => fading.gram().ok(),
            _ => None,
        });
        gram.as_ref()
    }

    /// A statistic of a regression; `None` if the state is of none.
    pub(super) fn answer(
        &mut self,
        statistic: infer::Statistic,
        regression: &Regression,
    ) -> Result<Option<Answer>, Error> {
        if let (infer::Statistic::Coefficient(at), Some(line)) = (statistic, self.line(regression.model)) {
            return Ok(line.get(at).map(|&value| Answer::Float(value)));
        }
        let Some(fit) = self.fit(regression)? else { return Ok(None) };
        let zero =
            regression.zeros && fit.rows() > 0 && matches!(statistic, infer::Statistic::Coefficient(_));
        Ok(Some(match fit.statistic(statistic, regression.level)? {
            Some(Value::Float(value)) => Answer::Float(value),
            Some(Value::Int(value)) => Answer::Int(value.into()),
            None if zero => Answer::Float(0.0),
            None => Answer::Null,
        }))
    }

    /// Intercept and slope, if that is the model and the fast way finds them.
    fn line(&self, model: Model) -> Option<[f64; 2]> {
        let State::Moments(moments) = self.state else { return None };
        if moments.features() != 1 || model != Model::default() {
            return None;
        }
        *self.line.get_or_init(|| match line::solve(moments) {
            Outcome::Solved(line) => Some(line),
            Outcome::Singular | Outcome::TooWide => None,
        })
    }

    fn fit(&mut self, regression: &Regression) -> Result<Option<&Fit>, Error> {
        let Regression { model, drop, .. } = *regression;
        let known = self.fitted.iter().position(|(known, dropping, _)| (*known, *dropping) == (model, drop));
        let at = known.unwrap_or(self.fitted.len());
        if known.is_none() {
            let Some(gram) = self.gram().cloned() else { return Ok(None) };
            self.fitted.push((model, drop, regression.fit(gram)?));
        }
        Ok(self.fitted.get(at).map(|(.., fit)| fit))
    }
}

/// The fit that predicts rows from the columns of a state; `None` if it is of no regression.
pub(super) fn fit(state: &State, regression: &Regression) -> Result<Option<Fit>, Error> {
    Ok(match state {
        State::Moments(moments) => Some(regression.fit(Gram::of(moments))?),
        State::Monomials(monomials) => {
            Some(regression.fit(monomials.gram()?)?.of_powers(powers(monomials.terms())))
        }
        State::Fading(fading) => Some(regression.fit(fading.gram()?)?.of_powers(powers(fading.terms()))),
        _ => None,
    })
}

fn powers(terms: &Terms) -> Vec<u32> {
    terms.features().iter().map(|feature| feature.power).collect()
}
