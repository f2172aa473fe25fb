//! Rolling regressions: the fit of each row must be that of the rows of its window, from scratch, bit for bit.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use std::ops::Range;

use proptest::prelude::*;
use streamreg_core::column::Numbers;
use streamreg_core::error::Error;
use streamreg_core::gram::Gram;
use streamreg_core::infer::{Fit, Model, Statistic, Value};
use streamreg_core::reduce::Regression;
use streamreg_core::rolling::{Frame, Rolling, Wanted, Width};
use streamreg_core::solve::{multi, solve};
use support::{Column, bits, columns, config, fit, moments, nearest, numbers, pick, rational, rationals};

/// What is missing is missing, not 0.
const MISSING: Regression =
    Regression { model: Model { intercept: true, ridge: 0.0 }, zeros: false, drop: false, level: 0.95 };

fn run(frame: Frame<'_>, wanted: Wanted<'_>) -> Result<Vec<Vec<f64>>, Error> {
    let mut rolling = Rolling::new(frame, wanted)?;
    while rolling.advance()? {}
    Ok(rolling.results())
}

fn coefficients(columns: usize) -> Vec<Statistic> {
    (0..columns).map(Statistic::Coefficient).collect()
}

/// The coefficients of each row, over windows of so many rows.
fn rolled(columns: &[Column], window: usize, min_rows: usize) -> Vec<Vec<f64>> {
    let (numbers, ends) = (numbers(columns), [columns[0].numbers().len()]);
    let width = Width::Rows(window);
    let frame = Frame { columns: &numbers, present: None, ends: &ends, width, half_life: None };
    let statistics = coefficients(columns.len());
    run(frame, Wanted { statistics, regression: MISSING, min_rows, rows: None }).unwrap()
}

/// One row of results.
fn row(results: &[Vec<f64>], at: usize) -> Vec<u64> {
    bits(&results.iter().map(|column| column[at]).collect::<Vec<_>>())
}

/// The rows of a window of which every number is finite.
fn whole(columns: &[Column], rows: Range<usize>) -> Vec<usize> {
    rows.filter(|&row| columns.iter().all(|column| column.rational(row).is_some())).collect()
}

/// What a window comes to from scratch, with few enough rows nothing.
fn expected(columns: &[Column], rows: &[usize], min_rows: usize) -> Vec<u64> {
    let found = if rows.len() < min_rows { None } else { solve(&moments(&pick(columns, rows))) };
    bits(&found.unwrap_or_else(|| vec![f64::NAN; columns.len()]))
}

fn check(columns: &[Column], window: usize, min_rows: usize) {
    let found = rolled(columns, window, min_rows);
    for at in 0..columns[0].numbers().len() {
        let own = whole(columns, (at + 1).saturating_sub(window)..at + 1);
        assert_eq!(row(&found, at), expected(columns, &own, min_rows), "row {at}");
    }
}

/// Numbers of an ordinary size: measurements, times, ones with ties, and here and there something far out or missing.
fn ordinary(rows: usize) -> impl Strategy<Value = Column> {
    let outlier = prop::sample::select(vec![1e12, -3e11, f64::NAN, 1e6]);
    let number = prop_oneof![20 => -5.0..5.0f64, 1 => outlier];
    prop_oneof![
        4 => prop::collection::vec(number, rows).prop_map(Column::Float),
        2 => prop::collection::vec(-3i64..4, rows).prop_map(Column::Int),
        1 => prop::collection::vec(-3i32..4, rows)
            .prop_map(|values| Column::Float(values.into_iter().map(|value| f64::from(value) / 4.0).collect())),
        2 => (0.1..2.0f64).prop_map(move |step| {
            Column::Float((0..rows).map(|row| 1.7e9 + f64::from(u32::try_from(row).unwrap()) * step).collect())
        }),
    ]
}

fn frame(features: Range<usize>, rows: Range<usize>) -> impl Strategy<Value = Vec<Column>> {
    (features, rows).prop_flat_map(|(features, rows)| prop::collection::vec(ordinary(rows), features + 1))
}

