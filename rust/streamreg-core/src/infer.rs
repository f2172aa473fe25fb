//! Infer: a fitted linear model and its statistics, from the exact cross-products.
//!
//! One elimination of the normal equations gives the coefficients; the inverse, when it is asked for, takes further
//! right sides of the same. Whatever is rational, or the root of a rational, is rounded once from its exact value;
//! what is not ([p-values](beta), [quantiles](student), logarithms) is computed to so many bits that the double is
//! within one unit in the last place. What is not defined is `None`, never 0 or NaN: the decision is exact. Only rows,
//! of which there are many, are first tried in [fewer digits](ball); what these leave open is decided exactly.
//!
//! The formulas are those of G. A. F. Seber and A. J. Lee, *Linear Regression Analysis* (2003), chapters 3 to 5.

pub mod ball;
pub mod beta;
pub mod bigfloat;
pub(crate) mod condition;
mod dropped;
mod evidence;
mod exact_rows;
pub(crate) mod exponential;
mod fast_rows;
mod interval;
mod likelihood;
pub(crate) mod power_of_two;
mod predict;
mod score;
pub mod statistic;
pub mod student;
mod sums;
mod weighted;

use std::sync::OnceLock;

use num_bigint::BigInt;
use num_traits::Signed;

pub use crate::solve::multi::Model;
pub use interval::Interval;
pub use predict::{Intervals, Predictions, Residuals};
pub use statistic::Statistic;

use crate::error::Error;
use crate::gram::{Gram, Unit};
use crate::solve::adjugate::adjugate;
use crate::solve::multi::Normal;
use crate::solve::rational::Rational;
use dropped::Places;
use fast_rows::{Bowl, Plane};
use interval::check_level;
use student::Quantiles;

/// From so many coefficients on the inverse is worked out by remainders (measured).
const MANY: usize = 10;

/// The value of a statistic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A number, rounded once.
    Float(f64),
    /// A count.
    Int(i64),
}

/// A linear model fitted by least squares.
#[derive(Debug)]
pub struct Fit {
    normal: Normal,
    /// Where the coefficients are among all, if some have been dropped.
    places: Option<Places>,
    /// Those of the features, where they are powers of columns.
    powers: Option<Vec<u32>>,
    /// Whether predictions are worked out exactly from the first.
    exactly: bool,
    /// rss in the unit of the weights and twice that of the target, as numerator and denominator.
    rss: Option<(BigInt, BigInt)>,
    inverse: OnceLock<Vec<Vec<BigInt>>>,
    /// Those of the level that was asked for first.
    quantiles: OnceLock<Quantiles>,
    plane: OnceLock<Option<Plane>>,
    bowl: OnceLock<Option<Bowl>>,
}

impl Fit {
    /// Fits a model.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless the ridge is finite and not negative.
    pub fn new(gram: Gram, model: Model) -> Result<Self, Error> {
        if !(model.ridge.is_finite() && model.ridge >= 0.0) {
            return Err(Error::Invalid(format!("a ridge is a number from 0 up, not {}", model.ridge)));
        }
        let normal = Normal::new(gram, model);
        let rss = sums::residual(&normal);
        Ok(Self {
            normal,
            places: None,
            powers: None,
            exactly: false,
            rss,
            inverse: OnceLock::new(),
            quantiles: OnceLock::new(),
            plane: OnceLock::new(),
            bowl: OnceLock::new(),
        })
    }

    /// The same fit, of features that are these powers of columns: predictions take the columns.
    #[must_use]
    pub fn of_powers(self, powers: Vec<u32>) -> Self {
        let powers = if self.places.is_none() { powers } else { self.own(&powers).into_owned() };
        Self { powers: Some(powers), ..self }
    }

    /// The same fit, which gives the same predictions, but takes no shorter way to them: what that is compared with.
    #[must_use]
    pub fn exactly(self) -> Self {
        Self { exactly: true, ..self }
    }

    /// What was fitted.
    #[must_use]
    pub fn model(&self) -> Model {
        self.normal.model()
    }

    /// The rows that were fitted.
    #[must_use]
    pub fn rows(&self) -> i64 {
        self.normal.gram().rows()
    }

    /// The number of coefficients, the intercept included if there is one.
    #[must_use]
    pub fn size(&self) -> usize {
        self.normal.penalties().len()
    }

    /// Whether the rows determine the coefficients.
    #[must_use]
    pub fn is_determined(&self) -> bool {
        self.normal.numerators().is_some()
    }

    /// The coefficients; `None` if the rows do not determine them, NaN for one that has been [dropped](Fit::dropping).
    #[must_use]
    pub fn coefficients(&self) -> Option<Vec<f64>> {
        self.normal.coefficients().map(|coefficients| self.spread(coefficients))
    }

