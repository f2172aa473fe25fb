//! The statistics of a fit: over weighted rows and decimals against rationals, and where they have no exact value
//! against closed forms.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
#![allow(clippy::float_cmp, reason = "each answer is to be that very double")]

mod support;

use num_bigint::BigInt;
use num_traits::{One, Signed, Zero};
use proptest::prelude::*;
use streamreg_core::column::Numbers;
use streamreg_core::gram::{Gram, Unit};
use streamreg_core::infer::beta::{Shares, tail};
use streamreg_core::infer::bigfloat::{PRECISION, Precision, Wide};
use streamreg_core::infer::student::quantile;
use streamreg_core::infer::{Fit, Model, Statistic, Value};
use support::{Rational, config, nearest};

/// Rows (x₁, x₂, y) with a weight, as integers in these units; (−1, −1) makes tenths.
struct Rows {
    rows: Vec<[i64; 4]>,
    units: [Unit; 4],
}

impl Rows {
    fn gram(&self) -> Gram {
        let ones = |row: &[i64; 4]| [1, row[0], row[1], row[2], row[3]].map(BigInt::from);
        let sum = |i: usize, j: usize| {
            self.rows.iter().map(ones).map(|row| &row[i] * &row[j] * &row[4]).sum::<BigInt>()
        };
        let entries = (0..4).flat_map(|i| (i..4).map(move |j| (i, j))).map(|(i, j)| sum(i, j)).collect();
        let [one, two, target, weight] = self.units;
        let n = i64::try_from(self.rows.len()).unwrap();
        Gram::new(n, 2, entries, vec![Unit::ONE, one, two, target], weight, true).unwrap()
    }

    /// The true numbers.
    fn rationals(&self) -> Vec<[Rational; 4]> {
        let power =
            |base: i32, power: i64| Rational::from_integer(base.into()).pow(i32::try_from(power).unwrap());
        let value = |row: &[i64; 4], at: usize| {
            let unit = self.units[at];
            Rational::from_integer(row[at].into()) * power(2, unit.two) * power(5, unit.five)
        };
        self.rows.iter().map(|row| [0, 1, 2, 3].map(|at| value(row, at))).collect()
    }
}

/// The solution of linear equations with a matrix of 3 × 3, by Cramer's rule.
fn cramer(matrix: &[[Rational; 3]; 3], right: &[Rational; 3]) -> Option<[Rational; 3]> {
    let whole = determinant(matrix);
    let replaced = |at: usize| {
        let mut matrix = matrix.clone();
        (0..3).for_each(|row| matrix[row][at] = right[row].clone());
        determinant(&matrix) / &whole
    };
    (!whole.is_zero()).then(|| [0, 1, 2].map(replaced))
}

fn determinant(m: &[[Rational; 3]; 3]) -> Rational {
    let minor = |a: usize, b: usize| &m[1][a] * &m[2][b] - &m[1][b] * &m[2][a];
    &m[0][0] * minor(1, 2) - &m[0][1] * minor(0, 2) + &m[0][2] * minor(0, 1)
}

fn value(fit: &Fit, statistic: Statistic) -> Option<f64> {
    match fit.statistic(statistic, 0.95).unwrap()? {
        Value::Float(value) => Some(value),
        Value::Int(_) => None,
    }
}

fn unit() -> impl Strategy<Value = Unit> {
    (-3i64..3, -3i64..3).prop_map(|(two, five)| Unit { two, five })
}

