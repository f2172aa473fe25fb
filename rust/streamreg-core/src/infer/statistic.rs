//! Infer: the statistics of a fit, by name.

use crate::error::Error;

/// A statistic of a fit; indexes are those of the coefficients, the intercept first if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// A coefficient.
    Coefficient(usize),
    /// The number of rows, whatever their weights.
    N,
    /// The residual degrees of freedom: rows less coefficients.
    Df,
    /// The rank of the features' columns, the intercept's included.
    Rank,
    /// The condition number of the [scaled](super::condition) design.
    ConditionNumber,
    /// The residual sum of squares.
    Rss,
    /// The total sum of squares: about the mean if there is an intercept, else about zero.
    Tss,
    /// √(rss/df).
    ResidualStd,
    /// 1 − rss/tss.
    R2,
    /// R² with both sums divided by their degrees of freedom.
    AdjustedR2,
    /// Fisher's F for all slopes being zero.
    F,
    /// The probability of an F at least as large if they were.
    FPValue,
    /// The logarithm of the normal likelihood at its greatest.
    LogLikelihood,
    /// Akaike's criterion, 2·coefficients − 2·log-likelihood.
    Aic,
    /// The Bayesian criterion, ln(n)·coefficients − 2·log-likelihood.
    Bic,
    /// The quantile of Student's t that confidence intervals reach, in standard errors.
    TQuantile,
    /// The standard error of a coefficient.
    StdError(usize),
    /// Student's t for a coefficient being zero.
    T(usize),
    /// The two-sided probability of a t at least as large if it were.
    PValue(usize),
    /// The lower end of a coefficient's confidence interval.
    CiLow(usize),
    /// The upper end.
    CiHigh(usize),
    /// The covariance of two coefficients.
    Covariance(usize, usize),
}

/// The statistics of the whole fit, by name.
const OF_FIT: [(&str, Statistic); 15] = [
    ("n", Statistic::N),
    ("df", Statistic::Df),
    ("rank", Statistic::Rank),
    ("condition_number", Statistic::ConditionNumber),
    ("rss", Statistic::Rss),
    ("tss", Statistic::Tss),
    ("residual_std", Statistic::ResidualStd),
    ("r2", Statistic::R2),
    ("adjusted_r2", Statistic::AdjustedR2),
    ("f", Statistic::F),
    ("f_p_value", Statistic::FPValue),
    ("log_likelihood", Statistic::LogLikelihood),
    ("aic", Statistic::Aic),
    ("bic", Statistic::Bic),
    ("t_quantile", Statistic::TQuantile),
];

type OfCoefficient = fn(usize) -> Statistic;

/// Those of one coefficient, by name.
const OF_COEFFICIENT: [(&str, OfCoefficient); 6] = [
    ("coefficient", Statistic::Coefficient),
    ("std_error", Statistic::StdError),
    ("t", Statistic::T),
    ("p_value", Statistic::PValue),
    ("ci_low", Statistic::CiLow),
    ("ci_high", Statistic::CiHigh),
];

impl Statistic {
    /// The statistic of this name; `one` and `other` are the coefficients that it is of, or 0.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the name is not known, or takes fewer indexes.
    pub fn named(name: &str, one: usize, other: usize) -> Result<Self, Error> {
        if name == "covariance" {
            return Ok(Self::Covariance(one, other));
        }
        if let Some((_, of)) = OF_COEFFICIENT.iter().find(|(known, _)| *known == name) {
            return if other == 0 { Ok(of(one)) } else { Err(surplus(name, other)) };
        }
        match OF_FIT.iter().find(|(known, _)| *known == name) {
            Some(&(_, statistic)) if one == 0 && other == 0 => Ok(statistic),
            Some(_) => Err(surplus(name, one.max(other))),
            None => Err(Error::Invalid(format!("there is no statistic {name:?}"))),
        }
    }

    /// The same of the coefficients that these are `to` others; `None` if one is none.
    pub(super) fn moved(self, to: impl Fn(usize) -> Option<usize>) -> Option<Self> {
        Some(match self {
            Self::Coefficient(at) => Self::Coefficient(to(at)?),
            Self::StdError(at) => Self::StdError(to(at)?),
            Self::T(at) => Self::T(to(at)?),
            Self::PValue(at) => Self::PValue(to(at)?),
            Self::CiLow(at) => Self::CiLow(to(at)?),
            Self::CiHigh(at) => Self::CiHigh(to(at)?),
            Self::Covariance(one, other) => Self::Covariance(to(one)?, to(other)?),
            of_fit => of_fit,
        })
    }

    /// The coefficients that it is of.
    #[must_use]
    pub fn indexes(self) -> [Option<usize>; 2] {
        match self {
            Self::Coefficient(one)
            | Self::StdError(one)
            | Self::T(one)
            | Self::PValue(one)
            | Self::CiLow(one)
            | Self::CiHigh(one) => [Some(one), None],
            Self::Covariance(one, other) => [Some(one), Some(other)],
            _ => [None, None],
        }
    }
}

fn surplus(name: &str, index: usize) -> Error {
    Error::Invalid(format!("statistic {name:?} takes no index {index}"))
}
