//! Stage: infer. R² of a fit on rows that need not be its own.
//!
//! The coefficients are rational, so that Σw(y − Xβ)² is, whatever the size of y or of its spread: it is a quadratic
//! form of the rows' cross-products. Nothing is rounded before R² is, and on the fit's own rows that is its own R².

use crate::plural::plural;
use num_bigint::BigInt;
use num_traits::Zero;

use super::Fit;
use crate::error::Error;
use crate::gram::{Gram, Unit};
use crate::solve::rational::Rational;

impl Fit {
    /// 1 − Σw(y − ŷ)² / Σw(y − ȳ)² of rows with these cross-products, each value predicted being exact. Where the
    /// target does not vary it is 1 if all are predicted, else 0. `None` if the fit or the mean of the target is not
    /// determined.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the rows have another number of features.
    pub fn score(&self, rows: &Gram) -> Result<Option<f64>, Error> {
        if rows.features() != self.all_features() {
            return Err(Error::Mismatch(format!(
                "rows of {} are scored by a fit of {}",
                plural(rows.features(), "feature", "features"),
                self.all_features()
            )));
        }
        let rows = &*self.own_gram(rows);
        let ones = rows.entry(0, 0);
        let Some(combination) = self.combination(rows).filter(|_| !ones.is_zero()) else {
            return Ok(None);
        };
        let rest = combination.square(rows) * ones;
        let (sum, squares) = (rows.entry(0, rows.target()), rows.entry(rows.target(), rows.target()));
        let total = (squares * ones - sum * sum) * &combination.scale * &combination.scale;
        if total.is_zero() {
            return Ok(Some(f64::from(u8::from(rest.is_zero()))));
        }
        Ok(Some(Rational::new(&total - rest, total, Unit::ONE).nearest()))
    }

    /// y − Xβ in integers: the units of the coefficients are those of the fit's rows over those of these.
    fn combination(&self, rows: &Gram) -> Option<Combination> {
        let numerators = self.normal.numerators()?;
        let target = rows.unit(rows.target());
        let units: Vec<_> = (0..numerators.len())
            .map(|unknown| self.unit(unknown) * rows.unit(self.normal.variable(unknown)) / target)
            .collect();
        let least = units.iter().fold(Unit::ONE, |least, unit| Unit {
            two: least.two.min(unit.two),
            five: least.five.min(unit.five),
        });
        let factors = numerators
            .iter()
            .zip(units)
            .enumerate()
            .map(|(unknown, (numerator, unit))| {
                (self.normal.variable(unknown), numerator * (unit / least).to_integer())
            })
            .collect();
        Some(Combination { scale: self.determinant() * (Unit::ONE / least).to_integer(), factors })
    }
}

/// scale · y − Σ factor · x, in the unit of y over the scale.
struct Combination {
    scale: BigInt,
    /// For variables.
    factors: Vec<(usize, BigInt)>,
}

impl Combination {
    /// Σw of its square.
    fn square(&self, rows: &Gram) -> BigInt {
        let target = rows.target();
        let own = (target, -&self.scale);
        let all = || self.factors.iter().chain([&own]);
        all()
            .map(|(one, factor)| {
                let inner: BigInt = all().map(|(other, factor)| factor * rows.entry(*one, *other)).sum();
                factor * inner
            })
            .sum()
    }
}