proptest! {
    #![proptest_config(config(120))]

    /// A line over each window is that of its rows alone.
    #[test]
    fn differential_line(columns in frame(1..2, 0..120), window in 1usize..40, few in 1usize..10) {
        check(&columns, window, few);
    }

    /// So is a plane.
    #[test]
    fn differential_plane(columns in frame(2..5, 0..80), window in 1usize..40, few in 1usize..10) {
        check(&columns, window, few);
    }

    /// So is either of any numbers, be they at the ends of the doubles.
    #[test]
    fn differential_any(columns in (2usize..4).prop_flat_map(|count| columns(count, 0..40)), window in 1usize..12) {
        check(&columns, window, 1);
    }

    /// Each coefficient is the double nearest to that of the rational solution.
    #[test]
    fn oracle_windows(columns in frame(1..4, 1..30), window in 4usize..20) {
        let found = rolled(&columns, window, 1);
        for at in 0..columns[0].numbers().len() {
            let own = whole(&columns, (at + 1).saturating_sub(window)..at + 1);
            let exact = fit(&rationals(&pick(&columns, &own)));
            let exact = exact.map(|exact| exact.iter().map(nearest).collect());
            let exact: Vec<f64> = exact.unwrap_or_else(|| vec![f64::NAN; columns.len()]);
            prop_assert_eq!(row(&found, at), bits(&exact));
        }
    }

    /// A window of time holds the rows after t − width, and none of another group, whatever the differences round to.
    #[test]
    fn oracle_time(
        steps in prop::collection::vec(prop::sample::select(vec![0.0, 0.1, 0.3, 1.0, 1e-9, 7.5]), 1..60),
        start in prop::sample::select(vec![0.0, -3.0, 1.7e9, 1e16]),
        width in prop::sample::select(vec![0.1, 0.3, 1.0, 2.5, 1e-9, 100.0]),
        cut in 0usize..60,
        x in prop::collection::vec(-5.0..5.0f64, 60),
        y in prop::collection::vec(-5.0..5.0f64, 60),
    ) {
        let on: Vec<f64> = steps.iter().scan(start, |time, step| { *time += step; Some(*time) }).collect();
        let rows = on.len();
        let cut = cut.min(rows);
        let columns = [Column::Float(x[..rows].to_vec()), Column::Float(y[..rows].to_vec())];
        let (numbers, ends) = (numbers(&columns), [cut, rows]);
        let floats = Frame {
            columns: &numbers, present: None, ends: &ends, width: Width::Floats(&on, width), half_life: None,
        };
        let wanted = Wanted { statistics: coefficients(2), regression: MISSING, min_rows: 2, rows: None };
        let found = run(floats, wanted.clone()).unwrap();
        let exact = |value: f64| rational(value).unwrap();
        let inside = |earlier: usize, at: usize| {
            (earlier < cut) == (at < cut) && exact(on[at]) - exact(on[earlier]) < exact(width)
        };
        for at in 0..rows {
            let own: Vec<_> = (0..=at).filter(|&earlier| inside(earlier, at)).collect();
            prop_assert_eq!(row(&found, at), expected(&columns, &own, 2));
        }
        // The same windows on integers, where times are.
        let ticks: Vec<i64> = steps.iter().scan(i64::MIN, |time, step| { *time += i64::from(*step > 0.2); Some(*time) }).collect();
        let ints = Frame { width: Width::Ints(&ticks, 3), ..floats };
        let found = run(ints, wanted).unwrap();
        for at in 0..rows {
            let near = |earlier: &usize| (*earlier < cut) == (at < cut) && ticks[at] - ticks[*earlier] < 3;
            let own: Vec<_> = (0..=at).filter(near).collect();
            prop_assert_eq!(row(&found, at), expected(&columns, &own, 2));
        }
    }

    /// Statistics are those of a fit of the window's rows; a row that is not there is in no window.
    #[test]
    fn differential_statistics(
        columns in frame(1..3, 1..30), window in 4usize..20, drop: bool, holes in prop::collection::vec(any::<bool>(), 30),
    ) {
        let rows = columns[0].numbers().len();
        let mut statistics = coefficients(columns.len());
        statistics.extend([Statistic::R2, Statistic::N, Statistic::Rss, Statistic::StdError(1), Statistic::CiLow(0)]);
        let (numbers, ends) = (numbers(&columns), [rows]);
        let there: Vec<_> = holes[..rows].iter().map(|hole| !hole).collect();
        let width = Width::Rows(window);
        let frame = Frame { columns: &numbers, present: Some(&there), ends: &ends, width, half_life: None };
        let regression = Regression { drop, level: 0.9, ..MISSING };
        let wanted = Wanted { statistics: statistics.clone(), regression, min_rows: 3, rows: None };
        let found = run(frame, wanted).unwrap();
        for at in 0..rows {
            let mut own = whole(&columns, (at + 1).saturating_sub(window)..at + 1);
            own.retain(|row| there[*row]);
            let gram = Gram::of(&moments(&pick(&columns, &own)));
            let model = Model::default();
            let fit = if drop { Fit::dropping(gram, model) } else { Fit::new(gram, model) }.unwrap();
            let value = |statistic: &Statistic| match fit.statistic(*statistic, 0.9).unwrap() {
                _ if own.len() < 3 => f64::NAN,
                Some(Value::Float(value)) => value,
                #[allow(clippy::cast_precision_loss, reason = "a count of rows")]
                Some(Value::Int(value)) => value as f64,
                None => f64::NAN,
            };
            let expected: Vec<_> = statistics.iter().map(value).collect();
            prop_assert_eq!(row(&found, at), bits(&expected));
        }
    }
}

