//! Answers recomputed from scratch in rationals: the library's must be their nearest doubles, bit for bit.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]
#![allow(clippy::unreadable_literal, reason = "the numbers of the tutorial, as it prints them")]

mod support;

use num_bigint::BigInt;
use num_traits::Zero;
use proptest::prelude::*;
use streamreg_core::accumulate::{Accumulator, Group};
use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::exact::ExactSum;
use streamreg_core::moments::Moments;
use streamreg_core::reduce::{Aggregate, Answer, Reduction, Statistic};
use streamreg_core::solve::{solve, total};
use support::{
    Column, Rational, bits, columns, config, double, fit, integer, nearest, numbers, rational, rationals,
    sum as exact_sum,
};

/// The library's coefficients of these columns.
fn coefficients(columns: &[Column]) -> Option<Vec<f64>> {
    let mut moments = Moments::new(columns.len() - 1).unwrap();
    moments.add(&numbers(columns)).unwrap();
    solve(&moments)
}

fn check(columns: &[Column]) {
    let expected = fit(&rationals(columns)).map(|solution| solution.iter().map(nearest).collect::<Vec<_>>());
    let found = coefficients(columns);
    assert_eq!(found.as_deref().map(bits), expected.as_deref().map(bits), "{found:?} for {expected:?}");
}

/// The bits of an answer that is a double.
fn float(answer: &Answer) -> Option<u64> {
    match answer {
        Answer::Float(value) => Some(value.to_bits()),
        Answer::Int(_) | Answer::Decimal(_) | Answer::Time(..) => panic!("{answer:?} is no double"),
        Answer::Null => None,
    }
}

proptest! {
    #![proptest_config(config(150))]

    /// A line through any numbers is the exact solution, rounded once.
    #[test]
    fn oracle_line(columns in columns(2, 0..60)) {
        check(&columns);
    }

    /// So is a line through doubles of ordinary size, few or many.
    #[test]
    fn oracle_ordinary_line(rows in prop::collection::vec((-1e6..1e6f64, -1e-3..1e-3f64), 0..80)) {
        let (x, y) = rows.into_iter().unzip();
        check(&[Column::Float(x), Column::Float(y)]);
    }

    /// The sum and the average of doubles are the exact ones, rounded once.
    #[test]
    fn oracle_float_sum(values in prop::collection::vec(double(), 1..60)) {
        let mut sum = ExactSum::new();
        sum.add(Numbers::Float(&values)).unwrap();
        let exact: Rational = values.iter().map(|&value| rational(value).unwrap()).sum();
        prop_assert_eq!(total::sum(&sum).to_bits(), nearest(&exact).to_bits());
        let average = exact / Rational::from_integer(values.len().into());
        prop_assert_eq!(total::average(&sum).unwrap().to_bits(), nearest(&average).to_bits());
    }

    /// The sum of integers is the exact integer.
    #[test]
    fn oracle_integer_sum(values in prop::collection::vec(integer(), 1..60)) {
        let mut sum = ExactSum::new();
        sum.add(Numbers::Int(&values)).unwrap();
        let exact: BigInt = values.iter().copied().map(BigInt::from).sum();
        prop_assert_eq!(total::integer_sum(&sum), exact.clone());
        let average = Rational::new(exact, values.len().into());
        prop_assert_eq!(total::average(&sum).unwrap().to_bits(), nearest(&average).to_bits());
    }

    /// Every statistic of SQL is its exact value, rounded once, and NULL where SQL says so.
    #[test]
    fn oracle_regr(columns in columns(2, 0..40)) {
        let rows = rationals(&columns);
        let n = Rational::from_integer(rows.len().into());
        let (x, y) = (exact_sum(&rows, 0, None), exact_sum(&rows, 1, None));
        let (xx, xy, yy) = (exact_sum(&rows, 0, Some(0)), exact_sum(&rows, 0, Some(1)), exact_sum(&rows, 1, Some(1)));
        let mut expected = vec![None; 8];
        if !n.is_zero() {
            let (sxx, syy, sxy) = (&xx - &x * &x / &n, &yy - &y * &y / &n, &xy - &x * &y / &n);
            let means = [&x / &n, &y / &n];
            let slope = (!sxx.is_zero()).then(|| &sxy / &sxx);
            let intercept = slope.as_ref().map(|slope| &means[1] - slope * &means[0]);
            let r2 = slope.as_ref().map(|_| {
                if syy.is_zero() { Rational::from_integer(1.into()) } else { &sxy * &sxy / (&sxx * &syy) }
            });
            let [average_x, average_y] = means;
            let all = [slope, intercept, Some(average_x), Some(average_y), Some(sxx), Some(syy), Some(sxy), r2];
            expected = all.map(|value| value.as_ref().map(|value| nearest(value).to_bits())).to_vec();
        }

        let inputs: Vec<_> = columns.iter().map(|column| column.numbers().number_type()).collect();
        let aggregate = Aggregate::Moments { features: vec![0], target: 1 };
        let mut reduction = Reduction::new(&inputs, vec![aggregate]).unwrap();
        reduction.add(&numbers(&columns), columns[0].numbers().len()).unwrap();
        let names = ["slope", "intercept", "avgx", "avgy", "sxx", "syy", "sxy", "r2", "count"];
        let statistics: Vec<_> =
            names.iter().map(|name| Statistic::new(0, &format!("regr_{name}"), 0).unwrap()).collect();
        let answers = reduction.answers(&statistics).unwrap();
        let found: Vec<_> = answers[..8].iter().map(float).collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(&answers[8], &Answer::Int(BigInt::from(rows.len())));
    }
}

