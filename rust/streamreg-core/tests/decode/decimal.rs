//! Decimals as written: what is one, what it is, and that its text reads back.

use super::*;
use ColumnType::Decimal as Kind;
use num_bigint::BigInt;
use num_rational::Ratio;
use proptest::prelude::*;

type Rational = Ratio<BigInt>;

fn power(exponent: i32) -> Rational {
    Rational::from_integer(10.into()).pow(exponent)
}

fn value(decimal: Decimal) -> Rational {
    Rational::from_integer(decimal.mantissa().into()) * power(decimal.exponent())
}

fn written(value: &[u8]) -> String {
    match row(&csv(&["x"], &[("x", Kind)]), value).remove(0) {
        Value::Decimal(text) => text,
        other => panic!("{other:?}"),
    }
}

/// One value has one form, whatever zeros it is written with, and is plain up to 34 digits.
#[test]
fn one_form() {
    for (text, wanted) in [
        ("0.10", "0.1"),
        ("+0.1", "0.1"),
        (".1", "0.1"),
        ("1e-1", "0.1"),
        ("-5.", "-5"),
        ("-0", "0"),
        ("-0.000e999999999999999999999", "0"),
        ("1200", "1200"),
        ("12e2", "1200"),
        ("0012.3400", "12.34"),
        ("1000000000000000000000000000000000", "1000000000000000000000000000000000"),
        ("10000000000000000000000000000000000", "1E+34"),
        ("1.25E40", "1.25E+40"),
        ("0.000001", "0.000001"),
        ("0.0000001", "1E-7"),
        ("-0.000000125", "-1.25E-7"),
        ("9999999999999999999999999999999999e-34", "0.9999999999999999999999999999999999"),
        ("1E+400", "1E+400"),
        ("10e399", "1E+400"),
        ("1e-400", "1E-400"),
        ("0.1e-399", "1E-400"),
    ] {
        assert_eq!(written(text.as_bytes()), wanted, "{text}");
    }
}

/// What is no decimal, or none that is kept exactly, is a reject with its reason.
#[test]
fn rejects() {
    let decoder = csv(&["a", "x"], &[("a", ColumnType::Str), ("x", Kind)]);
    let long = "1".repeat(5000);
    for (text, kind) in [
        ("", RejectKind::NULL),
        (".", RejectKind::INVALID_NUMBER),
        ("e5", RejectKind::INVALID_NUMBER),
        ("1e", RejectKind::INVALID_NUMBER),
        ("1e+", RejectKind::INVALID_NUMBER),
        ("1_0", RejectKind::INVALID_NUMBER),
        ("0x10", RejectKind::INVALID_NUMBER),
        ("--1", RejectKind::INVALID_NUMBER),
        ("1.2.3", RejectKind::INVALID_NUMBER),
        (long.as_str(), RejectKind::INVALID_NUMBER),
        ("NaN", RejectKind::NON_FINITE),
        ("-inf", RejectKind::NON_FINITE),
        ("Infinity", RejectKind::NON_FINITE),
        ("12345678901234567890123456789012345", RejectKind::DECIMAL_RANGE),
        ("1.0000000000000000000000000000000001", RejectKind::DECIMAL_RANGE),
        ("1e401", RejectKind::DECIMAL_RANGE),
        ("100e399", RejectKind::DECIMAL_RANGE),
        ("1e-401", RejectKind::DECIMAL_RANGE),
        ("1e-99999999999999999999", RejectKind::DECIMAL_RANGE),
    ] {
        assert_eq!(reject(&decoder, format!("a,{text}").as_bytes()), (kind, Some(1)), "{text}");
    }
}

/// JSON numbers are taken from their text, and strings that hold a decimal too.
#[test]
fn json_numbers_and_strings() {
    let decoder = json(&[("x", Kind)]);
    let digits = "0.1234567890123456789012345678901234";
    for text in [digits.to_owned(), format!("\"{digits}\""), format!("\"\\u0030{}\"", &digits[1..])] {
        let message = format!("{{\"x\": {text}}}");
        assert_eq!(row(&decoder, message.as_bytes()), [Value::Decimal(digits.to_owned())], "{text}");
    }
    for (text, kind) in [
        ("null", RejectKind::NULL),
        ("true", RejectKind::WRONG_TYPE),
        ("[1]", RejectKind::WRONG_TYPE),
        ("\"\"", RejectKind::INVALID_NUMBER),
        ("\" 1\"", RejectKind::INVALID_NUMBER),
        ("\"NaN\"", RejectKind::NON_FINITE),
        ("1e500", RejectKind::DECIMAL_RANGE),
    ] {
        assert_eq!(reject(&decoder, format!("{{\"x\": {text}}}").as_bytes()), (kind, Some(0)), "{text}");
    }
}

fn decimal() -> impl Strategy<Value = Decimal> {
    let most = 10i128.pow(34);
    prop_oneof![(1 - most..most, -400..366), (-9999i128..9999, -8..8), (-99i128..99, 390..399)]
        .prop_map(|(mantissa, exponent)| Decimal::new(mantissa, exponent).unwrap())
}

proptest! {
    #![proptest_config(config(500))]

    /// Text is read as the number that it is, and what is written reads back as the same.
    #[test]
    fn oracle_text(whole in "[0-9]{0,20}", fraction in "[0-9]{1,14}", exponent in -380i32..380, negative in any::<bool>()) {
        let sign = if negative { "-" } else { "" };
        let read = Decimal::parse(format!("{sign}{whole}.{fraction}e{exponent}").as_bytes()).unwrap();
        let digits: BigInt = format!("{sign}0{whole}{fraction}").parse().unwrap();
        let places = i32::try_from(fraction.len()).unwrap();
        prop_assert_eq!(value(read), Rational::from_integer(digits) * power(exponent - places));
        prop_assert_eq!(Decimal::parse(read.to_string().as_bytes()), Ok(read));
        prop_assert_eq!(Decimal::from_words(read.to_words()), Some(read));
    }

    /// Decimals are in the order of their values.
    #[test]
    fn oracle_order(one in decimal(), other in decimal()) {
        prop_assert_eq!(one.cmp(&other), value(one).cmp(&value(other)));
        prop_assert_eq!(one.cmp(&one), std::cmp::Ordering::Equal);
    }

    /// Any text at all is a decimal that reads back, or none.
    #[test]
    fn law_any_text(text in "[-+]?[0-9.eE]{0,40}") {
        if let Ok(read) = Decimal::parse(text.as_bytes()) {
            prop_assert_eq!(Decimal::parse(read.to_string().as_bytes()), Ok(read));
        }
    }
}
