//! Every sum, and every entry of the cross-products, against rationals.

use num_bigint::BigInt;
use num_traits::{Signed, Zero};
use proptest::prelude::*;
use streamreg_core::accumulate::{Accumulator, Group};
use streamreg_core::column::NumberType;
use streamreg_core::gram::Unit;
use streamreg_core::monomials::{Monomials, Terms};
use streamreg_core::wire::Versioned;

use super::support::{Column, Rational, config, numbers};
use super::{Case, cases, polynomial};

/// For each row that counts its weight and its variables (1, features…, target).
fn rows(case: &Case) -> Vec<(Rational, Vec<Rational>)> {
    let one = Rational::from_integer(1.into());
    let values = |row: usize| {
        let numbers: Vec<_> =
            case.columns.iter().map(|column| column.rational(row)).collect::<Option<_>>()?;
        let terms = &case.terms;
        let powers =
            terms.features().iter().map(|feature| numbers[feature.column].pow(feature.power.cast_signed()));
        let variables =
            std::iter::once(one.clone()).chain(powers).chain([numbers[terms.target()].clone()]).collect();
        let weight = terms.weight().map_or_else(|| one.clone(), |weight| numbers[weight].clone());
        (!weight.is_negative()).then_some((weight, variables))
    };
    (0..case.columns[0].numbers().len()).filter_map(values).collect()
}

fn value(unit: Unit) -> Rational {
    let power =
        |base: i32, power: i64| Rational::from_integer(base.into()).pow(i32::try_from(power).unwrap());
    power(2, unit.two) * power(5, unit.five)
}

fn check(case: &Case) {
    let state = case.of(&case.columns);
    let rows = rows(case);
    let all = case.columns[0].numbers().len();
    assert_eq!(state.n(), i64::try_from(rows.len()).unwrap());
    assert_eq!(state.excluded(), i128::try_from(all - rows.len()).unwrap());
    let gram = state.gram().unwrap();
    assert_eq!(gram.rows(), state.n());
    assert_eq!(gram.weighted(), case.terms.weight().is_some());
    let variables = case.terms.features().len() + 2;
    for one in 0..variables {
        for other in 0..variables {
            let wanted = rows
                .iter()
                .fold(Rational::zero(), |sum, (weight, row)| sum + weight * &row[one] * &row[other]);
            let unit = value(gram.unit(one)) * value(gram.unit(other)) * value(gram.weight());
            assert_eq!(
                Rational::from_integer(gram.entry(one, other).clone()) * unit,
                wanted,
                "{one}, {other}"
            );
        }
    }
}

proptest! {
    #![proptest_config(config(60))]

    /// The cross-products of any rows are the exact sums, whatever the types, powers and weights.
    #[test]
    fn oracle_sums(case in cases(0..12)) {
        check(&case);
    }
}

/// Powers up to 128 of the largest and the least double, and their products with weights of that kind, are exact.
#[test]
fn oracle_ends_of_the_range() {
    let ends = vec![f64::MAX, -f64::MAX, 5e-324, f64::MIN_POSITIVE, 1.0 + f64::EPSILON, 0.1];
    let weights = vec![f64::MAX, 5e-324, f64::MAX, 0.0, 1e-300, 3.0];
    let column = || Column::Float(ends.clone());
    check(&Case { terms: polynomial(NumberType::Float, 10, None), columns: vec![column(), column()] });
    let columns = vec![column(), column(), Column::Float(weights)];
    check(&Case { terms: polynomial(NumberType::Float, 3, Some(2)), columns: columns.clone() });
    let state = Case { terms: polynomial(NumberType::Float, 64, Some(2)), columns: columns.clone() };
    let bytes = state.of(&columns).to_bytes();
    assert_eq!(Monomials::from_bytes(&bytes).unwrap().to_bytes(), bytes);
}

/// 0.1 is a tenth: ten of them are one, in a sum that holds no fraction of a power of two.
#[test]
fn oracle_a_tenth() {
    let tenth = streamreg_core::decimal::Decimal::parse(b"0.10").unwrap().to_words();
    let terms = polynomial(NumberType::Decimal, 1, None);
    let columns = vec![Column::Decimal(vec![tenth; 10]), Column::Decimal(vec![tenth; 10])];
    let case = Case { terms, columns };
    let gram = case.of(&case.columns).gram().unwrap();
    assert_eq!(gram.unit(1), Unit { two: -1, five: -1 });
    assert_eq!(gram.entry(0, 1), &BigInt::from(10));
    assert_eq!(gram.entry(1, 2), &BigInt::from(10));
}

/// A row of negative weight is left out, one of weight zero counts, and removing takes both back.
#[test]
fn oracle_weights() {
    let terms = polynomial(NumberType::Int, 1, Some(2));
    let columns = vec![Column::Int(vec![1, 2, 3]), Column::Int(vec![4, 5, 6]), Column::Int(vec![-1, 0, 7])];
    let case = Case { terms: terms.clone(), columns };
    let mut state = case.of(&case.columns);
    assert_eq!((state.n(), state.excluded()), (2, 1));
    assert_eq!(state.gram().unwrap().entry(0, 0) << 0, BigInt::from(7));
    state.remove(&numbers(&case.columns)).unwrap();
    assert_eq!(state, Monomials::new(terms));
}

/// Terms that nobody could mean, or whose products nobody could wait for, are errors.
#[test]
fn impossible_terms() {
    use streamreg_core::monomials::Power;
    let terms = |columns: usize, features: Vec<(usize, u32)>, target, weight| {
        let features = features.into_iter().map(|(column, power)| Power { column, power }).collect();
        Terms::new(vec![NumberType::Float; columns], features, target, weight)
    };
    assert!(terms(2, vec![(0, 1)], 1, None).is_ok());
    for (features, target, weight) in
        [(vec![], 1, None), (vec![(2, 1)], 1, None), (vec![(0, 1)], 2, None), (vec![(0, 1)], 1, Some(2))]
    {
        assert!(terms(2, features, target, weight).is_err());
    }
    assert!(terms(2, vec![(0, 0)], 1, None).is_err());
    assert!(terms(2, vec![(0, 65)], 1, None).is_err());
    assert!(terms(2, vec![(0, 1); 65], 1, None).is_err());
    assert!(terms(66, (0..64).map(|column| (column, 64)).collect(), 64, Some(65)).is_err());
}

/// Powers of decimals are taken as far as rows of any exponents could be held, and doubles of every power.
#[test]
fn powers_that_could_take_too_much() {
    use streamreg_core::monomials::Power;
    let polynomial = |kind, degree, weight: Option<NumberType>| {
        let powers = (1..=degree).map(|power| Power { column: 0, power }).collect();
        let columns = [kind, kind].into_iter().chain(weight).collect();
        Terms::new(columns, powers, 1, weight.map(|_| 2))
    };
    let (float, decimal) = (NumberType::Float, NumberType::Decimal);
    for weight in [None, Some(float), Some(decimal)] {
        assert!(polynomial(float, 64, weight.filter(|kind| *kind == float)).is_ok());
        assert!(polynomial(decimal, 10, weight).is_ok());
        let error = polynomial(decimal, 64, weight).unwrap_err().to_string();
        assert!(error.contains("MB") && error.contains("lower powers"), "{error}");
    }
    // Plain features have short windows, and may be as many as ever.
    let features = (0..64).map(|column| Power { column, power: 1 }).collect();
    assert!(Terms::new(vec![decimal; 65], features, 64, None).is_ok());
}
