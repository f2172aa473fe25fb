//! Discriminants: when classes cannot be told apart, and rows far from where doubles are at home. That the parameters
//! are the exact ones rounded is tested from Python, against fractions.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod support;

use streamreg_core::accumulate::{Accumulator, Group};
use streamreg_core::classes::Labelled;
use streamreg_core::classes::{Classes, Label};
use streamreg_core::column::Numbers;
use streamreg_core::discriminant::{
    Description, Discriminant, Divisor, Failure, Method, Model, Parameter, Predictor, Reason, Scores,
    Singular, Undefined, counts, describe, parameters,
};
use streamreg_core::error::Error;
use support::{Column, bits, classes, labels, numbers};

/// What has no answer is told exactly, with its reason, class and feature.
#[test]
fn law_undefined() {
    let undefined = |state: &Classes, method, divisor| match Discriminant::of(
        state,
        &Model { divisor, ..Model::of(method) },
        None,
    ) {
        Err(Failure::Undefined(undefined)) => (undefined.reason, undefined.label),
        other => panic!("{other:?}"),
    };
    let empty = Classes::new(2).unwrap();
    assert_eq!(undefined(&empty, Method::Bayes, Divisor::Rows), (Reason::NoRows, None));
    // The second feature is 1/3 of the first as far as doubles can tell; by one unit in the last place it is not.
    let third: Vec<_> = (0..6).map(|i| f64::from(i * i) * 0.1).collect();
    let multiple: Vec<_> = third.iter().map(|x| x * 4.0).collect();
    let mut almost = multiple.clone();
    almost[5] = f64::from_bits(almost[5].to_bits() + 1);
    almost[0] = f64::from_bits(almost[0].to_bits() + 1);
    let codes = [1, 1, 1, 1, 1, 1];
    let singular = classes(&[Column::Float(third.clone()), Column::Float(multiple)], &codes);
    let regular = classes(&[Column::Float(third.clone()), Column::Float(almost)], &codes);
    let reason = || Reason::Singular { features: vec![1] };
    assert_eq!(undefined(&singular, Method::Linear, Divisor::Rows), (reason(), None));
    assert_eq!(undefined(&singular, Method::Quadratic, Divisor::Rows), (reason(), Some(Label::Int(-7))));
    for method in [Method::Linear, Method::Quadratic] {
        assert!(Discriminant::of(&regular, &Model::of(method), None).is_ok());
    }
    let constant = classes(&[Column::Float(third), Column::Int(vec![3; 6])], &codes);
    assert_eq!(undefined(&constant, Method::Bayes, Divisor::Rows), (reason(), Some(Label::Int(-7))));
    let single = classes(&[Column::Float(vec![1.0, 2.0])], &[0, 1]);
    assert_eq!(undefined(&single, Method::Linear, Divisor::Freedom), (Reason::TooFewRows, None));
    let few = (Reason::TooFewRows, Some(Label::Bool(false)));
    assert_eq!(undefined(&single, Method::Quadratic, Divisor::Freedom), few);
}

/// Where idle directions are dropped the features that follow from others are told, and scores are those without them,
/// as long as something varies.
#[test]
fn law_dropped() {
    let of = |columns: &[Column], codes: &[i64]| {
        let model = Model { singular: Singular::Dropped, ..Model::of(Method::Linear) };
        Discriminant::of(&classes(columns, codes), &model, None)
    };
    let codes = [0, 0, 0, 1, 1, 1, 2, 2];
    let x = Column::Float(vec![1.0, 2.5, 4.0, 3.0, 8.0, 7.5, 0.5, -3.0]);
    let twice = Column::Float(vec![2.0, 5.0, 8.0, 6.0, 16.0, 15.0, 1.0, -6.0]);
    let constant = Column::Int(vec![i64::MAX; 8]);
    let alone = of(std::slice::from_ref(&x), &codes).unwrap();
    let all = [constant.clone(), x.clone(), constant.clone(), twice];
    let among = of(&all, &codes).unwrap();
    assert_eq!((alone.dropped(), among.dropped()), (&[][..], &[0, 2, 3][..]));
    let scores = |found: &Discriminant, columns: &[Column]| {
        found.scorer().rows(&numbers(columns), Scores::Posteriors).unwrap()
    };
    for (one, other) in scores(&alone, &[x]).iter().zip(scores(&among, &all)) {
        assert!((one - other).abs() <= 1e-14 * one, "{one} {other}");
    }
    let reason = Reason::Singular { features: vec![0] };
    let expected = Failure::Undefined(Undefined { reason, label: None });
    assert_eq!(of(&[constant], &codes).unwrap_err(), expected);
}

