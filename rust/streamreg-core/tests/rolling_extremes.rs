//! Rolling regressions of hard data: every coefficient is the double nearest to that of the rational solution.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use streamreg_core::infer::{Model, Statistic};
use streamreg_core::reduce::Regression;
use streamreg_core::rolling::{Frame, Rolling, Wanted, Width};
use support::{Column, bits, fit, nearest, numbers, pick, rationals};

/// More than a stretch.
const ROWS: usize = 9000;
const WINDOW: usize = 25;
/// So many rows lie between two that are looked at.
const STEP: usize = 41;

/// Numbers from -1 to 1 that look random.
fn random(mut state: u64) -> Vec<f64> {
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(state >> 33).unwrap()) / f64::from(1u32 << 30) - 1.0
    };
    (0..ROWS).map(|_| next()).collect()
}

fn made(number: impl Fn(usize, f64) -> f64, seed: u64) -> Column {
    Column::Float(random(seed).into_iter().enumerate().map(|(row, value)| number(row, value)).collect())
}

/// Integers of one size that look random.
fn integers(most: f64, seed: u64) -> impl Iterator<Item = i64> {
    #[allow(clippy::cast_possible_truncation, reason = "integers are meant")]
    random(seed).into_iter().map(move |value| (value * most) as i64)
}

/// Compares some windows; the first of them are of fewer rows.
fn check(name: &str, columns: &[Column]) {
    let (numbers, ends) = (numbers(columns), [ROWS]);
    let asked: Vec<_> = (0..ROWS).map(|row| row % STEP == 0 || row < 5).collect();
    let frame =
        Frame { columns: &numbers, present: None, ends: &ends, width: Width::Rows(WINDOW), half_life: None };
    let regression =
        Regression { model: Model { intercept: true, ridge: 0.0 }, zeros: false, drop: false, level: 0.95 };
    let statistics = (0..columns.len()).map(Statistic::Coefficient).collect();
    let mut rolling =
        Rolling::new(frame, Wanted { statistics, regression, min_rows: 1, rows: Some(&asked) }).unwrap();
    while rolling.advance().unwrap() {}
    let found = rolling.results();
    for at in (0..ROWS).filter(|&row| asked[row]) {
        let own: Vec<_> = ((at + 1).saturating_sub(WINDOW)..=at).collect();
        let exact = fit(&rationals(&pick(columns, &own)));
        let exact = exact.map(|exact| exact.iter().map(nearest).collect());
        let exact: Vec<f64> = exact.unwrap_or_else(|| vec![f64::NAN; columns.len()]);
        let row: Vec<_> = found.iter().map(|column| column[at]).collect();
        assert_eq!(bits(&row), bits(&exact), "{name}, row {at}: {row:?}, not {exact:?}");
    }
}

#[allow(clippy::cast_precision_loss, reason = "rows are few")]
fn place(row: usize) -> f64 {
    row as f64
}

/// A line and a plane with another feature.
fn check_both(name: &str, x: Column, y: Column) {
    let other = made(|_, value| value, 77);
    check(name, &[x.clone(), y.clone()]);
    check(name, &[x, other, y]);
}

/// Times: seconds with fractions, and milliseconds as integers; prices of two decimals.
#[test]
fn oracle_times() {
    let price = || made(|row, value| ((place(row % 700) + value) * 100.0).round() / 100.0, 5);
    check_both("seconds", made(|row, _| 1.7e9 + place(row) * 0.1, 1), price());
    let millis = (0i64..).zip(integers(400.0, 2)).map(|(row, off)| 1_700_000_000_000 + 1000 * row + off);
    check_both("milliseconds", Column::Int(millis.collect()), price());
    let large = integers(9e18, 3);
    check_both("large integers", Column::Int(large.collect()), Column::Int(integers(3e18, 4).collect()));
}

/// Outliers that have gone, and those that are still there.
#[test]
fn oracle_outliers() {
    let far = |row: usize, value: f64| if row % 997 == 100 { value * 1e12 } else { value };
    check_both("in x", made(far, 1), made(|_, value| value, 2));
    check_both("in both", made(far, 1), made(far, 2));
    let sizes = |row: usize, value: f64| value * 10f64.powi(i32::try_from(row % 300).unwrap());
    check_both("of all sizes", made(sizes, 1), made(far, 2));
}

/// Numbers that do not vary: a singular window, a level line, a line through few points, and zeros.
#[test]
fn oracle_constants() {
    let steps = |row: usize, value: f64| if (row / 60).is_multiple_of(2) { 3.25 } else { value };
    let zeros = |row: usize, value: f64| if (row / 60).is_multiple_of(2) { 0.0 } else { value.round() };
    check_both("x", made(steps, 1), made(|_, value| value, 2));
    check_both("y", made(|_, value| value, 1), made(steps, 2));
    check_both("zeros", made(zeros, 1), made(zeros, 2));
    check_both("a level far away", made(|_, value| value, 1), made(|row, _| 1e15 + place(row / 60), 2));
    check_both("integers", Column::Int(integers(2.0, 1).collect()), Column::Int(integers(2.0, 2).collect()));
}

/// The ends of the range of doubles, and rows without a number.
#[test]
fn oracle_ends() {
    let tiny = |_: usize, value: f64| value * 1e-310;
    let huge = |_: usize, value: f64| value * 1.7e308;
    check_both("subnormal", made(tiny, 1), made(tiny, 2));
    check_both("subnormal y", made(|_, value| value, 1), made(tiny, 2));
    check_both("huge", made(huge, 1), made(huge, 2));
    check_both("beyond", made(tiny, 1), made(huge, 2));
    let holes = |row: usize, value: f64| if row % 7 == 3 { f64::NAN } else { 5.0 + value };
    check_both("missing", made(holes, 1), made(|row, value| holes(row + 1, value), 2));
}
