//! The json format.

use super::*;
use ColumnType::{Bool, Bytes, Float, Int, Str};
use proptest::prelude::*;
use serde_json::Value as Json;

/// Objects give their wanted keys, in any order, with extras of any depth skipped.
#[test]
fn wanted_keys_are_found() {
    let decoder = json(&[("x", Float), ("n", Int), ("s", Str)]);
    let expected = [Value::float(0.1), Value::Int(-3), Value::Str("a\"é😀".to_owned())];
    for value in [
        r#"{"x":0.1,"n":-3,"s":"a\"é😀"}"#,
        r#" { "s" : "a\"\u00e9\ud83d\ude00" , "deep": [{"x": 9}, "\ud800", 1e999], "n":-3,"\u0078":1e-1 } "#,
    ] {
        assert_eq!(row(&decoder, value.as_bytes()), expected, "{value}");
    }
}

/// Half of a surrogate pair in what nobody wants rejects nothing, be it in a key or a value; the rest is judged as ever.
#[test]
fn ignored_keys_and_values_are_treated_alike() {
    let decoder = json(&[("x", Float), ("s", Str)]);
    let expected = [Value::float(1.0), Value::Str("a".to_owned())];
    for value in [
        r#"{"\ud800":0,"x":1,"s":"a"}"#,
        r#"{"x":1,"s":"a","\udfff \n":{"\ud800":"\ud800"}}"#,
        r#"{"x":1,"other":"\ud800","s":"a"}"#,
        r#"{"\ud800\ud800":0,"\u0078":1,"s":"a"}"#,
    ] {
        assert_eq!(row(&decoder, value.as_bytes()), expected, "{value}");
    }
    for (value, kind, column) in [
        (r#"{"\ud800":0,"x":1}"#, RejectKind::MISSING_FIELD, Some(1)),
        (r#"{"\ud800":0,"x":1,"s":"\ud800"}"#, RejectKind::INVALID_UTF8, Some(1)),
        (r#"{"\ud800":0,"x":1,"s":"a"} 1"#, RejectKind::MALFORMED_JSON, None),
        (r#"{"\ud80":0,"x":1,"s":"a"}"#, RejectKind::MALFORMED_JSON, None),
        ("{\"\\ud800\n\":0,\"x\":1,\"s\":\"a\"}", RejectKind::MALFORMED_JSON, None),
        ("{\"\\ud800\":0,\"\n\":1,\"x\":1,\"s\":\"a\"}", RejectKind::MALFORMED_JSON, None),
    ] {
        assert_eq!(reject(&decoder, value.as_bytes()), (kind, column), "{value}");
    }
}

/// A byte order mark before the object is skipped, as RFC 8259 allows; one alone, and nowhere else.
#[test]
fn a_byte_order_mark_is_skipped() {
    let decoder = json(&[("x", Float)]);
    assert_eq!(row(&decoder, "\u{feff}{\"x\":1}".as_bytes()), [Value::float(1.0)]);
    for value in ["\u{feff}\u{feff}{\"x\":1}", "{\"x\":1}\u{feff}", " \u{feff}{\"x\":1}", "\u{feff}"] {
        assert_eq!(reject(&decoder, value.as_bytes()), (RejectKind::MALFORMED_JSON, None), "{value:?}");
    }
}

/// The last of equal keys wins, and it alone is judged, whatever the earlier were.
#[test]
fn last_duplicate_wins() {
    let decoder = json(&[("x", Float)]);
    assert_eq!(row(&decoder, br#"{"x":"text","x":1e999,"\u0078":2}"#), [Value::float(2.0)]);
    assert_eq!(reject(&decoder, br#"{"x":2,"x":null}"#), (RejectKind::NULL, Some(0)));
}

/// Each thing that can be wrong with a value has its kind and names its column.
#[test]
fn values_that_do_not_fit_are_rejected_by_kind() {
    for (kind, value, wrong) in [
        (Float, "null", RejectKind::NULL),
        (Float, "\"1\"", RejectKind::WRONG_TYPE),
        (Float, "true", RejectKind::WRONG_TYPE),
        (Float, "[1]", RejectKind::WRONG_TYPE),
        (Float, "1e309", RejectKind::NON_FINITE),
        (Int, "1.0", RejectKind::INVALID_INTEGER),
        (Int, "1e3", RejectKind::INVALID_INTEGER),
        (Int, "9223372036854775808", RejectKind::INTEGER_OVERFLOW),
        (Int, "-9223372036854775809", RejectKind::INTEGER_OVERFLOW),
        (Int, "123456789012345678901234567890", RejectKind::INTEGER_OVERFLOW),
        (Int, "false", RejectKind::WRONG_TYPE),
        (Bool, "1", RejectKind::WRONG_TYPE),
        (Bool, "\"true\"", RejectKind::WRONG_TYPE),
        (Str, "1", RejectKind::WRONG_TYPE),
        (Str, "{}", RejectKind::WRONG_TYPE),
        (Str, r#""\ud800""#, RejectKind::INVALID_UTF8),
        (Str, r#""\udc00\ud800""#, RejectKind::INVALID_UTF8),
        (Bytes, r#""?""#, RejectKind::INVALID_BASE64),
        (Bytes, "[1,2]", RejectKind::WRONG_TYPE),
    ] {
        let decoder = json(&[("x", Float), ("c", kind.clone())]);
        let value = format!(r#"{{"c":{value},"x":1}}"#);
        assert_eq!(reject(&decoder, value.as_bytes()), (wrong, Some(1)), "{kind:?} {value}");
    }
    let decoder = json(&[("x", Float), ("c", Int)]);
    assert_eq!(reject(&decoder, br#"{"x":1}"#), (RejectKind::MISSING_FIELD, Some(1)));
}

/// What a value of each type may look like.
#[test]
fn values_that_fit() {
    for (kind, text, value) in [
        (Float, "3", Value::float(3.0)),
        (Float, "-0", Value::float(-0.0)),
        (Float, "1E+2", Value::float(100.0)),
        (Float, "123456789012345678901234567890", Value::float(123_456_789_012_345_678_901_234_567_890.0)),
        (Int, "-9223372036854775808", Value::Int(i64::MIN)),
        (Int, "-0", Value::Int(0)),
        (Bool, "true", Value::Bool(true)),
        (Bool, "false", Value::Bool(false)),
        (Str, r#""""#, Value::Str(String::new())),
        (Str, r#""\\\"\n\u0000""#, Value::Str("\\\"\n\0".to_owned())),
        (Bytes, r#""AP8=""#, Value::Bytes(vec![0, 255])),
        (Bytes, r#""AP8\u003d""#, Value::Bytes(vec![0, 255])),
    ] {
        assert_eq!(row(&json(&[("c", kind)]), format!(r#"{{"c":{text}}}"#).as_bytes()), [value], "{text}");
    }
}

/// What is no JSON, has something after it, or is no object, is told apart.
#[test]
fn malformed_and_other_values() {
    let decoder = json(&[("x", Float)]);
    for (value, wrong) in [
        (&b""[..], RejectKind::MALFORMED_JSON),
        (b"  ", RejectKind::MALFORMED_JSON),
        (br#"{"x":1"#, RejectKind::MALFORMED_JSON),
        (br#"{"x":1}{"x":2}"#, RejectKind::MALFORMED_JSON),
        (br#"{"x":1},"#, RejectKind::MALFORMED_JSON),
        (br#"{"x":01}"#, RejectKind::MALFORMED_JSON),
        (br#"{"x":+1}"#, RejectKind::MALFORMED_JSON),
        (br#"{"x":.5}"#, RejectKind::MALFORMED_JSON),
        (br#"{"x":NaN}"#, RejectKind::MALFORMED_JSON),
        (br#"{"x":1,}"#, RejectKind::MALFORMED_JSON),
        (br"{'x':1}", RejectKind::MALFORMED_JSON),
        (br#"{"x":1,"s":"\x"}"#, RejectKind::MALFORMED_JSON),
        (b"{\"x\":1,\"s\":\"\n\"}", RejectKind::MALFORMED_JSON),
        (b"nul", RejectKind::MALFORMED_JSON),
        (b"[1", RejectKind::MALFORMED_JSON),
        (b"[1]", RejectKind::NOT_AN_OBJECT),
        (b"1", RejectKind::NOT_AN_OBJECT),
        (b"null", RejectKind::NOT_AN_OBJECT),
        (b" \"x\" ", RejectKind::NOT_AN_OBJECT),
        (b"{\"x\":1,\"s\":\"\xff\"}", RejectKind::INVALID_UTF8),
    ] {
        assert_eq!(reject(&decoder, value), (wrong, None), "{}", String::from_utf8_lossy(value));
    }
}

/// No depth of nesting exhausts the stack, wherever it stands.
#[test]
fn nesting_cannot_exhaust_the_stack() {
    const DEPTH: usize = 1_000_000;
    let decoder = json(&[("x", Float)]);
    let (open, close) = ("[".repeat(DEPTH), "]".repeat(DEPTH));
    let objects = r#"{"x":"#.repeat(DEPTH);
    for (value, wrong) in [
        (open.clone(), RejectKind::MALFORMED_JSON),
        (format!("{open}{close}"), RejectKind::NOT_AN_OBJECT),
        (format!(r#"{{"x":{open}"#), RejectKind::MALFORMED_JSON),
        (format!(r#"{{"x":{open}{close}}}"#), RejectKind::WRONG_TYPE),
        (format!(r#"{{"other":{open}"#), RejectKind::MALFORMED_JSON),
        (objects, RejectKind::MALFORMED_JSON),
    ] {
        assert_eq!(reject(&decoder, value.as_bytes()).0, wrong);
    }
    let extra = format!(r#"{{"other":{open}{close},"x":1}}"#);
    assert_eq!(row(&decoder, extra.as_bytes()), [Value::float(1.0)]);
}

/// What is said of a message stays short, however long the message.
#[test]
fn details_are_short() {
    let decoder = json(&[("x", Float)]);
    let long = "a".repeat(100_000);
    for value in [
        format!(r#""{long}" 1"#),
        format!(r#"{{"x":"{long}"}}"#),
        format!(r#"{{"{long}" 1"#),
        format!(r#"{{"x":{long}}}"#),
    ] {
        let batch = decode(&decoder, &[Some(value.as_bytes())]);
        assert!(batch.rejects[0].detail.len() < 200, "{}", batch.rejects[0].detail.len());
    }
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        any::<String>().prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::hash_map(any::<String>(), inner, 0..4)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

/// What a column of this type takes from a value, by the plain reading of it.
fn plain(kind: ColumnType, value: Option<&Json>) -> Option<Value> {
    match (kind, value?) {
        (Float, Json::Number(number)) => number.as_f64().map(Value::float),
        (Int, Json::Number(number)) => number.as_i64().map(Value::Int),
        (Bool, Json::Bool(value)) => Some(Value::Bool(*value)),
        (Str, Json::String(text)) => Some(Value::Str(text.clone())),
        _ => None,
    }
}

proptest! {
    #![proptest_config(config(5_000))]

    /// Random objects give the values that `serde_json::Value` holds, and are rejected where it holds none.
    #[test]
    fn differential_objects_are_read_as_by_serde_json(
        fields in prop::collection::vec(("[xnbs]|é\"", any_json()), 0..8),
        pretty: bool,
    ) {
        let columns = [("x", Float), ("n", Int), ("b", Bool), ("s", Str)];
        let write = |value: &Json| {
            if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) }.unwrap()
        };
        let text = fields
            .iter()
            .map(|(key, value)| format!("{}:{}", Json::from(key.clone()), write(value)))
            .collect::<Vec<_>>()
            .join(",");
        let text = format!("{{{text}}}");
        let read: Json = serde_json::from_str(&text).unwrap();
        for (name, kind) in columns {
            let decoded = decode(&json(&[(name, kind.clone())]), &[Some(text.as_bytes())]);
            let found = (decoded.rows == 1).then(|| entry(&decoded.columns[0], 0));
            prop_assert_eq!(found, plain(kind, read.get(name)), "{} {:?}", text, decoded.rejects);
        }
    }

    /// Any row of the pieces of an object is read as by `serde_json::Value`, or rejected where that finds none.
    #[test]
    fn differential_pieces_are_read_as_by_serde_json(
        fields in prop::collection::vec((piece(NAMES), piece(&[":"]), piece(VALUES), piece(&[","])), 0..5),
        begin in piece(&["{"]),
        end in piece(&["}"]),
        cut in prop::option::weighted(0.1, 0usize..40),
    ) {
        let fields = fields.iter().map(|(a, b, c, d)| format!("{a}{b}{c}{d}")).collect::<Vec<_>>().concat();
        let mut text = format!("{begin}{}{end}", fields.strip_suffix(',').unwrap_or(&fields));
        if let Some(at) = cut && text.is_char_boundary(at) {
            text.truncate(at);
        }
        let read = serde_json::from_str::<Json>(&text).ok().filter(Json::is_object);
        for (name, kind) in [("x", Float), ("n", Int), ("b", Bool), ("s", Str), (ODD, Float)] {
            let decoded = decode(&json(&[(name, kind.clone())]), &[Some(text.as_bytes())]);
            let found = (decoded.rows == 1).then(|| entry(&decoded.columns[0], 0));
            let wanted = read.as_ref().and_then(|read| plain(kind, read.get(name)));
            prop_assert_eq!(found, wanted, "{} {:?}", text, decoded.rejects);
        }
    }
}

/// A name that stands in some messages as if it were two keys.
const ODD: &str = "x\":1,\"n";
const NAMES: &[&str] = &["\"x\"", "\"n\"", "\"b\"", "\"s\"", "\"\\u0078\"", "\"é\"", "\"\"", "\"other\""];
const VALUES: &[&str] = &[
    "1",
    "0",
    "-7",
    "12.50",
    "1e5",
    "-1.5E+3",
    "2e-07",
    "123456789012",
    "true",
    "false",
    "null",
    "\"a b\"",
    "\"é\"",
    "\"\\n\"",
    "[1]",
    "{\"x\":2}",
    "\"\"",
];
const ODDITIES: &[&str] = &[
    "01",
    "1.",
    ".5",
    "-",
    "1e",
    "+1",
    "tru",
    "nulll",
    "\"",
    "\\",
    "\u{1}",
    "\"\u{1}\"",
    "x",
    "{",
    "}",
    ":",
    ",",
    "",
    "0x1",
    "NaN",
    "\u{feff}",
    "\u{a0}",
    "'x'",
    "\u{7f}",
];

/// One of these, between any spaces; now and then something else.
fn piece(these: &'static [&'static str]) -> impl Strategy<Value = String> {
    let space = || prop::sample::select(&["", "", "", "", " ", "\n\t", "\r"]);
    let one = prop_oneof![30 => prop::sample::select(these), 1 => prop::sample::select(ODDITIES)];
    (space(), one, space()).prop_map(|(before, one, after)| format!("{before}{one}{after}"))
}