proptest! {
    #![proptest_config(config(60))]

    /// Weighted rows in any units: coefficients, sums of squares, covariances, predictions, scores, with a ridge and
    /// without.
    #[test]
    fn oracle_weighted_decimals(
        rows in prop::collection::vec([-20i64..20, -20i64..20, -20i64..20, 0i64..9], 4..9),
        units in [unit(), unit(), unit(), unit()],
        ridge in prop_oneof![Just(0.0), Just(0.1), 0.0..1e3f64],
        asked in [-9.0..9.0f64, -9.0..9.0f64],
    ) {
        let rows = Rows { rows, units };
        let fit = Fit::new(rows.gram(), Model { intercept: true, ridge }).unwrap();
        let exact = rows.rationals();
        let design = |row: &[Rational; 4]| [Rational::one(), row[0].clone(), row[1].clone()];
        let sum = |of: &dyn Fn(&[Rational; 4]) -> Rational| exact.iter().map(|row| of(row) * &row[3]).sum::<Rational>();
        let penalty = support::rational(ridge).unwrap();
        let matrix = [0, 1, 2].map(|i| [0, 1, 2].map(|j| {
            let own = sum(&|row| design(row)[i].clone() * &design(row)[j]);
            if i == j && i > 0 { own + &penalty } else { own }
        }));
        let right = [0, 1, 2].map(|i| sum(&|row| design(row)[i].clone() * &row[2]));
        let Some(solution) = cramer(&matrix, &right) else {
            prop_assert_eq!(fit.coefficients(), None);
            return Ok(());
        };
        prop_assert_eq!(fit.coefficients().unwrap(), solution.iter().map(nearest).collect::<Vec<_>>());
        let fitted = |x: &[Rational; 3]| x.iter().zip(&solution).map(|(x, slope)| x * slope).sum::<Rational>();
        let square = |value: Rational| value.clone() * value;
        let rss = sum(&|row| square(row[2].clone() - fitted(&design(row))));
        let mean = &right[0] / &matrix[0][0];
        let tss = sum(&|row| square(row[2].clone() - &mean));
        prop_assert_eq!(value(&fit, Statistic::Rss), Some(nearest(&rss)));
        prop_assert_eq!(value(&fit, Statistic::Tss), Some(nearest(&tss)));
        let share = (!tss.is_zero()).then(|| nearest(&(Rational::one() - &rss / &tss)));
        prop_assert_eq!(value(&fit, Statistic::R2), share);
        let own = fit.score(&rows.gram()).unwrap();
        prop_assert_eq!(own, Some(share.unwrap_or_else(|| f64::from(u8::from(rss.is_zero())))));
        // Other rows, in other units: the first ones moved, and one of them left out.
        let moved = Rows {
            rows: rows.rows.iter().skip(1).map(|row| [row[0] + 3, row[1] - 1, row[2] * 2, row[3]]).collect(),
            units: [rows.units[2], rows.units[0], rows.units[3], rows.units[1]],
        };
        let other = moved.rationals();
        let over = |of: &dyn Fn(&[Rational; 4]) -> Rational| {
            other.iter().map(|row| of(row) * &row[3]).sum::<Rational>()
        };
        let weight = over(&|_| Rational::one());
        let expected = (!weight.is_zero()).then(|| {
            let middle = over(&|row| row[2].clone()) / &weight;
            let around = over(&|row| square(row[2].clone() - &middle));
            let rest = over(&|row| square(row[2].clone() - fitted(&design(row))));
            if around.is_zero() {
                f64::from(u8::from(rest.is_zero()))
            } else {
                nearest(&(Rational::one() - rest / around))
            }
        });
        prop_assert_eq!(fit.score(&moved.gram()).unwrap(), expected);
        // The product of the weights is in no sum.
        prop_assert_eq!(value(&fit, Statistic::LogLikelihood), None);

        let [one, two] = asked;
        let columns = [Numbers::Float(&[one]), Numbers::Float(&[two])];
        let predictions = fit.predict(&columns).unwrap();
        let row = [Rational::one(), support::rational(one).unwrap(), support::rational(two).unwrap()];
        prop_assert_eq!(predictions.values[0], nearest(&fitted(&row)));
        let freedom = i64::try_from(exact.len()).unwrap() - 3;
        if ridge > 0.0 || freedom == 0 {
            prop_assert!(predictions.mean_errors[0].is_nan());
            return Ok(());
        }
        let variance = rss / Rational::from_integer(freedom.into());
        for j in 0..3 {
            let axis = [0, 1, 2].map(|i| if i == j { Rational::one() } else { Rational::zero() });
            let column = cramer(&matrix, &axis).unwrap();
            for (i, entry) in column.iter().enumerate() {
                let expected = nearest(&(&variance * entry));
                prop_assert_eq!(value(&fit, Statistic::Covariance(i, j)), Some(expected));
            }
        }
        let along = cramer(&matrix, &row).unwrap();
        let leverage: Rational = row.iter().zip(&along).map(|(x, along)| x * along).sum();
        check_root(predictions.mean_errors[0], &(&variance * &leverage));
        check_root(predictions.observation_errors[0], &(&variance * (Rational::one() + &leverage)));

        let weights = [3.0, 0.1, 1.0, 0.0, -1.0];
        let columns = [one, two].map(|value| [value; 5]);
        let columns = [Numbers::Float(&columns[0]), Numbers::Float(&columns[1])];
        let target = Numbers::Float(&[0.5; 5]);
        let found = fit.weighted_residuals(&columns, &target, &Numbers::Float(&weights)).unwrap();
        let plain = fit.residuals(&columns, &target).unwrap();
        prop_assert_eq!(&found.residuals, &plain.residuals);
        let residual = support::rational(0.5).unwrap() - fitted(&row);
        for (weight, standardized) in weights.into_iter().zip(&found.standardized) {
            if variance.is_zero() || weight <= 0.0 {
                prop_assert!(standardized.is_nan());
                continue;
            }
            let all = &variance * (support::rational(weight).unwrap().recip() + &leverage);
            prop_assert_eq!(standardized.is_sign_negative(), residual.is_negative());
            check_root(standardized.abs(), &(&residual * &residual / all));
        }
        prop_assert_eq!(found.standardized[2].to_bits(), plain.standardized[2].to_bits());
    }

    /// Sums that no rows have, as a damaged state may hold them, give numbers or nothing: no panic, no NaN.
    #[test]
    fn law_any_sums_are_answered(
        rows in prop::collection::vec([-3i64..3, -3i64..3, -3i64..3, -3i64..3], 1..9), intercept: bool,
    ) {
        let rows = Rows { rows, units: [Unit::ONE; 4] };
        let fit = Fit::new(rows.gram(), Model { intercept, ridge: 0.0 }).unwrap();
        let of_fit = ["n", "df", "rank", "rss", "tss", "residual_std", "r2", "adjusted_r2", "f", "f_p_value", "aic"];
        let of_coefficient = ["coefficient", "std_error", "t", "p_value", "ci_low", "ci_high", "covariance"];
        let asked = of_fit.map(|name| (name, 0)).into_iter().chain(of_coefficient.map(|name| (name, 1)));
        for (name, at) in asked {
            let found = fit.statistic(Statistic::named(name, at, 0).unwrap(), 0.95).unwrap();
            prop_assert!(!matches!(found, Some(Value::Float(value)) if value.is_nan()), "{}", name);
        }
        let row = [Numbers::Int(&[1]), Numbers::Int(&[2])];
        fit.predict(&row).unwrap();
        fit.residuals(&row, &Numbers::Float(&[0.5])).unwrap();
    }

    /// With even degrees of freedom the tail of F is a finite sum: Σ C(n, k)·yᵏ·xⁿ⁻ᵏ over k < d₁/2, n = (d₁ + d₂)/2 − 1.
    #[test]
    fn oracle_tail_of_even_degrees(d1 in 1u32..33, d2 in 1u32..200, x in 1u64..1 << 60, y in 1u64..1 << 60) {
        let n = d1 + d2 - 1;
        let (mut expected, mut ways) = (BigInt::ZERO, BigInt::one());
        for k in 0..d1 {
            expected += &ways * BigInt::from(y).pow(k) * BigInt::from(x).pow(n - k);
            ways = ways * (n - k) / (k + 1);
        }
        let expected = nearest(&Rational::new(expected, BigInt::from(x + y).pow(n)));
        let shares = Shares { x: x.into(), y: y.into() };
        let found = tail(PRECISION, 2 * u64::from(d1), 2 * u64::from(d2), &shares).nearest();
        prop_assert_eq!(found, expected);
    }

    /// Odd degrees lie between the even ones beside them.
    #[test]
    fn law_tails_are_in_order(d1 in 1u64..33, d2 in 2u64..500, x in 1u64..1 << 40, y in 1u64..1 << 40) {
        let shares = Shares { x: x.into(), y: y.into() };
        let at = |d1, d2| tail(PRECISION, d1, d2, &shares).nearest();
        prop_assert!(at(d1, d2) <= at(d1 + 1, d2));
        prop_assert!(at(d1, d2) >= at(d1, d2 + 1));
    }

    /// The share within a quantile is the level that it was asked for.
    #[test]
    fn law_quantile_inverts_the_tail(freedom in prop_oneof![1u64..50, 1u64..1 << 63], level in 1e-9..1.0f64) {
        prop_assume!(level < 1.0);
        let t = quantile(PRECISION, freedom, &Wide::of_double(level));
        let (mantissa, exponent) = t.parts();
        let down = u32::try_from(-2 * exponent).unwrap();
        let shares = Shares { x: BigInt::from(freedom) << down, y: mantissa * mantissa };
        let beyond = tail(PRECISION, 1, freedom, &shares);
        let within = PRECISION.subtract(&Wide::of(1), &beyond);
        let error = PRECISION.subtract(&within, &Wide::of_double(level));
        prop_assert!(error.magnitude() < -120, "2^{}", error.magnitude());
    }
}

