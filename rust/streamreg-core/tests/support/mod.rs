//! What the tests share: numbers to try, and answers recomputed in rationals by other means than the library's.

#![allow(dead_code, reason = "each test file uses its part of this")]
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

pub mod events;

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::float::FloatCore;
use num_traits::{Signed, Zero};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use streamreg_core::accumulate::Accumulator;
use streamreg_core::classes::Labelled;
use streamreg_core::classes::{Classes, Label};
use streamreg_core::column::{Decimals, NumberType, Numbers};
use streamreg_core::decimal::Decimal;
use streamreg_core::moments::Moments;
use streamreg_core::reduce::{Aggregate, Reduction, Statistic};
use streamreg_core::time::TimeType;

/// A rational number.
pub type Rational = Ratio<BigInt>;

/// The same cases in every run.
pub fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(2026), ..Config::default() }
}

/// Finite doubles of every kind: ordinary ones, any bits, subnormals, extremes, times, zeros of both signs.
pub fn double() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -1e3..1e3f64,
        3 => (-50i32..50).prop_map(f64::from),
        2 => any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |value| value.is_finite()),
        1 => (0u64..1 << 52, any::<bool>()).prop_map(|(bits, negative)| {
            f64::from_bits(bits | u64::from(negative) << 63)
        }),
        1 => prop::sample::select(vec![
            f64::MAX, -f64::MAX, f64::MIN_POSITIVE, -f64::MIN_POSITIVE, 5e-324, -5e-324, 0.0, -0.0, 1.0, -1.0,
            2f64.powi(1000), -2f64.powi(-1000), 1e300, 1e16, 1.0 + f64::EPSILON,
        ]),
        1 => (0i32..1000).prop_map(|i| 1.7e12 + f64::from(i)),
    ]
}

/// Integers of every size.
pub fn integer() -> impl Strategy<Value = i64> {
    prop_oneof![
        2 => -100..100i64,
        1 => any::<i64>(),
        1 => prop::sample::select(vec![
            i64::MAX, i64::MIN, i64::MIN + 1, (1 << 53) - 1, 1 << 53, (1 << 53) + 1, -(1 << 53), 0,
        ]),
    ]
}

/// A column that owns its numbers.
#[derive(Clone, Debug)]
pub enum Column {
    Float(Vec<f64>),
    Int(Vec<i64>),
    Decimal(Vec<[i64; 3]>),
    Time(TimeType, Vec<i64>),
}

impl Column {
    pub fn numbers(&self) -> Numbers<'_> {
        match self {
            Self::Float(values) => Numbers::Float(values),
            Self::Int(values) => Numbers::Int(values),
            Self::Decimal(words) => Numbers::Decimal(Decimals::new(words).unwrap()),
            Self::Time(kind, micros) => Numbers::Time(*kind, micros),
        }
    }

    /// The rows of these indexes, in their order.
    pub fn pick(&self, rows: &[usize]) -> Self {
        match self {
            Self::Float(values) => Self::Float(rows.iter().map(|&row| values[row]).collect()),
            Self::Int(values) => Self::Int(rows.iter().map(|&row| values[row]).collect()),
            Self::Decimal(words) => Self::Decimal(rows.iter().map(|&row| words[row]).collect()),
            Self::Time(kind, micros) => Self::Time(*kind, rows.iter().map(|&row| micros[row]).collect()),
        }
    }

    /// The exact value of a row, if it is finite.
    pub fn rational(&self, row: usize) -> Option<Rational> {
        match self {
            Self::Float(values) => rational(values[row]),
            Self::Int(values) => Some(Rational::from_integer(values[row].into())),
            Self::Decimal(words) => Some(decimal_value(Decimal::from_words(words[row]).unwrap())),
            Self::Time(_, micros) => Some(Rational::new(micros[row].into(), 1_000_000.into())),
        }
    }
}

/// The exact value of a decimal.
pub fn decimal_value(decimal: Decimal) -> Rational {
    Rational::from_integer(decimal.mantissa().into())
        * Rational::from_integer(10.into()).pow(decimal.exponent())
}

/// Decimals of every kind: prices, long ones, and those at the ends of the range.
pub fn decimal() -> impl Strategy<Value = Decimal> {
    const MOST: i128 = 10i128.pow(34) - 1;
    let edge = prop::sample::select(vec![MOST, -MOST, 1, -1, 0]);
    prop_oneof![
        4 => (-100_000i128..100_000, -3i32..1),
        2 => (-MOST..=MOST, -40i32..5),
        1 => (-MOST..=MOST, -400i32..360),
        1 => (edge, prop::sample::select(vec![-400, 366, 0, -34])),
    ]
    .prop_map(|(mantissa, exponent)| Decimal::new(mantissa, exponent).unwrap())
}

/// Columns of equal length, each of doubles or of integers.
pub fn columns(count: usize, rows: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Column>> {
    rows.prop_flat_map(move |rows| {
        let column = prop_oneof![
            3 => prop::collection::vec(double(), rows).prop_map(Column::Float),
            1 => prop::collection::vec(integer(), rows).prop_map(Column::Int),
        ];
        prop::collection::vec(column, count)
    })
}

/// Borrowed columns.
pub fn numbers(columns: &[Column]) -> Vec<Numbers<'_>> {
    columns.iter().map(Column::numbers).collect()
}

/// The rows, exactly.
pub fn rationals(columns: &[Column]) -> Vec<Vec<Rational>> {
    let rows = columns[0].numbers().len();
    (0..rows)
        .filter_map(|row| columns.iter().map(|column| column.rational(row)).collect::<Option<Vec<_>>>())
        .collect()
}

