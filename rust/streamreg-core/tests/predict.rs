//! The shorter way to predictions against the exact one, and the numbers that it is made of against rationals.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use std::sync::Arc;

use num_traits::Signed;
use proptest::prelude::*;
use streamreg_core::accumulate::{Accumulator, Group};
use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::decimal::Decimal;
use streamreg_core::gram::Gram;
use streamreg_core::infer::ball::Ball;
use streamreg_core::infer::{Fit, Interval, Model};
use streamreg_core::monomials::{Monomials, Power, Terms};
use support::{
    Column, Rational, bits, columns, config, decimal, decimal_value, double, integer, moments, nearest,
    numbers, rational,
};

/// Every answer to rows, by its bits.
fn answers(fit: &Fit, asked: &[Numbers<'_>], target: &Numbers<'_>) -> Vec<Vec<u64>> {
    let (predicted, rest) = (fit.predict(asked).unwrap(), fit.residuals(asked, target).unwrap());
    let mut answers = vec![fit.values(asked).unwrap(), predicted.values, rest.values];
    answers.extend([predicted.mean_errors, predicted.observation_errors, rest.residuals, rest.standardized]);
    for interval in [Interval::Confidence, Interval::Prediction] {
        let found = fit.intervals(asked, interval, 0.95).unwrap();
        answers.extend([found.values, found.low, found.high]);
    }
    // Weights from 0 up, NaN and infinities.
    let weights: Vec<_> = answers[3].iter().map(|error| error * 1e3).collect();
    let weighted = fit.weighted_residuals(asked, target, &Numbers::Float(&weights)).unwrap();
    answers.extend([weighted.values, weighted.residuals, weighted.standardized]);
    answers.iter().map(|column| bits(column)).collect()
}

/// Both ways agree on rows of features and target.
fn check(fit: impl Fn() -> Fit, asked: &[Column]) {
    let asked = numbers(asked);
    let (target, features) = asked.split_last().unwrap();
    assert_eq!(answers(&fit(), features, target), answers(&fit().exactly(), features, target));
}

/// The moments' fit.
fn fit(columns: &[Column], intercept: bool) -> Fit {
    Fit::new(Gram::of(&moments(columns)), Model { intercept, ridge: 0.0 }).unwrap()
}

/// Times in milliseconds, a day of them; heights; and what they make with noise that has this size.
fn times(noise: f64) -> impl Strategy<Value = Vec<Column>> {
    prop::collection::vec((0u32..86_400_000, -1e3..1e3f64, -1.0..1.0f64), 8..30).prop_map(move |rows| {
        let at = |of: &dyn Fn(&(u32, f64, f64)) -> f64| Column::Float(rows.iter().map(of).collect());
        let time = |row: &(u32, f64, f64)| 1.7e12 + f64::from(row.0);
        vec![at(&time), at(&|row| row.1), at(&|row| time(row) / 3e7 - row.1 + noise * row.2)]
    })
}

proptest! {
    #![proptest_config(config(150))]

    /// Columns of any numbers, of any size, for rows of any numbers, NaN and infinities among them.
    #[test]
    fn differential_any_numbers(
        fitted in columns(3, 3..9), asked in columns(3, 4..9), intercept: bool, broken: bool,
    ) {
        let mut asked = asked;
        if let (true, Column::Float(values)) = (broken, &mut asked[0]) {
            (values[0], values[1], values[2]) = (f64::NAN, f64::INFINITY, f64::NEG_INFINITY);
        }
        check(|| fit(&fitted, intercept), &asked);
    }

    /// Rows that were fitted, or are like them, of numbers far from 0: with much noise, hardly any, and none.
    #[test]
    fn differential_times(
        rows in prop_oneof![times(1.0), times(1e-9), times(0.0)], intercept: bool,
    ) {
        check(|| fit(&rows, intercept), &rows);
    }

    /// Powers of columns, and weights.
    #[test]
    fn differential_powers(
        rows in prop::collection::vec((-40i64..40, double(), integer(), 0i64..9), 8..16), most in 1u32..7, weighted: bool,
    ) {
        let of_rows = |of: fn(&(i64, f64, i64, i64)) -> f64| Column::Float(rows.iter().map(of).collect());
        let columns = vec![
            of_rows(|row| f64::from(i32::try_from(row.0).unwrap()) / 8.0),
            of_rows(|row| row.1),
            Column::Int(rows.iter().map(|row| row.2).collect()),
            Column::Int(rows.iter().map(|row| row.3).collect()),
        ];
        let kinds = vec![NumberType::Float, NumberType::Float, NumberType::Int, NumberType::Int];
        let powers = vec![Power { column: 0, power: 1 }, Power { column: 0, power: most }, Power { column: 1, power: 2 }];
        let terms = Terms::new(kinds, powers, 2, weighted.then_some(3)).unwrap();
        let mut state = Monomials::new(Arc::new(terms));
        state.add(&numbers(&columns)).unwrap();
        let fit = || Fit::new(state.gram().unwrap(), Model::default()).unwrap().of_powers(vec![1, most, 2]);
        let asked = [columns[0].clone(), columns[0].clone(), columns[1].clone(), columns[2].clone()];
        check(fit, &asked);
    }

    /// Decimals as they are written, of few digits and of many, and beyond the powers of ten that are doubles.
    #[test]
    fn differential_decimals(
        rows in prop::collection::vec((decimal(), decimal(), double()), 4..12), target_first: bool,
    ) {
        let words = |of: fn(&(Decimal, Decimal, f64)) -> Decimal| {
            Column::Decimal(rows.iter().map(|row| of(row).to_words()).collect())
        };
        let doubles = Column::Float(rows.iter().map(|row| row.2).collect());
        let mut columns = vec![words(|row| row.0), doubles, words(|row| row.1)];
        if target_first {
            columns.rotate_left(1);
        }
        let kinds = columns.iter().map(|column| column.numbers().number_type()).collect();
        let powers = [0, 1].map(|column| Power { column, power: 1 }).to_vec();
        let mut state = Monomials::new(Arc::new(Terms::new(kinds, powers, 2, None).unwrap()));
        state.add(&numbers(&columns)).unwrap();
        check(|| Fit::new(state.gram().unwrap(), Model::default()).unwrap(), &columns);
    }

    /// Sums that no rows have: a fit of rows that were removed and never added.
    #[test]
    fn differential_rows_that_were_never_there(
        added in columns(3, 3..7), removed in columns(3, 1..4), asked in columns(3, 4..7),
    ) {
        let mut state = moments(&added);
        state.subtract(&moments(&removed)).unwrap();
        check(|| Fit::new(Gram::of(&state), Model::default()).unwrap(), &asked);
    }

    /// However numbers are put together, the ball holds what comes out; and where it rounds, to the nearest double.
    #[test]
    fn oracle_balls(first in share(double()), steps in prop::collection::vec((0usize..4, share(double())), 1..9)) {
        check_steps(first, steps);
    }

    /// A decimal is in its ball, which is small: cents, and all of 34 digits.
    #[test]
    fn oracle_balls_of_decimals(value in decimal()) {
        if let Some(ball) = Ball::of_decimal(value) {
            check_ball(ball, &decimal_value(value));
            let [high, _, radius] = ball.parts();
            prop_assert!(radius <= high.abs() * 2f64.powi(-99));
        } else {
            prop_assert!(value.exponent().abs() > 22);
        }
    }

    /// Of what is put together as it stands, no operation loses more than its bound is made for.
    #[test]
    fn oracle_operations_on_balls(
        cases in prop::collection::vec((share(near_one()), share(near_one())), 15),
    ) {
        for ((one, _), (other, _)) in cases {
            check_operations(one, other);
        }
    }

    /// Of numbers of ordinary sizes all but the last few of the 106 digits are certain.
    #[test]
    fn law_balls_are_small(
        one in prop_oneof![1e-9..1e9f64, -1e9..-1e-9f64], other in 1e-9..1e9f64,
    ) {
        let quotient = Ball::of_double(one).divide(Ball::of_double(other)).unwrap();
        let root = (quotient * quotient).root().unwrap();
        let back = root * Ball::of_double(other);
        for ball in [quotient, root, back, quotient + Ball::of_double(one)] {
            let [high, _, radius] = ball.parts();
            prop_assert!(radius < high.abs() * 2f64.powi(-98) + 1e-250, "{:?}", ball);
        }
        prop_assert_eq!(back.rounded(), Some(one.abs()));
    }
}

/// Doubles of which all digits count, of both signs.
fn near_one() -> impl Strategy<Value = f64> {
    prop_oneof![0.5..2.0f64, -2.0..-0.5f64]
}

/// A number and the ball that stands for it, which takes more than a double.
fn share(value: impl Strategy<Value = f64>) -> impl Strategy<Value = (Ball, Rational)> {
    (value, prop_oneof![1 => Just(1i64), 4 => integer()]).prop_map(|(value, count)| {
        let (ball, exact) = (Ball::of_double(value), rational(value).unwrap());
        match ball.divide(Ball::of_integer(count.into())) {
            Some(quotient) => (quotient, exact / Rational::from_integer(count.into())),
            None => (ball * Ball::of_integer(count.into()), exact * Rational::from_integer(count.into())),
        }
    })
}

/// What comes out of each step is in the ball, and so is its root.
fn check_steps((mut ball, mut exact): (Ball, Rational), steps: Vec<(usize, (Ball, Rational))>) {
    for (step, (other, number)) in steps {
        match step {
            0 => (ball, exact) = (ball + other, exact + number),
            1 => (ball, exact) = (ball - other, exact - number),
            2 => (ball, exact) = (ball * other, exact * number),
            _ => {
                let Some(quotient) = ball.divide(other) else { continue };
                (ball, exact) = (quotient, exact / number);
            }
        }
        check_ball(ball, &exact);
        if let Some(root) = ball.root() {
            check_root(root, &exact);
        }
    }
}

/// The errors of operations are at most so many times 2⁻¹⁰⁶ of what they are relative to.
fn check_operations(one: Ball, other: Ball) {
    let unit = Rational::new(1.into(), num_bigint::BigInt::from(1) << 106);
    let middle = |ball: Ball| {
        let [high, low, _] = ball.parts().map(|part| rational(part).unwrap());
        high + low
    };
    let (a, b) = (middle(one), middle(other));
    let check = |found: Ball, exact: Rational, size: Rational, most: i64| {
        let error = (middle(found) - exact).abs();
        assert!(error <= size.abs() * &unit * Rational::from_integer(most.into()), "{one:?} and {other:?}");
    };
    check(one + other, &a + &b, a.abs() + b.abs(), 3);
    check(one * other, &a * &b, &a * &b, 8);
    if let Some(quotient) = one.divide(other) {
        check(quotient, &a / &b, &a / &b, 22);
    }
    if let Some(root) = one.root() {
        // (√a + e)² is a + 2·√a·e and hardly more: twice the error, relative to a.
        check(root * root, a.clone(), a, 2 * 8 + 9);
    }
}

/// The number is in the ball, unless that has left the doubles.
fn check_ball(ball: Ball, exact: &Rational) {
    let parts = ball.parts();
    if let [Some(high), Some(low), Some(radius)] = parts.map(rational) {
        assert!((exact - high - low).abs() <= radius, "{ball:?} does not hold {exact}");
        if let Some(rounded) = ball.rounded() {
            assert_eq!(rounded.to_bits(), nearest(exact).to_bits());
        }
    } else {
        assert_eq!(ball.rounded(), None);
    }
}

/// The root of the number is in the ball.
fn check_root(root: Ball, square: &Rational) {
    if let [Some(high), Some(low), Some(radius)] = root.parts().map(rational) {
        let (least, most) = (&high + &low - &radius, high + low + radius);
        assert!(least.is_negative() || &least * &least <= *square, "{root:?} is too large for {square}");
        assert!(&most * &most >= *square, "{root:?} is too small for {square}");
    }
}

/// Values halfway between two doubles go to the even one, those that are doubles or 0 stay what they are.
#[test]
fn differential_ties() {
    let unit = 2f64.powi(-53);
    let x: Vec<_> = (0..8).map(|row| f64::from(row) * unit).collect();
    // y = x + u: exactly on a line.
    let y = x.iter().map(|x| x + unit).collect();
    let line = [Column::Float(x), Column::Float(y)];
    let asked = vec![1.0, 1.0 + 2.0 * unit, 1.0 + 4.0 * unit, 0.5, -unit, 2.0, 0.0, -1.0];
    let target = vec![1.0, 2.0, 0.5, unit, 0.0, -0.0, 5e-324, f64::MAX];
    let asked = [Column::Float(asked), Column::Float(target)];
    check(|| fit(&line, true), &asked);
    let values = fit(&line, true).values(&numbers(&asked[..1])).unwrap();
    assert_eq!(bits(&values[..5]), bits(&[1.0, 1.0 + 4.0 * unit, 1.0 + 4.0 * unit, 0.5 + unit, 0.0]));

    let flat = [Column::Float(vec![1.0, 2.0, 3.0, 4.0]), Column::Float(vec![0.0; 4])];
    check(|| fit(&flat, true), &asked);
    let values = fit(&flat, true).values(&numbers(&asked[..1])).unwrap();
    assert_eq!(bits(&values), bits(&[0.0; 8]));
}

/// A ball round zero, or round the middle between two doubles, does not round.
#[test]
fn law_what_is_not_certain_is_not_rounded() {
    let third = Ball::of_double(1.0).divide(Ball::of_double(3.0)).unwrap();
    assert_eq!(third.rounded(), Some(1.0 / 3.0));
    assert_eq!((third - third).rounded(), None);
    let half = Ball::of_double(f64::EPSILON / 2.0);
    assert_eq!((Ball::of_double(1.0) + half).rounded(), None);
    assert_eq!(Ball::of_double(f64::NAN).rounded(), None);
    assert_eq!(Ball::of_double(f64::INFINITY).rounded(), None);
    assert_eq!(Ball::of_double(5e-324).rounded(), None);
    assert!(third.divide(third - third).is_none());
    assert!((third - third).root().is_none());
}
