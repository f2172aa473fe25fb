//! Infer: sums of squares, and what compares them: R² and F.

use num_bigint::BigInt;
use num_traits::{Signed, Zero};

use super::beta::{Shares, tail};
use super::bigfloat::PRECISION;
use super::{Fit, counted, positive};
use crate::gram::Unit;
use crate::solve::multi::Normal;
use crate::solve::rational::Rational;

/// Σw(y − Xβ)² as numerator and (positive) denominator, in the unit of the weights and twice that of the target.
///
/// With yᵀy = c, Xᵀy = b and β = N/D it is (c·D − bᵀN)/D. With penalties λ it is βᵀ(XᵀX + λ)β that equals bᵀβ, so
/// the fit leaves λ·β² less: (D·(c·D − bᵀN) − λ·N²)/D².
pub(super) fn residual(normal: &Normal) -> Option<(BigInt, BigInt)> {
    let (gram, determinant) = (normal.gram(), normal.elimination().determinant());
    let numerators = normal.numerators()?;
    let mut rest = gram.entry(gram.target(), gram.target()) * determinant;
    for (unknown, numerator) in numerators.iter().enumerate() {
        rest -= gram.entry(normal.variable(unknown), gram.target()) * numerator;
    }
    if normal.model().ridge == 0.0 {
        return Some(positive(rest, determinant.clone()));
    }
    let penalties: BigInt = normal
        .penalties()
        .iter()
        .zip(numerators)
        .map(|(penalty, numerator)| penalty * numerator * numerator)
        .sum();
    Some((rest * determinant - penalties, determinant * determinant))
}

impl Fit {
    /// A sum of squares of the target, or a part of one.
    pub(super) fn sum_of_squares(&self, (numerator, denominator): (BigInt, BigInt)) -> Rational {
        Rational::new(numerator, denominator, self.square_unit())
    }

    pub(super) fn square_unit(&self) -> Unit {
        let gram = self.normal.gram();
        gram.weight() * gram.unit(gram.target()).power(2)
    }

    /// Σw(y − ȳ)², or Σwy² without an intercept, as [`residual`] has it.
    pub(super) fn tss(&self) -> Option<(BigInt, BigInt)> {
        self.normal.numerators()?;
        let gram = self.normal.gram();
        let (ones, squares) = (gram.entry(0, 0), gram.entry(gram.target(), gram.target()));
        if !self.model().intercept {
            return Some((squares.clone(), BigInt::from(1)));
        }
        let sum = gram.entry(0, gram.target());
        (!ones.is_zero()).then(|| positive(squares * ones - sum * sum, ones.clone()))
    }

    /// (tss − rss, rss), both in the same unit; `None` without any tss.
    fn explained_and_rest(&self) -> Option<(BigInt, BigInt)> {
        let ((total, of_total), (rest, of_rest)) = (self.tss()?, self.rss.clone()?);
        let (total, rest) = (total * of_rest, rest * of_total);
        (!total.is_zero()).then(|| (&total - &rest, rest))
    }

    pub(super) fn r2(&self) -> Option<f64> {
        let (explained, rest) = self.explained_and_rest()?;
        Some(ratio(explained.clone(), explained + rest))
    }

    /// 1 − (1 − R²)·(n − 1)/df, or ·n/df without an intercept.
    pub(super) fn adjusted_r2(&self) -> Option<f64> {
        let freedom = self.positive_freedom()?;
        let (explained, rest) = self.explained_and_rest()?;
        let all = self.rows() - i64::from(self.model().intercept);
        let total = (explained + &rest) * freedom;
        Some(ratio(&total - rest * all, total))
    }

    /// The slopes, which F is about.
    fn slopes(&self) -> usize {
        self.normal.gram().features()
    }

    pub(super) fn f(&self) -> Option<f64> {
        let freedom = self.positive_freedom()?;
        let (explained, rest) = self.explained_and_rest()?;
        (!rest.is_zero() && self.slopes() > 0)
            .then(|| ratio(explained * freedom, rest * counted(self.slopes())))
    }

    pub(super) fn f_p_value(&self) -> Option<f64> {
        let freedom = u64::try_from(self.positive_freedom()?).ok()?;
        let (y, x) = self.explained_and_rest()?;
        // d₂/(d₂ + d₁·F) is rss/tss. No sum of rows that are there is below zero.
        let defined = self.slopes() > 0 && x.is_positive() && !y.is_negative();
        defined.then(|| tail(PRECISION, self.slopes() as u64, freedom, &Shares { x, y }).nearest())
    }
}

fn ratio(numerator: BigInt, denominator: BigInt) -> f64 {
    Rational::new(numerator, denominator, Unit::ONE).nearest()
}
