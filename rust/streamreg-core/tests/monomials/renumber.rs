//! Columns numbered otherwise: the same rows.

use std::sync::Arc;

use proptest::prelude::*;
use streamreg_core::accumulate::{Accumulator, Group};
use streamreg_core::column::NumberType;
use streamreg_core::error::Error;
use streamreg_core::monomials::{Monomials, Power, Terms};
use streamreg_core::wire::Versioned;

use super::support::{Column, config, numbers};
use super::{Case, cases};

/// Each variable in a column of its own, as an estimator has them: features, target, weights, then what is not used.
fn apart(case: &Case) -> Case {
    let terms = &case.terms;
    let mut places: Vec<usize> = terms.features().iter().map(|feature| feature.column).collect();
    places.push(terms.target());
    places.extend(terms.weight());
    let unused: Vec<_> = (0..case.columns.len()).filter(|column| !places.contains(column)).collect();
    places.extend(unused);
    let columns: Vec<Column> = places.iter().map(|&place| case.columns[place].clone()).collect();
    let kinds = places.iter().map(|&place| match terms.columns()[place] {
        NumberType::Int => NumberType::Float,
        kind => kind,
    });
    let features = terms.features().iter().zip(0..).map(|(feature, column)| Power { column, ..*feature });
    let target = terms.features().len();
    let weight = terms.weight().map(|_| target + 1);
    let terms = Terms::new(kinds.collect(), features.collect(), target, weight).unwrap();
    Case { terms: Arc::new(terms), columns }
}

proptest! {
    #![proptest_config(config(200))]

    /// Sums of columns that serve several times are those of as many columns.
    #[test]
    fn law_columns_apart(case in cases(0..30)) {
        let apart = apart(&case);
        let renumbered = case.of(&case.columns).renumbered(Arc::clone(&apart.terms)).unwrap();
        let expected = apart.of(&apart.columns);
        prop_assert_eq!(renumbered.to_bytes(), expected.to_bytes());
        let mut none = renumbered;
        none.remove(&numbers(&apart.columns)).unwrap();
        prop_assert_eq!(none, apart.empty());
    }
}

/// Other powers, weights, types or numbers of features, and columns put together that differ, are refused.
#[test]
fn other_regressions_are_errors() {
    let terms = |decimal: bool, features: &[(usize, u32)], target, weight| {
        let kind = if decimal { NumberType::Decimal } else { NumberType::Float };
        let features = features.iter().map(|&(column, power)| Power { column, power });
        Arc::new(Terms::new(vec![kind; 4], features.collect(), target, weight).unwrap())
    };
    let mut sums = Monomials::new(terms(false, &[(0, 1), (1, 2)], 2, None));
    let columns: Vec<Vec<f64>> = (1..5).map(|start| vec![f64::from(start), 7.0]).collect();
    sums.add(&numbers(&columns.into_iter().map(Column::Float).collect::<Vec<_>>())).unwrap();
    assert!(sums.renumbered(terms(false, &[(3, 1), (2, 2)], 0, None)).is_ok());
    for other in [
        terms(false, &[(0, 1), (1, 1)], 2, None),
        terms(false, &[(0, 1)], 2, None),
        terms(false, &[(0, 1), (1, 2)], 2, Some(3)),
        terms(true, &[(0, 1), (1, 2)], 2, None),
        terms(false, &[(0, 1), (0, 2)], 2, None),
        terms(false, &[(0, 1), (1, 2)], 1, None),
    ] {
        assert!(matches!(sums.renumbered(other), Err(Error::Mismatch(_))));
    }
}