proptest! {
    #![proptest_config(config(40))]

    /// A plane through any numbers is the exact solution, rounded once.
    #[test]
    fn oracle_plane(columns in columns(3, 0..30)) {
        check(&columns);
    }

    /// So is one of five features.
    #[test]
    fn oracle_five_features(columns in prop::collection::vec(prop::collection::vec(-1e3..1e3f64, 40), 6)) {
        check(&columns.into_iter().map(Column::Float).collect::<Vec<_>>());
    }
}

/// Products just above the smallest normal double keep all their bits.
#[test]
fn oracle_products_near_the_smallest_double() {
    let unit = 2f64.powi(-490);
    let x = [0.0, 1.0, 3.0].map(|k| unit * (1.0 + k * f64::EPSILON)).to_vec();
    check(&[Column::Float(x.clone()), Column::Float(vec![0.0, 1.0, 3.0])]);
    check(&[Column::Float(x.clone()), Column::Float(vec![1.0, -1.0, 2.0])]);
    check(&[Column::Float(x), Column::Float(vec![unit, -unit, 2.0 * unit])]);
}

/// Coefficients that are subnormal, vanish, or exceed the largest double are rounded as IEEE 754 says.
#[test]
fn oracle_ends_of_the_range() {
    let x = vec![0.0, 1.0, 2.0];
    for tiny in [5e-324, 1.5e-323, f64::MIN_POSITIVE] {
        check(&[Column::Float(x.clone()), Column::Float(vec![0.0, tiny, tiny])]);
        check(&[Column::Float(vec![0.0, tiny, 3.0 * tiny]), Column::Float(vec![1.0, 2.0, 2.5])]);
        check(&[Column::Float(vec![0.0, 1e300, 2e300]), Column::Float(vec![0.0, -tiny, -tiny])]);
    }
    check(&[Column::Float(x), Column::Float(vec![-f64::MAX, f64::MAX, f64::MAX])]);
    let steep = coefficients(&[Column::Float(vec![0.0, 5e-324]), Column::Float(vec![0.0, -f64::MAX])]);
    assert_eq!(steep, Some(vec![0.0, f64::NEG_INFINITY]));
}

/// A zero coefficient is +0.0.
#[test]
fn oracle_zero_is_positive() {
    let flat = coefficients(&[Column::Float(vec![-1.0, -2.0]), Column::Float(vec![-0.0, -0.0])]);
    assert_eq!(flat.as_deref().map(bits), Some(vec![0, 0]));
}

/// Epoch milliseconds beside small noise give the exact line, from doubles and from integers.
#[test]
fn oracle_epoch_milliseconds() {
    let noise = |i: i32| f64::from(i * 7919 % 201 - 100) / 1000.0;
    let y: Vec<_> = (0..1000).map(|i| 2.0 * f64::from(i) + 1.0 + noise(i)).collect();
    let times: Vec<i64> = (0..1000).map(|i| 1_700_000_000_000 + i).collect();
    let x = (0..1000).map(|i| 1.7e12 + f64::from(i)).collect();
    let columns = [Column::Float(x), Column::Float(y.clone())];
    check(&columns);
    assert_eq!(coefficients(&columns), coefficients(&[Column::Int(times), Column::Float(y)]));
}

