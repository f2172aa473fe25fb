//! Stage: discriminant. From the exact moments of classes to discriminant functions: classification.
//!
//! Linear and quadratic discriminant analysis, and Gaussian naive Bayes, by their definitions (T. Hastie,
//! R. Tibshirani, J. Friedman, *The Elements of Statistical Learning*, 2nd edition, 4.3 and 6.6.3): every parameter
//! is a rational number of the state, but for the logarithms in the constants, and is rounded once. Whether there
//! are any (a covariance that is singular) is decided exactly. Rows are scored by the exact parameters, too.

mod bayes;
mod exact_score;
mod fast_score;
mod group;
mod inverse;
mod linear;
mod log;
mod parameters;
mod posterior;
mod predict;
mod present;
mod quadratic;
mod score;

use crate::plural::plural;
use num_bigint::BigInt;
use num_traits::Signed;

use crate::classes::{Classes, Label};
use crate::error::Error;
use crate::solve::round;
use bayes::{Added, Bayes, Variance};
use group::Group;
pub use group::{Grouped, weighted_counts};
use linear::Linear;
use log::Argument;
pub use parameters::{Parameter, parameters};
pub use predict::{Predictions, Predictor};
use quadratic::Quadratic;
use score::Scorer;
pub use score::Scores;

/// The method of classification.
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
    /// There is no result.
    Refused,
    /// The directions that do not vary within the classes are excluded, unless none is left.
    Dropped,
}

/// The method of classification, and its estimates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Model {
    /// How.
    pub method: Method,
    /// What covariances are divided by; those of [`Method::Bayes`] have no choice, and are maximum likelihood's.
    pub divisor: Divisor,
    /// What becomes of a singular covariance of all classes, which [`Method::Linear`] has.
    pub singular: Singular,
    /// The share of the greatest variance that [`Method::Bayes`] adds to all.
    pub smoothing: f64,
}

impl Model {
    /// By this method, with maximum likelihood's estimates as they are.
    #[must_use]
    pub fn of(method: Method) -> Self {
        Self { method, divisor: Divisor::Rows, singular: Singular::Refused, smoothing: 0.0 }
    }
}

/// Why there is no result.
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

/// That there is no result, and for which class; of all of them together where there is no label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undefined {
    /// Why.
    pub reason: Reason,
    /// The class.
    pub label: Option<Label>,
}

/// No result, or arguments that make no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The rows give no result.
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

/// The functions that rows are scored by, and their parameters.
#[derive(Clone, Debug)]
pub struct Discriminant {
    scorer: Scorer,
    solved: Solved,
}

#[derive(Clone, Debug)]
enum Solved {
    Linear(Box<Linear>),
    Quadratic(Quadratic),
    /// With the features that do not vary in a class but for roundings.
    Bayes(Vec<usize>),
}

impl Discriminant {
    /// Of the classes that have rows, in the order of their labels; `priors` are theirs, or else the shares of the
    /// rows.
    ///
    /// # Errors
    /// [`Failure::Undefined`] if the rows do not give it, [`Error::Invalid`] unless there is a prior above 0 for each
    /// of the classes, or if the smoothing is below 0 or not finite.
    pub fn of(classes: &impl Grouped, model: &Model, priors: Option<&[f64]>) -> Result<Self, Failure> {
        let Model { divisor, singular, .. } = *model;
        check_products(classes, matches!(model.method, Method::Bayes))?;
        let mut groups = classes.groups()?;
        let priors = priors_of(&groups, priors)?;
        let (scorer, solved) = match model.method {
            Method::Linear => {
                let linear = Linear::of(&mut groups, priors, divisor, singular)?;
                (linear.scorer(), Solved::Linear(Box::new(linear)))
            }
            Method::Quadratic => {
                let quadratic = Quadratic::of(groups, priors, divisor)?;
                (quadratic.scorer(), Solved::Quadratic(quadratic))
            }
            Method::Bayes => {
                let added = Added::of(&mut groups, model.smoothing)?;
                let bayes = Bayes::of(&groups, &priors, &added)?;
                let near = bayes.nearly_constant();
                (bayes.scorer(), Solved::Bayes(near))
            }
        };
        Ok(Self { scorer, solved })
    }

    /// What rows are scored by.
    #[must_use]
    pub fn scorer(&self) -> &Scorer {
        &self.scorer
    }

    /// The features that are constant, or follow linearly from those before them, if the result excludes them.
    #[must_use]
    pub fn dropped(&self) -> &[usize] {
        match &self.solved {
            Solved::Linear(linear) => linear.dropped(),
            Solved::Quadratic(_) | Solved::Bayes(_) => &[],
        }
    }

