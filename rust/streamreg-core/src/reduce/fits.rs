//! Stage: reduce. The regressions behind the answers, each fitted at most once.

use std::cell::OnceCell;

use super::answer::Answer;
use super::state::State;
use crate::error::Error;
use crate::gram::Gram;
use crate::infer::{self, Fit, Model, Value};
use crate::moments::Moments;
use crate::solve::line::{self, Outcome};

/// How a regression is fitted, and how its answer is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Regression {
    /// What is fitted.
    pub model: Model,
    /// Whether coefficients that the rows do not determine are 0 and not missing.
    pub zeros: bool,
    /// The level of confidence intervals.
    pub level: f64,
}

impl Default for Regression {
    fn default() -> Self {
        Self { model: Model::default(), zeros: true, level: 0.95 }
    }
}

/// The fits of one state.
#[derive(Debug)]
pub(super) struct Fits<'a> {
    moments: &'a Moments,
    line: OnceCell<Outcome>,
    fitted: Vec<(Model, Fit)>,
}

impl<'a> Fits<'a> {
    /// Those of a state, if it is one of moments.
    pub(super) fn of(state: &'a State) -> Option<Self> {
        let State::Moments(moments) = state else { return None };
        Some(Self { moments, line: OnceCell::new(), fitted: Vec::new() })
    }

    /// A statistic of a regression.
    pub(super) fn answer(
        &mut self,
        statistic: infer::Statistic,
        regression: &Regression,
    ) -> Result<Answer, Error> {
        let value = match (statistic, self.line(regression.model)) {
            (infer::Statistic::Coefficient(at), Some(line)) => {
                let Some(&value) = line.get(at) else {
                    return Err(Error::Invalid(format!("there is no coefficient {at} of a line")));
                };
                Some(Value::Float(value))
            }
            _ => self.fit(regression.model)?.statistic(statistic, regression.level)?,
        };
        let determined = matches!(statistic, infer::Statistic::Coefficient(_)) && regression.zeros;
        Ok(match value {
            Some(Value::Float(value)) => Answer::Float(value),
            Some(Value::Int(value)) => Answer::Int(value.into()),
            None if determined && self.moments.n() > 0 => Answer::Float(0.0),
            None => Answer::Null,
        })
    }

    /// Intercept and slope, if that is the model and the fast way finds them.
    fn line(&self, model: Model) -> Option<[f64; 2]> {
        if self.moments.features() != 1 || model != Model::default() {
            return None;
        }
        match self.line.get_or_init(|| line::solve(self.moments)) {
            Outcome::Solved(line) => Some(*line),
            Outcome::Singular | Outcome::TooWide => None,
        }
    }

    fn fit(&mut self, model: Model) -> Result<&Fit, Error> {
        let known = self.fitted.iter().position(|(known, _)| *known == model);
        let at = known.unwrap_or(self.fitted.len());
        if known.is_none() {
            self.fitted.push((model, Fit::new(Gram::of(self.moments), model)?));
        }
        Ok(&self.fitted[at].1)
    }
}