/// Nothing is left of an outlier that has gone, also across many stretches; and rows that nobody asks for are not fitted.
#[test]
fn law_outliers_leave_nothing() {
    let mut seed = 1u64;
    let mut number = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(seed >> 33).unwrap()) / f64::from(1u32 << 30) - 1.0
    };
    let rows = 12_000;
    let mut made: Vec<Vec<f64>> = (0..4).map(|_| (0..rows).map(|_| number()).collect()).collect();
    made[0] = (0..rows).map(|row| 1.7e9 + f64::from(u32::try_from(row).unwrap()) / 2.0).collect();
    for (at, outlier) in [(100, 1e12), (5000, -1e12), (5001, 1e300), (9000, 5e-324)] {
        made[1][at] = outlier;
        made[3][at] = outlier;
    }
    let columns: Vec<_> = made.into_iter().map(Column::Float).collect();
    let (numbers, ends) = (numbers(&columns), [rows]);
    let asked: Vec<_> = (0..rows).map(|row| row % 61 == 0).collect();
    let width = Width::Rows(252);
    let frame = Frame { columns: &numbers, present: None, ends: &ends, width, half_life: None };
    let wanted =
        Wanted { statistics: coefficients(4), regression: MISSING, min_rows: 252, rows: Some(&asked) };
    let found = run(frame, wanted).unwrap();
    for (at, asked) in asked.into_iter().enumerate() {
        let own: Vec<_> = (at.saturating_sub(251)..=at).collect();
        let expected = if asked && own.len() == 252 {
            multi::solve(&moments(&pick(&columns, &own))).unwrap()
        } else {
            vec![f64::NAN; 4]
        };
        assert_eq!(row(&found, at), bits(&expected), "row {at}");
    }
}

/// What makes no sense is refused.
#[test]
fn refuses_other_columns() {
    let (x, y, short) = ([1.0, 2.0], [3.0, 4.0], [1.0]);
    let two = [Numbers::Float(&x), Numbers::Float(&y)];
    let other = [Numbers::Float(&x), Numbers::Float(&short)];
    let ends = [2];
    let frame = Frame { columns: &two, present: None, ends: &ends, width: Width::Rows(2), half_life: None };
    let wanted = Wanted { statistics: coefficients(2), regression: MISSING, min_rows: 1, rows: None };
    assert!(run(frame, wanted.clone()).is_ok());
    for wrong in [
        Frame { columns: &two[..1], ..frame },
        Frame { columns: &[], ..frame },
        Frame { columns: &other, ..frame },
        Frame { present: Some(&[true]), ..frame },
        Frame { ends: &[1], ..frame },
        Frame { ends: &[2, 1], ..frame },
        Frame { ends: &[3], ..frame },
        Frame { ends: &[], ..frame },
        Frame { width: Width::Rows(0), ..frame },
        Frame { width: Width::Ints(&[1], 1), ..frame },
        Frame { width: Width::Floats(&x, f64::NAN), ..frame },
    ] {
        assert!(run(wrong, wanted.clone()).is_err(), "{wrong:?}");
    }
    assert!(run(frame, Wanted { min_rows: 0, ..wanted.clone() }).is_err());
    assert!(run(frame, Wanted { rows: Some(&[true]), ..wanted.clone() }).is_err());
    let statistics = vec![Statistic::Coefficient(2)];
    assert!(run(frame, Wanted { statistics, ..wanted }).is_err());
}