/// No row, one row, or a feature that does not vary or repeats another has no solution; the decision is exact.
#[test]
fn oracle_singular() {
    let column = |values: &[f64]| Column::Float(values.to_vec());
    assert_eq!(coefficients(&[column(&[]), column(&[])]), None);
    assert_eq!(coefficients(&[column(&[0.1]), column(&[1.0])]), None);
    assert_eq!(coefficients(&[column(&[0.1; 50]), column(&[1.0; 50])]), None);
    let (x, twice) = ([0.1, 0.7, 0.3, 1e9], [0.2, 1.4, 0.6, 2e9]);
    assert_eq!(coefficients(&[column(&x), column(&twice), column(&x)]), None);
    let almost = [0.2, 1.4, 0.6, 2e9 + 3e-7];
    check(&[column(&x), column(&almost), column(&[1.0, 2.0, 3.0, 5.0])]);
}

/// A pivot that is zero, as only rows removed but never added can make it, does not stop the elimination.
#[test]
fn oracle_zero_pivot() {
    let plane = |rows: &[(f64, f64)]| {
        let (one, two): (Vec<_>, Vec<_>) = rows.iter().copied().unzip();
        let target = rows.iter().map(|(one, two)| 1.0 + 2.0 * one + 3.0 * two).collect();
        [one, two, target].map(Column::Float)
    };
    let mut moments = Moments::new(2).unwrap();
    moments.add(&numbers(&plane(&[(1.0, 1.0), (-1.0, -1.0), (0.0, 0.0), (0.0, 1.0)]))).unwrap();
    moments.remove(&numbers(&plane(&[(1.0, -1.0), (-1.0, 1.0)]))).unwrap();
    assert!(moments.sum(0).is_zero() && moments.product(0, 0).is_zero());
    assert_eq!(solve(&moments), Some(vec![1.0, 2.0, 3.0]));
}

/// The ten rows of the tutorial give its ten lines, one after each row.
#[test]
fn oracle_tutorial() {
    let y = [
        0.06888437030500963,
        1.0515908805880605,
        1.984114316166169,
        2.9517833500585926,
        4.002254944273722,
        4.980986827490083,
        6.056759717806955,
        6.9606625452157855,
        7.995319390830471,
        9.016676407891007,
    ];
    let expected = [
        (0.0, 0.0),
        (0.06888437030500963, 0.9827065102830509),
        (0.0772482160891667, 0.9576149729305796),
        (0.07691017305362931, 0.9581220374838857),
        (0.05833884879671935, 0.9766933617407957),
        (0.05087576879874118, 0.9822906717392793),
        (0.030850783339359464, 0.9943056630149084),
        (0.035905429877348204, 0.991778339745914),
        (0.03198741430177756, 0.9934574892783014),
        (0.025649728471302445, 0.9958341214647296),
    ];
    let aggregate = Aggregate::Moments { features: vec![0], target: 1 };
    let mut reduction = Reduction::new(&[NumberType::Float; 2], vec![aggregate]).unwrap();
    let line = [0, 1].map(|index| Statistic::new(0, "coefficient", index).unwrap());
    assert_eq!(reduction.answers(&line).unwrap(), [Answer::Null, Answer::Null]);
    for (x, (y, (intercept, slope))) in (0i32..).zip(y.into_iter().zip(expected)) {
        reduction.add(&[Numbers::Float(&[x.into()]), Numbers::Float(&[y])], 1).unwrap();
        assert_eq!(reduction.answers(&line).unwrap(), [Answer::Float(intercept), Answer::Float(slope)]);
    }
}

/// The data sets of NIST's Statistical Reference Datasets (public domain): target, then features.
#[test]
fn oracle_nist() {
    let sets = [
        include_str!("nist/Norris.csv"),
        include_str!("nist/Longley.csv"),
        include_str!("nist/NoInt1.csv"),
        include_str!("nist/NoInt2.csv"),
    ];
    for set in sets {
        check(&table(set, 1));
    }
    // The powers of x are features of their own, rounded to doubles before they come here.
    check(&table(include_str!("nist/Pontius.csv"), 2));
    for set in [
        include_str!("nist/Wampler1.csv"),
        include_str!("nist/Wampler2.csv"),
        include_str!("nist/Wampler3.csv"),
    ] {
        check(&table(set, 5));
    }
}

/// Reads target and features, and adds the powers of a single feature up to `degree`.
fn table(text: &str, degree: i32) -> Vec<Column> {
    let mut columns: Vec<Vec<f64>> = Vec::new();
    for line in text.lines().skip(1) {
        let fields: Vec<f64> = line.split(',').map(|field| field.parse().unwrap()).collect();
        columns.resize(fields.len(), Vec::new());
        for (column, field) in columns.iter_mut().zip(fields) {
            column.push(field);
        }
    }
    let target = columns.remove(0);
    let powers: Vec<_> =
        (2..=degree).map(|power| columns[0].iter().map(|x| x.powi(power)).collect()).collect();
    columns.into_iter().chain(powers).chain([target]).map(Column::Float).collect()
}