    /// A statistic, `level` being that of confidence intervals; `None` where it is not defined. Of a fit that the rows
    /// do not determine only n, rank and condition number are, with a ridge only n, coefficients, sums of squares, R² and
    /// condition number.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no such coefficient, or if the level does not lie between 0 and 1.
    pub fn statistic(&self, statistic: Statistic, level: f64) -> Result<Option<Value>, Error> {
        let size = self.all();
        if let Some(index) = statistic.indexes().into_iter().flatten().find(|&index| index >= size) {
            return Err(Error::Invalid(format!("there is no coefficient {index}: the fit has {size}")));
        }
        check_level(level)?;
        let Some(statistic) = statistic.moved(|at| self.place(at)) else { return Ok(None) };
        let count = |value: i64| Some(Value::Int(value));
        let plain = self.model().ridge == 0.0;
        Ok(match statistic {
            Statistic::N => count(self.rows()),
            Statistic::Rank if plain => count(counted(self.normal.elimination().rank())),
            Statistic::Rank => None,
            Statistic::Df => self.freedom().and_then(count),
            other => self.number(other, level).map(Value::Float),
        })
    }

    fn number(&self, statistic: Statistic, level: f64) -> Option<f64> {
        match statistic {
            Statistic::Coefficient(at) => Some(self.coefficient(at)?.nearest()),
            Statistic::Rss => Some(self.sum_of_squares(self.rss.clone()?).nearest()),
            Statistic::Tss => Some(self.sum_of_squares(self.tss()?).nearest()),
            Statistic::ResidualStd => self.variance()?.root(),
            Statistic::R2 => self.r2(),
            Statistic::AdjustedR2 => self.adjusted_r2(),
            Statistic::F => self.f(),
            Statistic::FPValue => self.f_p_value(),
            Statistic::LogLikelihood => self.log_likelihood(),
            Statistic::Aic => self.aic(),
            Statistic::Bic => self.bic(),
            Statistic::StdError(at) => self.covariance(at, at)?.root(),
            Statistic::T(at) => self.t(at),
            Statistic::PValue(at) => self.p_value(at),
            Statistic::CiLow(at) => self.ends(level)?.low(&self.coefficient(at)?, &self.covariance(at, at)?),
            Statistic::CiHigh(at) => {
                self.ends(level)?.high(&self.coefficient(at)?, &self.covariance(at, at)?)
            }
            Statistic::ConditionNumber => self.condition_number(),
            Statistic::TQuantile => Some(self.ends(level)?.quantile().nearest()),
            Statistic::Covariance(one, other) => Some(self.covariance(one, other)?.nearest()),
            Statistic::N | Statistic::Df | Statistic::Rank => None,
        }
    }

    /// The residual degrees of freedom, if the plain model is determined: 0 if it goes through every row.
    fn freedom(&self) -> Option<i64> {
        self.normal.numerators()?;
        let freedom = self.rows().checked_sub(counted(self.size()))?;
        (self.model().ridge == 0.0 && freedom >= 0).then_some(freedom)
    }

    /// The residual degrees of freedom, if there are any.
    fn positive_freedom(&self) -> Option<i64> {
        self.freedom().filter(|&freedom| freedom > 0)
    }

    fn coefficient(&self, at: usize) -> Option<Rational> {
        let numerator = self.normal.numerators()?.get(at)?.clone();
        Some(Rational::new(numerator, self.determinant().clone(), self.unit(at)))
    }

    /// The unit of a coefficient.
    fn unit(&self, at: usize) -> Unit {
        let gram = self.normal.gram();
        gram.unit(gram.target()) / gram.unit(self.normal.variable(at))
    }

    fn determinant(&self) -> &BigInt {
        self.normal.elimination().determinant()
    }

    /// The inverse of the equations' matrix times its determinant.
    fn inverse(&self) -> &[Vec<BigInt>] {
        self.inverse.get_or_init(|| {
            let size = self.size();
            if size >= MANY && self.is_determined() && self.normal.elimination().is_in_order() {
                let row = |a| (0..size).map(|b| self.equation(a, b)).collect();
                return adjugate(&(0..size).map(row).collect::<Vec<_>>(), self.determinant());
            }
            let column = |at: usize| {
                let unit: Vec<_> = (0..size).map(|row| BigInt::from(u8::from(row == at))).collect();
                self.normal.elimination().solve(&unit)
            };
            (0..size).map_while(column).collect()
        })
    }

    /// The estimated variance of the errors, rss/df.
    fn variance(&self) -> Option<Rational> {
        let freedom = self.positive_freedom()?;
        let (numerator, denominator) = self.rss.clone()?;
        Some(self.sum_of_squares((numerator, denominator * freedom)))
    }

    /// variance · (XᵀWX)⁻¹.
    fn covariance(&self, one: usize, other: usize) -> Option<Rational> {
        let freedom = self.positive_freedom()?;
        let (numerator, denominator) = self.rss.as_ref()?;
        let entry = self.inverse().get(one)?.get(other)?;
        let unit = self.unit(one) * self.unit(other);
        Some(Rational::new(numerator * entry, denominator * self.determinant() * freedom, unit))
    }
}

/// The number of coefficients, of which there are few.
fn counted(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The same fraction with a denominator above zero.
fn positive(numerator: BigInt, denominator: BigInt) -> (BigInt, BigInt) {
    if denominator.is_negative() { (-numerator, -denominator) } else { (numerator, denominator) }
}
