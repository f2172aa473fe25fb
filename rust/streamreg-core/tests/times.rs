//! Times: what is written reads back, dates are those of the calendar, and numbers are exact.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::LazyLock;

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::ToPrimitive as _;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::decimal::Decimal;
use streamreg_core::monomials::Power;
use streamreg_core::reduce::{
    Aggregate, Answer, KeyCell, KeyColumn, KeyType, KeyedReduction, Reduction, Statistic,
};
use streamreg_core::time::{self, FIRST, LAST, NotTime, TimeType, Unit};

mod support;

use support::{nearest, rational};

type Rational = Ratio<BigInt>;

static NEW_YORK: LazyLock<Option<time::Zone>> = LazyLock::new(|| time::Zone::named("America/New_York"));

fn config(cases: u32) -> Config {
    Config { cases, rng_seed: RngSeed::Fixed(9), failure_persistence: None, ..Config::default() }
}

fn written(kind: TimeType, micros: i64) -> String {
    let mut text = Vec::new();
    match kind {
        TimeType::Datetime => time::write_datetime(micros, &mut text),
        TimeType::Timedelta => time::write_timedelta(micros, &mut text),
    }
    String::from_utf8(text).unwrap()
}

fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Day after day from the year 1 to 9999, counted by the lengths of the months, each date is written as the
/// calendar has it, and read in its three forms.
#[test]
fn oracle_every_date() {
    let (mut micros, mut weekday, mut week, mut week_year) = (FIRST, 1, 1, 1);
    for year in 1..=9999_i64 {
        let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let mut of_year = 0;
        for (month, length) in (1..).zip(lengths) {
            for day in 1..=length {
                of_year += 1;
                if weekday == 1 {
                    // A week is of the year that has its Thursday.
                    let thursday = of_year + 3;
                    let days = if leap(year) { 366 } else { 365 };
                    let (own, at) =
                        if thursday > days { (year + 1, 1) } else { (year, (thursday - 1) / 7 + 1) };
                    (week_year, week) = (own, at);
                }
                if day == 1 || day >= 27 || year % 100 == 0 || (1900..2100).contains(&year) {
                    let date = format!("{year:04}-{month:02}-{day:02}");
                    assert_eq!(written(TimeType::Datetime, micros), format!("{date}T00:00:00Z"));
                    for form in [
                        date,
                        format!("{year:04}-{of_year:03}"),
                        format!("{week_year:04}-W{week:02}-{weekday}"),
                    ] {
                        if form.starts_with(|first: char| first.is_ascii_digit()) && week_year < 10_000 {
                            let text = format!("{form}T00:00:00Z");
                            assert_eq!(time::parse_datetime(text.as_bytes(), None), Ok(micros), "{text}");
                        }
                    }
                }
                micros += 86_400_000_000;
                weekday = weekday % 7 + 1;
            }
        }
    }
    assert_eq!(micros, LAST + 1);
}

fn any_micros(kind: TimeType) -> BoxedStrategy<i64> {
    let range = match kind {
        TimeType::Datetime => FIRST..=LAST,
        TimeType::Timedelta => -i64::MAX..=i64::MAX,
    };
    let small = prop_oneof![-100_000_000_000..100_000_000_000i64, -10..10i64];
    prop_oneof![range.clone(), small, Just(*range.start()), Just(*range.end())].boxed()
}

/// The nearest integer, of two the even one.
fn half_even(number: &Rational) -> BigInt {
    let floor = number.floor().to_integer();
    let rest = number - Rational::from(floor.clone());
    let half = Ratio::new(BigInt::from(1), BigInt::from(2));
    if rest > half || (rest == half && &floor % 2 != BigInt::ZERO) { floor + 1 } else { floor }
}