    /// The features that in the classes together, or in one of them, are constant or follow linearly from those before
    /// them, but for roundings.
    #[must_use]
    pub fn nearly_dependent(&self) -> Vec<usize> {
        match &self.solved {
            Solved::Linear(linear) => linear.nearly_dependent().to_vec(),
            Solved::Quadratic(quadratic) => quadratic.nearly_dependent(),
            Solved::Bayes(near) => near.clone(),
        }
    }

    /// A parameter, each number rounded once: "coefficient" (linear: Σ⁻¹μ for each class; quadratic as well),
    /// "intercept" (linear: −½μᵀΣ⁻¹μ + ln π; quadratic: less ½ ln|Σ|), "precision" (quadratic: Σ⁻¹). Of two
    /// classes, linear gives one row: the second's less the first's.
    ///
    /// # Errors
    /// [`Error::Invalid`] for other names.
    pub fn parameter(&self, name: &str) -> Result<Vec<f64>, Error> {
        match (&self.solved, name) {
            (Solved::Linear(linear), "coefficient") => Ok(linear.coefficients()),
            (Solved::Linear(linear), "intercept") => Ok(linear.intercepts()),
            (Solved::Quadratic(quadratic), "coefficient") => Ok(quadratic.coefficients()),
            (Solved::Quadratic(quadratic), "intercept") => Ok(quadratic.intercepts()),
            (Solved::Quadratic(quadratic), "precision") => Ok(quadratic.precisions()),
            _ => Err(Error::Invalid(format!("this discriminant has no parameter {name:?}"))),
        }
    }
}

/// A description of the classes that have rows, each number rounded once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Description {
    /// The share of the rows, of each class.
    Priors,
    /// The means of the features, of each class.
    Means,
    /// The variances of the features, of each class; maximum likelihood's, and this share of the greatest.
    Variances(f64),
    /// The covariance matrix of each class.
    Covariances(Divisor),
    /// The covariance matrix within classes.
    Pooled(Divisor),
}

/// Describes the classes that have rows, in the order of their labels.
///
/// # Errors
/// [`Failure::Undefined`] if the rows do not give it, [`Error::Invalid`] if the smoothing is below 0 or not finite.
pub fn describe(classes: &impl Grouped, description: Description) -> Result<Vec<f64>, Failure> {
    check_products(classes, !matches!(description, Description::Covariances(_) | Description::Pooled(_)))?;
    let mut groups = classes.groups()?;
    let variables = classes.features();
    match description {
        Description::Priors => {
            let all = group::rows(&groups);
            Ok(groups.iter().map(|group| round::ratio(group.n(), &all, 0)).collect())
        }
        Description::Means => {
            Ok(groups.iter().flat_map(|group| (0..variables).map(|at| group.mean(at))).collect())
        }
        Description::Variances(smoothing) => {
            let added = Added::of(&mut groups, smoothing)?;
            let variances = groups.iter().flat_map(|group| Variance::of(group, &added));
            Ok(variances.map(|variance| variance.nearest()).collect())
        }
        Description::Covariances(divisor) => {
            let matrices = groups.iter().map(|group| quadratic::covariance(group, divisor));
            Ok(matrices.collect::<Result<Vec<_>, _>>()?.concat())
        }
        Description::Pooled(divisor) => Ok(linear::covariance(&mut groups, divisor)?),
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

/// That the products of features are known, unless squares do.
fn check_products(classes: &impl Grouped, squares_do: bool) -> Result<(), Error> {
    if squares_do || !classes.squares_only() {
        return Ok(());
    }
    Err(Error::Invalid(
        "of these classes the squares of features are known, and no other products".to_owned(),
    ))
}

fn priors_of(groups: &[Group], given: Option<&[f64]>) -> Result<Vec<Argument>, Error> {
    let Some(given) = given else {
        let all = group::rows(groups);
        return Ok(groups.iter().map(|group| Argument::new(group.n().clone(), all.clone(), 0)).collect());
    };
    if given.len() != groups.len() {
        return Err(Error::Invalid(format!(
            "{} for {}",
            plural(given.len(), "prior", "priors"),
            plural(groups.len(), "class", "classes")
        )));
    }
    given.iter().map(|&prior| prior_of(prior)).collect()
}

fn prior_of(prior: f64) -> Result<Argument, Error> {
    let part = rational(prior).filter(|(mantissa, _)| mantissa.is_positive());
    let (mantissa, two) =
        part.ok_or_else(|| Error::Invalid(format!("a prior must be above 0 and finite, not {prior}")))?;
    Ok(Argument::new(mantissa, BigInt::from(1), two))
}

/// A double that is finite and not below 0 as an integer times a power of two.
fn rational(double: f64) -> Option<(BigInt, i64)> {
    let part = crate::exact::Number::part(double).filter(|part| part.mantissa >= 0)?;
    Some((
        part.mantissa.into(),
        crate::exact::signed(part.exponent) - crate::exact::signed(crate::exact::ONES),
    ))
}