/// Each class has parameters as far as its rows determine them, whatever the others have; one without a prior has no
/// constant.
#[test]
fn law_parameters() {
    let x = vec![1.0, 2.0, 4.0, 3.0, 8.0, 7.0, 0.5, f64::NAN];
    let columns = [Column::Float(x), Column::Int(vec![1, 3, 2, 9, 4, 4, 7, 1])];
    let state = classes(&columns, &[0, 0, 0, 1, 1, 1, 2, 3]);
    for method in [Method::Linear, Method::Quadratic, Method::Bayes] {
        let found = parameters(&state, &Model::of(method), None).unwrap();
        assert_eq!(found.iter().map(|class| class.n).collect::<Vec<_>>(), [3, 3, 1, 0]);
        assert_eq!(found[3], Parameter { prior: Some(0.0), ..Parameter::default() });
        let solved: Vec<_> = found.iter().map(|class| class.linear.is_some()).collect();
        // A class of one row has no covariance of its own.
        assert_eq!(solved, [true, true, method != Method::Quadratic, false]);
        let given = [Some(0.5), None, Some(0.5), Some(0.5)];
        let some = parameters(&state, &Model::of(method), Some(&given)).unwrap();
        assert_eq!(some.iter().map(|class| class.prior).collect::<Vec<_>>(), given);
        assert_eq!((some[1].intercept, &some[1].linear), (None, &found[1].linear));
        assert_eq!(some[0].intercept.is_some(), method != Method::Bayes);
    }
    for priors in [vec![None; 3], vec![None, None, None, Some(0.0)], vec![Some(f64::NAN); 4]] {
        let found = parameters(&state, &Model::of(Method::Linear), Some(&priors));
        assert!(matches!(found, Err(Error::Invalid(_))), "{priors:?}");
    }
}

/// What is added to variances is a share of the greatest over all rows; one below 0 or not finite is refused.
#[test]
fn law_smoothing() {
    let columns = [Column::Float(vec![5.0, 5.0, 5.0, 5.0]), Column::Int(vec![0, 2, 8, 10])];
    let state = classes(&columns, &[0, 0, 1, 1]);
    let of = |smoothing| {
        let model = Model { smoothing, ..Model::of(Method::Bayes) };
        parameters(&state, &model, None).map(|found| found[0].quadratic.clone().unwrap_or_default())
    };
    assert_eq!(of(0.0).unwrap(), [0.0, 1.0]);
    assert_eq!(of(0.5).unwrap(), [8.5, 9.5]);
    for smoothing in [-0.5, f64::NAN, f64::INFINITY] {
        assert!(matches!(of(smoothing), Err(Error::Invalid(_))), "{smoothing}");
    }
}

/// The class of a row is told among those that have all parameters: their places, probabilities that sum to 1, and
/// nothing of rows that have no scores.
#[test]
fn law_predictions() {
    let columns = [Column::Float(vec![1.0, 2.0, 2.5, 9.0, 7.0, 8.5, 4.0])];
    let state = classes(&columns, &[1, 1, 1, 3, 3, 3, 2]);
    let x = [Numbers::Float(&[1.5, 8.0, f64::NAN, 1e300, 4.0])];
    for method in [Method::Linear, Method::Quadratic, Method::Bayes] {
        let predictor = Predictor::of(&state, &Model::of(method), None).unwrap();
        let found = predictor.rows(&x, &[0, 0, 0, 0, 1]).unwrap();
        assert_eq!(found.classes[..3], [0, 2, -1]);
        assert!(found.posteriors[2].is_nan() && found.own[2].is_nan());
        assert!(found.posteriors[0] > 0.9 && bits(&found.own[..1]) == bits(&found.posteriors[..1]));
        if method == Method::Linear {
            assert_eq!((found.classes[4], bits(&found.own[4..])), (1, bits(&found.posteriors[4..])));
        } else {
            // Of the class in the middle there is one row, which has no variance.
            assert_eq!((found.own[4], found.posteriors[3]), (0.0, 1.0));
        }
        let given = [Some(0.5), Some(0.25), None];
        let some = Predictor::of(&state, &Model::of(method), Some(&given)).unwrap();
        assert_eq!(some.rows(&x, &[2; 5]).unwrap().own[..2], [0.0, 0.0]);
        assert!(matches!(predictor.rows(&x, &[0]), Err(Error::Columns(_))));
        assert!(matches!(predictor.rows(&[], &[]), Err(Error::Columns(_))));
    }
    let nothing = Predictor::of(&Classes::new(1).unwrap(), &Model::of(Method::Linear), None).unwrap();
    assert_eq!(nothing.rows(&x, &[-1; 5]).unwrap().classes, [-1; 5]);
}