proptest! {
    #![proptest_config(config(4_000))]

    /// Each time has a text from which it is read back.
    #[test]
    fn law_written_reads_back(at in any_micros(TimeType::Datetime), gap in any_micros(TimeType::Timedelta)) {
        let text = written(TimeType::Datetime, at);
        prop_assert_eq!(time::parse_datetime(text.as_bytes(), None), Ok(at));
        let text = written(TimeType::Timedelta, gap);
        prop_assert_eq!(time::parse_timedelta(text.as_bytes()), Ok(gap));
    }

    /// A number of a unit is so many microseconds exactly, or refused: rationals say which.
    #[test]
    fn oracle_units(mantissa in any::<i64>(), cut in 0..60u32, exponent in -12..12i32, unit in 0..4usize) {
        let mantissa = mantissa >> cut;
        let (name, per) = [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1000), ("ns", 1_i64)][unit];
        let power = Rational::from(BigInt::from(10)).pow(exponent);
        let micros = Rational::from(BigInt::from(mantissa)) * power * BigInt::from(per) / BigInt::from(1000);
        for kind in [TimeType::Datetime, TimeType::Timedelta] {
            let held = micros.to_integer().to_i64().filter(|micros| kind.holds(*micros));
            let wanted = held.filter(|_| micros.is_integer());
            let found = Unit::named(name).unwrap().parse(format!("{mantissa}e{exponent}").as_bytes(), kind);
            prop_assert_eq!(found.ok(), wanted);
        }
    }

    /// Seconds of a double are the nearest microseconds, of two the even one, and a time in seconds is the nearest double.
    #[test]
    fn oracle_seconds(double in prop_oneof![any::<f64>(), -1e10..1e10f64, -1.0..1.0f64, (-4_000_000..4_000_000i32).prop_map(|n| f64::from(n) / 2_097_152.0)], gap in any_micros(TimeType::Timedelta)) {
        let found = time::nearest_micros(double, TimeType::Timedelta);
        if double.is_finite() {
            let exact = rational(double).unwrap() * BigInt::from(1_000_000);
            let wanted = half_even(&exact).to_i64().filter(|micros| TimeType::Timedelta.holds(*micros));
            prop_assert_eq!(found.ok(), wanted);
        } else {
            prop_assert!(matches!(found, Err(NotTime::Invalid(_))));
        }
        let exact = Ratio::new(BigInt::from(gap), BigInt::from(1_000_000));
        prop_assert_eq!(time::to_seconds(gap).to_bits(), nearest(&exact).to_bits());
    }

    /// No text makes a panic, and whatever is read is in range.
    #[test]
    fn law_hostile(text in prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        prop::collection::vec(prop::sample::select(b"0123456789-:.,TZ+PWDHMSYE ".to_vec()), 0..40),
    ]) {
        for unit in ["s", "ms", "us", "ns"] {
            for kind in [TimeType::Datetime, TimeType::Timedelta] {
                let found = Unit::named(unit).unwrap().parse(&text, kind);
                prop_assert!(found.is_err() || found.is_ok_and(|micros| kind.holds(micros)));
            }
        }
        let mut zone = NEW_YORK.clone();
        for zone in [None, zone.as_mut()] {
            let found = time::parse_datetime(&text, zone);
            prop_assert!(found.is_err() || found.is_ok_and(|micros| TimeType::Datetime.holds(micros)));
        }
        let found = time::parse_timedelta(&text);
        prop_assert!(found.is_err() || found.is_ok_and(|micros| TimeType::Timedelta.holds(micros)));
    }
}

/// A regression with weights and powers, over two columns of times and one of doubles.
fn regression(kinds: [NumberType; 2]) -> Reduction {
    let features =
        vec![Power { column: 0, power: 1 }, Power { column: 0, power: 2 }, Power { column: 1, power: 1 }];
    let aggregates = vec![Aggregate::Monomials { features, target: 2, weight: Some(1) }];
    Reduction::new(&[kinds[0], kinds[1], NumberType::Float], aggregates).unwrap()
}

