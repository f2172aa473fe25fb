//! Infer: the ends of intervals, about coefficients and about predictions: estimate ± t·√variance.
//!
//! The estimate is rational and the root that of a rational; only the quantile t has no exact value. All are taken to
//! so many bits that those which cancel leave the double's.

use std::borrow::Cow;

use super::Fit;
use super::bigfloat::{PRECISION, Wide, settled};
use super::student::Quantiles;
use crate::error::Error;
use crate::solve::rational::Rational;

/// What an interval about a prediction is to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// The mean of all observations at a row.
    Confidence,
    /// One new observation of weight 1.
    Prediction,
}

impl Interval {
    /// The interval of this name.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is none.
    pub fn named(name: &str) -> Result<Self, Error> {
        match name {
            "confidence" => Ok(Self::Confidence),
            "prediction" => Ok(Self::Prediction),
            _ => {
                Err(Error::Invalid(format!("an interval is \"confidence\" or \"prediction\", not {name:?}")))
            }
        }
    }

    /// Its own of what there is for the mean and for an observation.
    pub(super) fn of<T>(self, [mean, observation]: [T; 2]) -> T {
        match self {
            Self::Confidence => mean,
            Self::Prediction => observation,
        }
    }
}

/// The ends of intervals at one level.
pub(super) struct Ends<'a> {
    quantiles: Cow<'a, Quantiles>,
}

impl Fit {
    /// Those at a level between 0 and 1; `None` without degrees of freedom.
    pub(super) fn ends(&self, level: f64) -> Option<Ends<'_>> {
        let freedom = u64::try_from(self.positive_freedom()?).ok()?;
        let known = self.quantiles.get_or_init(|| Quantiles::new(freedom, level));
        let quantiles = if known.level().to_bits() == level.to_bits() {
            Cow::Borrowed(known)
        } else {
            Cow::Owned(Quantiles::new(freedom, level))
        };
        Some(Ends { quantiles })
    }
}

impl Ends<'_> {
    /// The quantile itself.
    pub(super) fn quantile(&self) -> &Wide {
        self.quantiles.at(PRECISION)
    }

    /// The lower end; `None` if the variance is below zero.
    pub(super) fn low(&self, estimate: &Rational, variance: &Rational) -> Option<f64> {
        self.end(estimate, variance, true)
    }

    /// The upper end; `None` if the variance is below zero.
    pub(super) fn high(&self, estimate: &Rational, variance: &Rational) -> Option<f64> {
        self.end(estimate, variance, false)
    }

    fn end(&self, estimate: &Rational, variance: &Rational, low: bool) -> Option<f64> {
        (!variance.is_negative()).then(|| {
            settled(|precision| {
                let error = precision.root(&precision.rational(variance));
                let reach = precision.multiply(self.quantiles.at(precision), &error);
                vec![precision.rational(estimate), if low { reach.negated() } else { reach }]
            })
        })
    }
}

/// That a level is one.
pub(super) fn check_level(level: f64) -> Result<(), Error> {
    if level > 0.0 && level < 1.0 {
        return Ok(());
    }
    Err(Error::Invalid(format!("a level lies between 0 and 1, not at {level}")))
}