/// Rows removed that were never added leave no answer, and are told from a singular covariance.
#[test]
fn law_inconsistent() {
    let rows = [Column::Float(vec![1.0, 2.0, 4.0])];
    let mut state = classes(&rows, &[0, 0, 0]);
    state.remove(Labelled { labels: &labels(), codes: &[0], columns: &[Numbers::Float(&[100.0])] }).unwrap();
    let expected = Undefined { reason: Reason::Inconsistent, label: Some(Label::Bool(false)) };
    assert_eq!(counts(&state), Err(expected.clone()));
    assert_eq!(describe(&state, Description::Means), Err(Failure::Undefined(expected.clone())));
    state
        .remove(Labelled { labels: &labels(), codes: &[0, 0], columns: &[Numbers::Float(&[1.0, 2.0])] })
        .unwrap();
    assert_eq!(state.n(), 0);
    assert_eq!(counts(&state), Err(expected));
    state.remove(Labelled { labels: &labels(), codes: &[0], columns: &[Numbers::Float(&[4.0])] }).unwrap();
    state.add(Labelled { labels: &labels(), codes: &[0], columns: &[Numbers::Float(&[100.0])] }).unwrap();
    assert_eq!(state, Classes::new(1).unwrap());
}

/// Priors must be above 0 and finite, one a class.
#[test]
fn law_priors() {
    let state = classes(&[Column::Float(vec![1.0, 2.0, 4.0, 4.5])], &[0, 0, 1, 1]);
    let of = |priors: &[f64]| Discriminant::of(&state, &Model::of(Method::Linear), Some(priors));
    for priors in [&[1.0][..], &[0.5, 0.0], &[0.5, -0.5], &[f64::NAN, 0.5], &[f64::INFINITY, 0.5]] {
        assert!(matches!(of(priors), Err(Failure::Error(Error::Invalid(_)))), "{priors:?}");
    }
    let equal = of(&[0.5, 0.5]).unwrap();
    assert_eq!(
        equal.parameter("intercept").unwrap(),
        Discriminant::of(&state, &Model::of(Method::Linear), None).unwrap().parameter("intercept").unwrap()
    );
    assert!(matches!(equal.parameter("slope"), Err(Error::Invalid(_))));
}

/// Features near the ends of the range of doubles, or in nanoseconds since 1970, are told apart like any others.
#[test]
fn law_range_and_distance_from_zero() {
    let near = [0i16, 1, 2, 4, 10, 11, 13, 14];
    let codes = [0, 0, 0, 0, 1, 1, 1, 1];
    let plain = [Column::Float(near.iter().map(|&x| f64::from(x)).collect())];
    let far = [Column::Int(near.iter().map(|&x| 1_760_000_000_000_000_001 + i64::from(x)).collect())];
    let scaled =
        |power: i32| [Column::Float(near.iter().map(|&x| f64::from(x) * 2f64.powi(power)).collect())];
    for method in [Method::Linear, Method::Quadratic, Method::Bayes] {
        let posteriors = |rows: &[Column]| {
            let found = Discriminant::of(
                &classes(rows, &codes),
                &Model { divisor: Divisor::Freedom, ..Model::of(method) },
                None,
            )
            .unwrap();
            found.scorer().rows(&numbers(rows), Scores::Posteriors).unwrap()
        };
        let expected = posteriors(&plain);
        for rows in [&far, &scaled(-1000), &scaled(1000)] {
            let found = posteriors(rows);
            let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * b;
            assert!(found.iter().zip(&expected).all(close), "{method:?} {found:?} {expected:?}");
        }
    }
}

/// A row whose scores leave the range of doubles has a class and probabilities all the same, and no score; one that is
/// not finite has nothing.
#[test]
fn law_scores_beyond_the_range() {
    let state = classes(&[Column::Float(vec![1.0, 2.0, 4.0, 4.5])], &[0, 0, 1, 1]);
    let found = Discriminant::of(&state, &Model::of(Method::Quadratic), None).unwrap();
    let rows = |x: &[f64], asked| found.scorer().rows(&[Numbers::Float(x)], asked);
    assert_eq!(rows(&[1.0, f64::MAX, -f64::MAX], Scores::Posteriors).unwrap()[2..], [1.0, 0.0, 1.0, 0.0]);
    assert_eq!(found.scorer().classes(&[Numbers::Float(&[1.0, f64::MAX, 4.25])]).unwrap(), [0, 0, 1]);
    for asked in [Scores::Scores, Scores::LogPosteriors] {
        assert!(matches!(rows(&[f64::MAX], asked), Err(Error::Overflow(_))));
    }
    assert!(matches!(found.scorer().contrasts(&[Numbers::Float(&[f64::MAX])]), Err(Error::Overflow(_))));
    assert!(matches!(rows(&[f64::NAN], Scores::Posteriors), Err(Error::Invalid(_))));
    assert_eq!(rows(&[1e100], Scores::Posteriors).unwrap(), [1.0, 0.0]);
    let misfit = found.scorer().rows(&[Numbers::Int(&[1]), Numbers::Int(&[1])], Scores::Scores);
    assert!(matches!(misfit, Err(Error::Columns(_))));
}
