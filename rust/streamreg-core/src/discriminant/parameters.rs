//! Stage: discriminant. The parameters class by class: the cells of a table that has a row for each class.
//!
//! Other than in [`Discriminant`](super::Discriminant) every class has its own, also of two, and where those of one
//! are not defined, those of the others are: a row holds all that its class's score is made of.

use super::bayes::{Added, Variance};
use super::group;
use super::linear::Linear;
use super::log::Argument;
use super::present::Present;
use super::quadratic::Class;
use super::{Method, Model};
use crate::classes::Classes;
use crate::error::Error;
use crate::moments::Moments;
use crate::solve::round::ratio;

/// The parameters of one class; `None` where the rows do not give it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameter {
    /// The rows of the class that are finite.
    pub n: i64,
    /// The prior probability.
    pub prior: Option<f64>,
    /// The constant of the score; of naive Bayes there is none.
    pub intercept: Option<f64>,
    /// The factors of the features in the score; of naive Bayes their means.
    pub linear: Option<Vec<f64>>,
    /// Row by row of the upper triangle the factors of the products of two features in the score, if that is
    /// quadratic; of naive Bayes the variances of the features.
    pub quadratic: Option<Vec<f64>>,
}

impl Parameter {
    /// As [`Parameter`] of a class that has rows, the values beside it.
    fn fill(&mut self, intercept: Option<f64>, linear: Vec<f64>, quadratic: Option<Vec<f64>>) {
        (self.intercept, self.linear, self.quadratic) = (intercept, Some(linear), quadratic);
    }
}

/// The parameters of all classes of a state, in the order of their labels.
///
/// `priors` has an entry for each of them; a class without a prior has no constant. Without any, the priors are the
/// shares of the rows. Each number is rounded once.
///
/// # Errors
/// [`Error::Invalid`] unless each prior is above 0 and finite, and there is one for each class if there are any; if
/// the smoothing is below 0 or not finite.
pub fn parameters(
    classes: &Classes,
    model: &Model,
    priors: Option<&[Option<f64>]>,
) -> Result<Vec<Parameter>, Error> {
    let Present { places, mut groups, priors: known } = Present::of(classes, priors)?;
    let all = group::rows(&groups);
    let parameter = |(at, (_, moments)): (usize, (_, &Moments))| {
        let n = moments.n();
        let share = || (!groups.is_empty()).then(|| ratio(&n.into(), &all, 0));
        Parameter { n, prior: priors.map_or_else(share, |given| given[at]), ..Parameter::default() }
    };
    let mut found: Vec<_> = classes.iter().enumerate().map(parameter).collect();
    let own = places.iter().zip(known);
    match model.method {
        Method::Linear => {
            let priors = own.clone().map(|(_, prior)| prior.unwrap_or_else(Argument::one)).collect();
            if let Ok(linear) = Linear::of(&mut groups, priors, model.divisor, model.singular) {
                for ((&at, prior), (intercept, factors)) in own.zip(linear.each()) {
                    found[at].fill(prior.map(|_| intercept), factors, None);
                }
            }
        }
        Method::Quadratic => {
            for ((&at, prior), group) in own.zip(groups) {
                let known = prior.is_some();
                if let Ok(class) = Class::of(group, prior.unwrap_or_else(Argument::one), model.divisor) {
                    let intercept = known.then(|| class.intercept());
                    found[at].fill(intercept, class.coefficients(), Some(class.products()));
                }
            }
        }
        Method::Bayes => {
            let added = Added::of(&mut groups, model.smoothing)?;
            for (&at, group) in places.iter().zip(&groups) {
                let variances = Variance::of(group, &added);
                let means = (0..group.variables()).map(|feature| group.mean(feature)).collect();
                found[at].fill(None, means, Some(variances.iter().map(Variance::nearest).collect()));
            }
        }
    }
    Ok(found)
}
