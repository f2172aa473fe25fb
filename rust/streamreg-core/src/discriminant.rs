//! Stage: discriminant. From the exact moments of classes to what tells the classes apart.
//!
//! Linear and quadratic discriminant analysis, and Gaussian naive Bayes, by their definitions (T. Hastie,
//! R. Tibshirani, J. Friedman, *The Elements of Statistical Learning*, 2nd edition, 4.3 and 6.6.3): every parameter
//! is a rational number of the state, but for the logarithms in the constants, and is rounded once. Whether there
//! are any (a covariance that is singular) is decided exactly. Rows are scored in doubles, from these parameters.

mod bayes;
mod group;
mod inverse;
mod linear;
mod log;
mod parameters;
mod quadratic;
mod score;

use num_bigint::BigInt;

use crate::classes::{Classes, Label};
use crate::error::Error;
use crate::solve::round;
use bayes::Bayes;
use group::Group;
use linear::Linear;
use log::Argument;
pub use parameters::{Asked, Parameter, parameters};
use quadratic::Quadratic;
use score::Scorer;
pub use score::Scores;

/// How classes are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// One covariance for all classes: scores are linear in the features.
    Linear,
    /// A covariance for each class: scores are quadratic.
    Quadratic,
    /// A variance for each class and feature, no covariances.
    Bayes,
}

/// What a sum of squares is divided by to give a covariance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divisor {
    /// The rows: the estimate of maximum likelihood.
    Rows,
    /// The rows less the means that were estimated from them: the estimate without bias.
    Freedom,
}

/// What becomes of a covariance for all classes that is singular.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Singular {
    /// There is no answer.
    Refused,
    /// The directions that do not vary within the classes are left out, unless none is left.
    Dropped,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No row was added, or as many were removed.
    NoRows,
    /// More rows were removed than added, or others than were added.
    Inconsistent,
    /// So few rows that they have no covariance.
    TooFewRows,
    /// Features are constant, or follow linearly from those before them.
    Singular {
        /// These features, in order.
        features: Vec<usize>,
    },
}

/// That there is no answer, and of which class; of all of them together where there is no label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undefined {
    /// Why.
    pub reason: Reason,
    /// The class.
    pub label: Option<Label>,
}

/// No answer, or a question that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The rows give no answer.
    Undefined(Undefined),
    /// The arguments make no sense.
    Error(Error),
}