/// The found root is the double nearest to that of a rational: its middles with its neighbours enclose it.
fn check_root(found: f64, square: &Rational) {
    let [low, middle, high] =
        [found.next_down(), found, found.next_up()].map(|value| support::rational(value).unwrap());
    let half = Rational::new(1.into(), 2.into());
    let (below, above) = ((&low + &middle) * &half, (&middle + &high) * &half);
    assert!(found == 0.0 || &(&below * &below) <= square, "{found} is too large a root of {square}");
    assert!(&(&above * &above) >= square, "{found} is too small a root of {square}");
}

/// Tails of any degrees end, whatever x and y are: at the ends of the doubles and far beyond.
#[test]
fn law_tails_of_any_size_end() {
    let large: BigInt = BigInt::one() << 5000;
    for freedom in [1, 2, 3, 1000, 1 << 40, (1 << 63) - 1] {
        for slopes in [1, 2, 33, 64] {
            for (x, y) in [(0, 1), (1, 0), (1, 1), (1, u64::MAX), (u64::MAX, 1), (u64::MAX, 700)] {
                let share = tail(PRECISION, slopes, freedom, &Shares { x: x.into(), y: y.into() }).nearest();
                assert!((0.0..=1.0).contains(&share), "{share} for {slopes}, {freedom}, {x}, {y}");
            }
            for (x, y) in [(large.clone(), BigInt::one()), (BigInt::one(), large.clone())] {
                let share = tail(PRECISION, slopes, freedom, &Shares { x, y }).nearest();
                assert!((0.0..=1.0).contains(&share));
            }
        }
    }
}

