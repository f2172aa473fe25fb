//! Infer: one row beside the fit, exact: its fitted value, and the variances of that.

use crate::plural::plural;
use std::cell::OnceCell;

use num_bigint::BigInt;

use super::Fit;
use crate::column::Numbers;
use crate::error::Error;
use crate::exact::{ONES, signed};
use crate::gram::Unit;
use crate::solve::rational::Rational;

/// A row of the design in the units of the variables and another one, the same for all.
pub(super) struct Row {
    row: Vec<BigInt>,
    unit: Unit,
}

impl Fit {
    /// The number of rows, if these are columns of features.
    pub(super) fn rows_of(&self, columns: &[Numbers<'_>]) -> Result<usize, Error> {
        let features = self.all_features();
        let rows = columns.first().map_or(0, Numbers::len);
        if columns.len() != features || columns.iter().any(|column| column.len() != rows) {
            let wanted = plural(features, "column", "columns");
            return Err(Error::Columns(format!("a prediction takes {wanted} of one length")));
        }
        Ok(rows)
    }

    /// A row of these columns, if it is finite.
    fn row(&self, columns: &[Numbers<'_>], at: usize) -> Option<Row> {
        let features = columns.iter().enumerate().map(|(feature, column)| {
            let (integer, unit) = number(column, at)?;
            let power = self.powers.as_ref().and_then(|powers| powers.get(feature)).map_or(1, |power| *power);
            Some((integer.pow(power), unit.power(power.into())))
        });
        Some(self.scaled(features.collect::<Option<_>>()?))
    }

    /// The row of these features, each an integer in some unit.
    pub(super) fn scaled(&self, features: Vec<(BigInt, Unit)>) -> Row {
        let gram = self.normal.gram();
        let one = (BigInt::from(1), Unit::ONE);
        let features =
            features.into_iter().zip(1..).map(|((integer, unit), at)| (integer, unit / gram.unit(at)));
        let row: Vec<_> = self.model().intercept.then_some(one).into_iter().chain(features).collect();
        let least = |power: fn(&Unit) -> i64| row.iter().map(|(_, unit)| power(unit)).min().unwrap_or(0);
        let unit = Unit { two: least(|unit| unit.two), five: least(|unit| unit.five) };
        let row = row.into_iter().map(|(mantissa, own)| mantissa * (own / unit).to_integer()).collect();
        Row { row, unit }
    }

    /// xᵀβ.
    pub(super) fn value(&self, row: &Row) -> Option<Rational> {
        let (gram, numerators) = (self.normal.gram(), self.normal.numerators()?);
        let unit = row.unit * gram.unit(gram.target());
        Some(Rational::new(product(numerators, &row.row), self.determinant().clone(), unit))
    }

    /// σ²·h and σ²·(1 + h), where h = xᵀ(XᵀWX)⁻¹x: the squares of the standard errors.
    pub(super) fn variances(&self, row: &Row) -> Option<[Rational; 2]> {
        let (gram, determinant) = (self.normal.gram(), self.determinant());
        let freedom = self.positive_freedom()?;
        let (rest, of_rest) = self.rss.as_ref()?;
        // h is quadratic/determinant, in this unit.
        let quadratic: BigInt = self
            .inverse()
            .iter()
            .zip(&row.row)
            .map(|(column, value)| product(column, &row.row) * value)
            .sum();
        let unit = row.unit.power(2) / gram.weight();
        let below = of_rest * determinant * freedom;
        let mean = Rational::new(rest * &quadratic, below.clone(), unit * self.square_unit());
        let down = (Unit::ONE / unit).to_integer();
        let total = determinant * &down + quadratic * unit.to_integer();
        let observation = Rational::new(rest * total, below * down, self.square_unit());
        Some([mean, observation])
    }

    /// What σ²·h grows by along a coefficient's variable: 2σ²·(XᵀWX)⁻¹x.
    pub(super) fn gradient(&self, row: &Row, at: usize) -> Option<Rational> {
        let (gram, freedom) = (self.normal.gram(), self.positive_freedom()?);
        let (rest, of_rest) = self.rss.as_ref()?;
        let along = product(self.inverse().get(at)?, &row.row);
        let unit = row.unit * self.square_unit() / gram.weight() / gram.unit(self.normal.variable(at));
        Some(Rational::new(along * rest * 2, of_rest * self.determinant() * freedom, unit))
    }
}

/// What is known of a row exactly, worked out when it is asked for.
pub(super) struct Exact<'a> {
    fit: &'a Fit,
    columns: &'a [Numbers<'a>],
    at: usize,
    row: OnceCell<Option<Row>>,
    value: OnceCell<Option<Rational>>,
    variances: OnceCell<Option<[Rational; 2]>>,
}

impl<'a> Exact<'a> {
    /// Of a row of these columns.
    pub(super) fn new(fit: &'a Fit, columns: &'a [Numbers<'a>], at: usize) -> Self {
        let (row, value, variances) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { fit, columns, at, row, value, variances }
    }

    fn row(&self) -> Option<&Row> {
        self.row.get_or_init(|| self.fit.row(self.columns, self.at)).as_ref()
    }

    /// The fitted value.
    pub(super) fn value(&self) -> Option<&Rational> {
        self.value.get_or_init(|| self.fit.value(self.row()?)).as_ref()
    }

    /// That of the errors.
    pub(super) fn variance(&self) -> Option<Rational> {
        self.fit.variance()
    }

    /// The variances of the mean and of a new observation.
    pub(super) fn variances(&self) -> Option<&[Rational; 2]> {
        self.variances.get_or_init(|| self.fit.variances(self.row()?)).as_ref()
    }
}

/// The number in a row of a column as a rational, if it is finite.
pub(super) fn rational(column: &Numbers<'_>, at: usize) -> Option<Rational> {
    number(column, at).map(|(integer, unit)| Rational::new(integer, BigInt::from(1), unit))
}

/// A number as an integer in some unit, if it is finite.
pub(super) fn number(column: &Numbers<'_>, at: usize) -> Option<(BigInt, Unit)> {
    match column {
        Numbers::Decimal(decimals) => {
            let decimal = decimals.get(at);
            let exponent = i64::from(decimal.exponent());
            return Some((decimal.mantissa().into(), Unit { two: exponent, five: exponent }));
        }
        Numbers::Time(_, values) => return Some((values[at].into(), Unit { two: -6, five: -6 })),
        Numbers::Float(_) | Numbers::Int(_) => {}
    }
    let part = column.part(at)?;
    Some((part.mantissa.into(), Unit::two(signed(part.exponent) - signed(ONES))))
}

fn product(one: &[BigInt], other: &[BigInt]) -> BigInt {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}