impl From<Undefined> for Failure {
    fn from(undefined: Undefined) -> Self {
        Self::Undefined(undefined)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// What rows are scored by, and what users see of it.
#[derive(Clone, Debug)]
pub struct Discriminant {
    scorer: Scorer,
    model: Model,
}

#[derive(Clone, Debug)]
enum Model {
    Linear(Linear),
    Quadratic(Quadratic),
    Bayes,
}

impl Discriminant {
    /// Of the classes that have rows, in the order of their labels; `priors` are theirs, or else the shares of the
    /// rows. `divisor` makes no difference to [`Method::Bayes`], which has maximum likelihood's, and `singular` one
    /// to [`Method::Linear`] alone.
    ///
    /// # Errors
    /// [`Failure::Undefined`] if the rows do not give it, [`Error::Invalid`] unless there is a prior above 0 for each
    /// of the classes.
    pub fn of(
        classes: &Classes,
        method: Method,
        divisor: Divisor,
        singular: Singular,
        priors: Option<&[f64]>,
    ) -> Result<Self, Failure> {
        let mut groups = group::groups(classes)?;
        let priors = priors_of(&groups, priors)?;
        let (scorer, model) = match method {
            Method::Linear => {
                let linear = Linear::of(&mut groups, priors, divisor, singular)?;
                (linear.scorer(), Model::Linear(linear))
            }
            Method::Quadratic => {
                let quadratic = Quadratic::of(groups, priors, divisor)?;
                (quadratic.scorer(), Model::Quadratic(quadratic))
            }
            Method::Bayes => (Bayes::of(&groups, &priors)?.scorer(), Model::Bayes),
        };
        Ok(Self { scorer, model })
    }

    /// What rows are scored by.
    #[must_use]
    pub fn scorer(&self) -> &Scorer {
        &self.scorer
    }

    /// The features that are constant, or follow linearly from those before them, if the answer does without them.
    #[must_use]
    pub fn dropped(&self) -> &[usize] {
        match &self.model {
            Model::Linear(linear) => linear.dropped(),
            Model::Quadratic(_) | Model::Bayes => &[],
        }
    }

    /// A parameter, each number rounded once: "coefficient" (linear: Σ⁻¹μ for each class; quadratic as well),
    /// "intercept" (linear: −½μᵀΣ⁻¹μ + ln π; quadratic: less ½ ln|Σ|), "precision" (quadratic: Σ⁻¹). Of two
    /// classes, linear gives one row: the second's less the first's.
    ///
    /// # Errors
    /// [`Error::Invalid`] for other names.
    pub fn parameter(&self, name: &str) -> Result<Vec<f64>, Error> {
        match (&self.model, name) {
            (Model::Linear(linear), "coefficient") => Ok(linear.coefficients()),
            (Model::Linear(linear), "intercept") => Ok(linear.intercepts()),
            (Model::Quadratic(quadratic), "coefficient") => Ok(quadratic.coefficients()),
            (Model::Quadratic(quadratic), "intercept") => Ok(quadratic.intercepts()),
            (Model::Quadratic(quadratic), "precision") => Ok(quadratic.precisions()),
            _ => Err(Error::Invalid(format!("this discriminant has no parameter {name:?}"))),
        }
    }
}

/// A description of the classes that have rows, each number rounded once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Description {
    /// The share of the rows, of each class.
    Priors,
    /// The means of the features, of each class.
    Means,
    /// The variances of the features, of each class; maximum likelihood's.
    Variances,
    /// The covariance matrix of each class.
    Covariances(Divisor),
    /// The covariance matrix within classes.
    Pooled(Divisor),
}

/// Describes the classes that have rows, in the order of their labels.
///
/// # Errors
/// That the rows do not give it.
pub fn describe(classes: &Classes, description: Description) -> Result<Vec<f64>, Undefined> {
    let mut groups = group::groups(classes)?;
    let variables = classes.features();
    match description {
        Description::Priors => {
            let all = group::rows(&groups);
            Ok(groups.iter().map(|group| round::ratio(group.n(), &all, 0)).collect())
        }
        Description::Means => {
            Ok(groups.iter().flat_map(|group| (0..variables).map(|at| group.mean(at))).collect())
        }
        Description::Variances => Ok(groups.iter().flat_map(bayes::variances).collect()),
        Description::Covariances(divisor) => {
            let matrices = groups.iter().map(|group| quadratic::covariance(group, divisor));
            Ok(matrices.collect::<Result<Vec<_>, _>>()?.concat())
        }
        Description::Pooled(divisor) => linear::covariance(&mut groups, divisor),
    }
}

/// The classes that have rows, in order, and how many.
///
/// # Errors
/// That rows were removed that had not been added, or that there are none.
pub fn counts(classes: &Classes) -> Result<Vec<(Label, i64)>, Undefined> {
    group::groups(classes)?;
    Ok(group::present(classes).map(|(label, moments)| (label.clone(), moments.n())).collect())
}

fn priors_of(groups: &[Group], given: Option<&[f64]>) -> Result<Vec<Argument>, Error> {
    let Some(given) = given else {
        let all = group::rows(groups);
        return Ok(groups.iter().map(|group| Argument::new(group.n().clone(), all.clone(), 0)).collect());
    };
    if given.len() != groups.len() {
        return Err(Error::Invalid(format!("{} priors for {} classes", given.len(), groups.len())));
    }
    given.iter().map(|&prior| prior_of(prior)).collect()
}

fn prior_of(prior: f64) -> Result<Argument, Error> {
    let part = crate::exact::Number::part(prior).filter(|part| part.mantissa > 0);
    let part =
        part.ok_or_else(|| Error::Invalid(format!("a prior must be above 0 and finite, not {prior}")))?;
    let exponent = round::signed(part.exponent) - round::signed(crate::exact::ONES);
    Ok(Argument::new(part.mantissa.into(), BigInt::from(1), exponent))
}