/// With 1 and 2 degrees of freedom the quantile has a closed form: tan(π·level/2), and level·√(2/(1 − level²)).
#[test]
fn oracle_quantiles_of_closed_form() {
    let quantile_of = |freedom, level| quantile(PRECISION, freedom, &Wide::of_double(level)).nearest();
    assert_eq!(quantile_of(1, 0.5), 1.0);
    for level in [0.25, 0.5, 0.75, 0.875, 1.0 - 2f64.powi(-53)] {
        let wide = Wide::of_double(level);
        let square = PRECISION.multiply(&wide, &wide);
        let rest = PRECISION.subtract(&Wide::of(1), &square);
        let root = PRECISION.root(&PRECISION.divide(&Wide::of(2), &rest));
        assert_eq!(quantile_of(2, level), PRECISION.multiply(&wide, &root).nearest());
    }
}

/// π and logarithms to 100 digits.
#[test]
fn oracle_constants() {
    let precision = Precision::new(340);
    let digits = |value: &Wide| {
        let scaled = precision.multiply(value, &Wide::of(BigInt::from(10).pow(98)));
        let (mantissa, exponent) = scaled.parts();
        (mantissa >> exponent.unsigned_abs()).to_string()
    };
    let pi =
        "314159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706";
    let ln_2 =
        "69314718055994530941723212145817656807550013436025525412068000949339362196969471560586332699641868";
    let ln_10 =
        "230258509299404568401799145468436420760110148862877297603332790096757260967735248023599720508959829";
    assert_eq!(digits(&precision.pi()), pi);
    assert_eq!(digits(&precision.ln(&Wide::of(2))), ln_2);
    assert_eq!(digits(&precision.ln(&Wide::of(10))), ln_10);
    assert!(precision.ln(&Wide::of(1)).is_zero());
    // ln(1 + h) = h − h²/2 + …, to the last of the double's bits.
    let near = precision.ln(&Wide::of_double(1.0 + f64::EPSILON)).nearest();
    assert_eq!(near, f64::EPSILON - f64::EPSILON * f64::EPSILON / 2.0);
}