/// The exact value of a double, if it is finite.
pub fn rational(value: f64) -> Option<Rational> {
    let (mantissa, exponent, sign) = value.integer_decode();
    let power = BigInt::from(1) << exponent.unsigned_abs();
    let integer = BigInt::from(mantissa) * sign;
    value.is_finite().then(|| match exponent {
        0.. => Rational::from_integer(integer * power),
        _ => Rational::new(integer, power),
    })
}

/// The nearest double, ties to even, found by bisection over the doubles themselves.
pub fn nearest(value: &Rational) -> f64 {
    let size = value.abs();
    // The patterns of positive doubles are in the order of their values; one past the last is 2^1024.
    let exact = |bits: u64| {
        let units = BigInt::from(bits & ((1 << 52) - 1) | u64::from(bits >> 52 > 0) << 52);
        units << (bits >> 52).max(1)
    };
    // In units of 2^-1075, half of the least double.
    let (numerator, denominator) = (size.numer() << 1075u32, size.denom().clone());
    let (mut low, mut high) = (0u64, 0x7ff0_0000_0000_0000);
    if numerator >= exact(high) * &denominator {
        low = high;
    }
    while high - low > 1 {
        let middle = low.midpoint(high);
        if exact(middle) * &denominator <= numerator { low = middle } else { high = middle }
    }
    let twice = numerator * 2;
    let middle = (exact(low) + exact(high)) * denominator;
    let bits = if twice > middle || (twice == middle && low % 2 == 1) { high } else { low };
    let size = f64::from_bits(bits);
    if value.is_negative() && size != 0.0 { -size } else { size }
}

/// Times this every double is an integer.
pub fn grid() -> BigInt {
    BigInt::from(1) << 1074
}

/// A double in units of 2^-1074.
fn units(value: &Rational) -> BigInt {
    value.numer() * (grid() / value.denom())
}

/// The sum over all rows of a product of two numbers of each, or of one (where `other` is none).
pub fn sum(rows: &[Vec<Rational>], one: usize, other: Option<usize>) -> Rational {
    let factor = |row: &[Rational]| other.map_or_else(grid, |other| units(&row[other]));
    let total: BigInt = rows.iter().map(|row| units(&row[one]) * factor(row)).sum();
    Rational::new(total, grid() * grid())
}

/// The least squares solution of rows (features…, target) with an intercept, by elimination in rationals.
pub fn fit(rows: &[Vec<Rational>]) -> Option<Vec<Rational>> {
    let unknowns = rows.first()?.len();
    // All of a row, its one included, in units of 2^-1074: the solution is the same, and the sums are integers.
    let mut sums = vec![vec![BigInt::ZERO; unknowns + 1]; unknowns];
    for row in rows {
        let units = row.iter().map(units);
        let extended: Vec<_> = std::iter::once(grid()).chain(units).collect();
        for (equation, left) in sums.iter_mut().zip(&extended) {
            for (entry, right) in equation.iter_mut().zip(&extended) {
                *entry += left * right;
            }
        }
    }
    let mut system: Vec<Vec<_>> =
        sums.into_iter().map(|row| row.into_iter().map(Rational::from_integer).collect()).collect();
    for step in 0..unknowns {
        let pivot = (step..unknowns).find(|&row| !system[row][step].is_zero())?;
        system.swap(step, pivot);
        let factor = system[step][step].recip();
        for entry in &mut system[step] {
            *entry *= &factor;
        }
        let chosen = system[step].clone();
        for equation in system.iter_mut().enumerate().filter(|(row, _)| *row != step).map(|(_, row)| row) {
            let factor = equation[step].clone();
            for (entry, over) in equation.iter_mut().zip(&chosen) {
                *entry -= &factor * over;
            }
        }
    }
    Some(system.into_iter().map(|mut equation| equation.pop().unwrap()).collect())
}

/// The bits, so that answers are compared as such.
pub fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// The moments of these columns.
pub fn moments(columns: &[Column]) -> Moments {
    let mut moments = Moments::new(columns.len() - 1).unwrap();
    moments.add(&numbers(columns)).unwrap();
    moments
}

/// The rows of these indexes, in their order.
pub fn pick(columns: &[Column], rows: &[usize]) -> Vec<Column> {
    columns.iter().map(|column| column.pick(rows)).collect()
}

/// A reduction with every aggregate over two columns of doubles and one of integers.
pub fn reduction() -> Reduction {
    let inputs = [NumberType::Float, NumberType::Float, NumberType::Int];
    let aggregates = vec![
        Aggregate::Count,
        Aggregate::Sum(0),
        Aggregate::Sum(2),
        Aggregate::Min(1),
        Aggregate::Max(2),
        Aggregate::Moments { features: vec![0], target: 1 },
        Aggregate::Moments { features: vec![0, 2], target: 1 },
    ];
    Reduction::new(&inputs, aggregates).unwrap()
}

/// One of each statistic that it answers.
pub fn statistics() -> Vec<Statistic> {
    [
        (0, "count", 0),
        (1, "sum", 0),
        (1, "avg", 0),
        (2, "sum", 0),
        (3, "min", 0),
        (4, "max", 0),
        (5, "coefficient", 1),
        (5, "regr_r2", 0),
        (6, "coefficient", 2),
    ]
    .map(|(aggregate, name, index)| Statistic::new(aggregate, name, index).unwrap())
    .to_vec()
}

/// Labels of every type.
pub fn labels() -> [Label; 5] {
    [Label::Bool(false), Label::Int(-7), Label::Int(1), Label::Text("1".into()), Label::Text("é,\"\n".into())]
}

/// The classes of rows, of which each has the code of one of the [`labels`].
pub fn classes(columns: &[Column], codes: &[i64]) -> Classes {
    let mut classes = Classes::new(columns.len()).unwrap();
    classes.add(Labelled { labels: &labels(), codes, columns: &numbers(columns) }).unwrap();
    classes
}
