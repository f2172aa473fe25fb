//! Rows scored by what a reduction held before they came: the held states, weights, fits that are not determined.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use proptest::prelude::*;
use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::error::Error;
use streamreg_core::infer::{Model, Residuals};
use streamreg_core::monomials::Power;
use streamreg_core::reduce::{
    Aggregate, KeyColumn, KeyType, KeyedReduction, Observations, Reduction, Regression, Scorer,
};
use support::{Column, columns, config, nearest, numbers};

const FLOATS: [NumberType; 3] = [NumberType::Float; 3];

/// A line through x and y, and one with weights.
fn aggregates() -> Vec<Aggregate> {
    let line = Aggregate::Moments { features: vec![0], target: 1 };
    let features = vec![Power { column: 0, power: 1 }];
    vec![Aggregate::Count, line, Aggregate::Monomials { features, target: 1, weight: Some(2) }]
}

fn regression(zeros: bool) -> Regression {
    Regression { zeros, ..Regression::default() }
}

fn rows<'a>(columns: &'a [Numbers<'a>]) -> Observations<'a> {
    Observations { features: &columns[..1], target: columns[1], weights: columns.get(2).copied() }
}

/// What is said of some rows by a reduction of others, without keys.
fn scores(fitted: &[Column], scored: &[Column], aggregate: usize, zeros: bool) -> Residuals {
    let fitted = numbers(fitted);
    let mut reduction = Reduction::new(&FLOATS, aggregates()).unwrap();
    reduction.add(&fitted, fitted[0].len()).unwrap();
    scorer(&reduction, aggregate, zeros).scores(rows(&numbers(scored)[..=aggregate])).unwrap()
}

fn scorer(reduction: &Reduction, aggregate: usize, zeros: bool) -> Scorer {
    reduction.scorer(aggregate, &regression(zeros)).unwrap()
}

fn bits(found: &Residuals, row: usize) -> [u64; 3] {
    [&found.values, &found.residuals, &found.standardized].map(|column| column[row].to_bits())
}

/// Doubles with keys, of which there are few.
fn keyed_rows(count: std::ops::Range<usize>) -> impl Strategy<Value = (Vec<i64>, Vec<Column>)> {
    let value = prop_oneof![-9..9i32, Just(1000)].prop_map(f64::from);
    prop::collection::vec((0..4i64, value.clone(), value, 0..5i32), count).prop_map(|rows| {
        let column = |at: fn(&(i64, f64, f64, i32)) -> f64| Column::Float(rows.iter().map(at).collect());
        let keys = rows.iter().map(|row| row.0).collect();
        (keys, vec![column(|row| row.1), column(|row| row.2), column(|row| f64::from(row.3) / 2.0)])
    })
}

fn merge(state: &mut KeyedReduction, (keys, columns): &(Vec<i64>, Vec<Column>)) {
    let partial = state.partial(&[KeyColumn::Int(keys)], &numbers(columns), keys.len()).unwrap();
    state.merge(&partial).unwrap();
}

proptest! {
    #![proptest_config(config(100))]

    /// Rows are scored by what their key had when the states were held, whatever is merged since, and however often.
    #[test]
    fn differential_held_states(
        before in keyed_rows(0..20),
        after in prop::collection::vec(keyed_rows(0..9), 0..3),
        asked in keyed_rows(1..12),
        aggregate in 1..3usize,
        zeros in any::<bool>(),
    ) {
        let mut state = KeyedReduction::new(&[KeyType::Int], &FLOATS, aggregates()).unwrap();
        let (mut keys, mut all) = (before.0.clone(), before.1.clone());
        merge(&mut state, &before);
        for more in after.iter().map(Some).chain([None]) {
            state.freeze();
            for merged in [true, false] {
                let columns = numbers(&asked.1);
                let key = [KeyColumn::Int(&asked.0)];
                let found = state.scores(aggregate, &regression(zeros), &key, rows(&columns[..=aggregate])).unwrap();
                for row in 0..asked.0.len() {
                    let own: Vec<_> = (0..keys.len()).filter(|&at| keys[at] == asked.0[row]).collect();
                    let own: Vec<_> = all.iter().map(|column| column.pick(&own)).collect();
                    let asked: Vec<_> = asked.1.iter().map(|column| column.pick(&[row])).collect();
                    prop_assert_eq!(bits(&found, row), bits(&scores(&own, &asked, aggregate, zeros), 0));
                }
                if let (true, Some(more)) = (merged, more) {
                    merge(&mut state, more);
                }
            }
            if let Some((other, columns)) = more {
                keys.extend(other);
                for (column, more) in all.iter_mut().zip(columns) {
                    let (Column::Float(column), Column::Float(more)) = (column, more) else { unreachable!() };
                    column.extend(more);
                }
            }
        }
    }

    /// A row of weight 1 has the standardised residual of one without weights; without a weight above 0 it has none.
    #[test]
    fn law_weights(data in columns(2, 0..8), asked in columns(2, 1..4)) {
        let doubles = |columns: &[Column]| columns.iter().map(as_doubles).collect::<Vec<_>>();
        let (mut data, asked) = (doubles(&data), doubles(&asked));
        let (count, one) = (data[0].numbers().len(), |value: f64, rows| Column::Float(vec![value; rows]));
        data.push(one(1.0, count));
        let plain = scores(&data, &asked, 1, true);
        for (weight, counts) in [(1.0, true), (0.0, false), (-2.0, false), (f64::NAN, false)] {
            let mut asked = asked.clone();
            asked.push(one(weight, asked[0].numbers().len()));
            let found = scores(&data, &asked, 2, true);
            for row in 0..plain.values.len() {
                let [value, residual, standardized] = bits(&plain, row);
                let expected = if counts { standardized } else { f64::NAN.to_bits() };
                prop_assert_eq!(bits(&found, row), [value, residual, expected]);
            }
        }
    }
}

fn as_doubles(column: &Column) -> Column {
    let rows = column.numbers().len();
    Column::Float((0..rows).map(|row| nearest(&column.rational(row).unwrap())).collect())
}

/// y = 0, 2, 1, 3 at x = 0, 1, 2, 3 leaves the residuals −0.3, 0.9, −0.9, 0.3 of 0.3 + 0.8x: σ² = 0.9, and h = 1.5
/// at x = 4. Where the weight is a quarter a residual of 1 has a standard error of √(0.9·(4 + 1.5)), and is √(20/99).
#[test]
fn oracle_of_a_weighted_row() {
    let column = |values: &[f64]| Column::Float(values.to_vec());
    let data = [column(&[0.0, 1.0, 2.0, 3.0]), column(&[0.0, 2.0, 1.0, 3.0]), column(&[1.0; 4])];
    let asked = [column(&[4.0; 2]), column(&[4.5; 2]), column(&[0.25, 1.0])];
    let found = scores(&data, &asked, 2, true);
    assert_eq!(found.values, [3.5; 2]);
    assert_eq!(found.residuals, [1.0; 2]);
    assert_eq!(found.standardized, [0.449_466_574_975_494_75, 2.0 / 3.0]);
}

/// While the rows do not determine the coefficients, predictions are 0 or missing; without rows they are missing.
#[test]
fn fits_that_are_not_determined() {
    let column = |values: &[f64]| Column::Float(values.to_vec());
    let asked = [column(&[1.0, f64::NAN, 1.0]), column(&[3.0, 3.0, f64::INFINITY]), column(&[1.0; 3])];
    let data = [column(&[1.0, 1.0]), column(&[2.0, 3.0]), column(&[1.0; 2])];
    let nothing = [column(&[]), column(&[]), column(&[])];
    for aggregate in [1, 2] {
        let found = scores(&data, &asked, aggregate, true);
        assert_eq!(found.values.iter().map(ToString::to_string).collect::<Vec<_>>(), ["0", "NaN", "0"]);
        assert_eq!(found.residuals.iter().map(ToString::to_string).collect::<Vec<_>>(), ["3", "NaN", "NaN"]);
        assert!(found.standardized.iter().all(|value| value.is_nan()));
        for (fitted, zeros) in [(&data, false), (&nothing, true)] {
            let found = scores(fitted, &asked, aggregate, zeros);
            assert!(
                (0..3).all(|row| bits(&found, row).map(f64::from_bits).iter().all(|value| value.is_nan()))
            );
        }
    }
}

/// What is no regression scores nothing, and columns of other lengths are not scored.
#[test]
fn what_cannot_be_scored() {
    let reduction = Reduction::new(&FLOATS, aggregates()).unwrap();
    for wrong in [0, 3] {
        let error = reduction.scorer(wrong, &regression(true)).unwrap_err();
        assert_eq!(
            error,
            Error::Invalid(format!("aggregate {wrong} is no regression, whose fit could score rows"))
        );
    }
    let ridge = Regression { model: Model { ridge: -1.0, ..Model::default() }, ..Regression::default() };
    assert!(matches!(reduction.scorer(1, &ridge), Err(Error::Invalid(_))));
    let (one, two) = ([1.0], [1.0, 2.0]);
    let (short, long) = (Numbers::Float(&one), Numbers::Float(&two));
    let wrong = [
        Observations { features: &[], target: long, weights: None },
        Observations { features: &[short], target: long, weights: None },
        Observations { features: &[long], target: short, weights: None },
        Observations { features: &[long], target: long, weights: Some(short) },
        Observations { features: &[long, long], target: long, weights: None },
    ];
    let mut keyed = KeyedReduction::new(&[KeyType::Int], &FLOATS, aggregates()).unwrap();
    merge(&mut keyed, &(vec![1], vec![Column::Float(vec![1.0]); 3]));
    for rows in wrong {
        assert!(matches!(scorer(&reduction, 1, true).scores(rows), Err(Error::Columns(_))));
        let keys = vec![1; rows.target.len()];
        let found = keyed.scores(1, &Regression::default(), &[KeyColumn::Int(&keys)], rows);
        assert!(matches!(found, Err(Error::Columns(_))), "{rows:?}");
    }
    let rows = Observations { features: &[long], target: long, weights: None };
    let found = keyed.scores(1, &Regression::default(), &[KeyColumn::Bool(&[true; 2])], rows);
    assert!(matches!(found, Err(Error::Columns(_))));
}