proptest! {
    #![proptest_config(config(300))]

    /// Times in a regression are the decimals of their seconds: each coefficient has the same bits.
    #[test]
    fn differential_times_are_decimals(
        rows in prop::collection::vec((any_micros(TimeType::Datetime), any_micros(TimeType::Timedelta), -1e9..1e9f64), 1..12),
    ) {
        let at: Vec<_> = rows.iter().map(|row| row.0).collect();
        let gap: Vec<_> = rows.iter().map(|row| row.1).collect();
        let y: Vec<_> = rows.iter().map(|row| row.2).collect();
        let words = |micros: &[i64]| micros.iter().map(|&one| Decimal::of_micros(one).to_words()).collect::<Vec<_>>();
        let (at_words, gap_words) = (words(&at), words(&gap));
        let decimal = |words| Numbers::Decimal(streamreg_core::column::Decimals::new(words).unwrap());
        let mut times = regression([TimeType::Datetime, TimeType::Timedelta].map(NumberType::Time));
        let columns = [Numbers::Time(TimeType::Datetime, &at), Numbers::Time(TimeType::Timedelta, &gap)];
        times.add(&[columns[0], columns[1], Numbers::Float(&y)], rows.len()).unwrap();
        let mut decimals = regression([NumberType::Decimal; 2]);
        decimals.add(&[decimal(&at_words), decimal(&gap_words), Numbers::Float(&y)], rows.len()).unwrap();
        let asked: Vec<_> = (0..4).map(|at| Statistic::new(0, "coefficient", at).unwrap()).collect();
        prop_assert_eq!(times.answers(&asked).unwrap(), decimals.answers(&asked).unwrap());
        prop_assert_eq!(times.excluded(), decimals.excluded());
        // Its bytes are those of the same rows in another order, and read back.
        let bytes = times.to_bytes();
        let mut again = regression([TimeType::Datetime, TimeType::Timedelta].map(NumberType::Time));
        for row in (0..rows.len()).rev() {
            let one = row..=row;
            let columns = [Numbers::Time(TimeType::Datetime, &at[one.clone()]), Numbers::Time(TimeType::Timedelta, &gap[one.clone()])];
            again.add(&[columns[0], columns[1], Numbers::Float(&y[one])], 1).unwrap();
        }
        prop_assert_eq!(&again.take(), &bytes);
        again.merge(&bytes).unwrap();
        prop_assert_eq!(again.to_bytes(), bytes);
    }

    /// The least, the greatest, the sum and the average of timedeltas are those of integers; the average is the
    /// nearest microsecond, of two the even one.
    #[test]
    fn oracle_reductions(gaps in prop::collection::vec(any_micros(TimeType::Timedelta), 1..9)) {
        let kind = NumberType::Time(TimeType::Timedelta);
        let mut reduction =
            Reduction::new(&[kind], vec![Aggregate::Sum(0), Aggregate::Min(0), Aggregate::Max(0)]).unwrap();
        reduction.add(&[Numbers::Time(TimeType::Timedelta, &gaps)], gaps.len()).unwrap();
        let asked = [(0, "sum"), (0, "avg"), (1, "min"), (2, "max")].map(|(at, name)| Statistic::new(at, name, 0).unwrap());
        let total: BigInt = gaps.iter().map(|&gap| BigInt::from(gap)).sum();
        let average = half_even(&Ratio::new(total.clone(), BigInt::from(gaps.len())));
        let time = |micros: &BigInt| match micros.to_i64().filter(|micros| TimeType::Timedelta.holds(*micros)) {
            Some(micros) => Answer::Time(TimeType::Timedelta, micros),
            None => Answer::Null,
        };
        let (least, most) = (*gaps.iter().min().unwrap(), *gaps.iter().max().unwrap());
        let wanted = [&total, &average, &least.into(), &most.into()].map(time);
        prop_assert_eq!(reduction.answers(&asked).unwrap(), wanted);
        let bytes = reduction.take();
        reduction.merge(&bytes).unwrap();
        prop_assert_eq!(reduction.to_bytes(), bytes);
    }
}

/// Datetimes have no sum, and moments take no times.
#[test]
fn refused() {
    let at = NumberType::Time(TimeType::Datetime);
    for aggregate in [Aggregate::Sum(0), Aggregate::Moments { features: vec![0], target: 1 }] {
        assert!(Reduction::new(&[at, NumberType::Float], vec![aggregate]).is_err());
    }
}

/// Keys that are datetimes come in their order, before and after 1970, and read back as what they are.
#[test]
fn datetimes_as_keys() {
    let at = [LAST, 0, -1, FIRST, 0];
    let mut keyed = KeyedReduction::new(&[KeyType::Datetime], &[], vec![Aggregate::Count]).unwrap();
    let partial = keyed.partial(&[KeyColumn::Datetime(&at)], &[], at.len()).unwrap();
    keyed.merge(&partial).unwrap();
    let found = keyed.all_answers(&[Statistic::new(0, "count", 0).unwrap()]).unwrap();
    assert_eq!(found.cells, [[FIRST, -1, 0, LAST].map(KeyCell::Datetime)]);
    assert_eq!(found.columns, [[1, 1, 2, 1].map(|n| Answer::Int(n.into()))]);
    // The key of an integer that is no datetime is none of them.
    let other = KeyedReduction::new(&[KeyType::Int], &[], vec![Aggregate::Count])
        .unwrap()
        .partial(&[KeyColumn::Int(&[i64::MAX])], &[], 1)
        .unwrap();
    assert!(keyed.merge(&other).is_err());
}

/// Zones with the same clocks have the same rules, whatever they are called, and others have others.
#[test]
fn rules_of_time_zones() {
    let rules = |name: &str| time::Zone::named(name).unwrap().rules();
    assert_eq!(rules("Asia/Calcutta"), rules("Asia/Kolkata"));
    let all =
        ["UTC", "Asia/Kolkata", "Europe/Berlin", "Europe/Paris", "America/New_York", "Etc/GMT-1"].map(rules);
    for (at, one) in all.iter().enumerate() {
        assert!(!all[..at].contains(one));
    }
    assert!(time::Zone::database().starts_with("20"));
}
