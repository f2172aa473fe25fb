//! Columns whose values can be missing.

use super::{Value, csv, decode, json, reject, row};
use streamreg_core::decode::json::Options;
use streamreg_core::decode::{ColumnType, Decoded, Decoder, RejectKind, raw};

fn optional(name: &str) -> ColumnType {
    ColumnType::named(&format!("{name} | None")).unwrap()
}

/// Of each column which values are missing, in one message that is a row.
fn missing(decoder: &Decoder, value: &[u8]) -> Vec<bool> {
    let batch = decode(decoder, &[Some(value)]);
    assert_eq!((batch.rows, &batch.rejects[..]), (1, &[][..]), "{}", String::from_utf8_lossy(value));
    flags(&batch, 0)
}

fn flags(batch: &Decoded, row: usize) -> Vec<bool> {
    batch.missing.iter().map(|mask| mask.as_ref().is_some_and(|mask| mask[row])).collect()
}

const TYPES: [&str; 8] = ["float", "int", "decimal", "bool", "str", "bytes", "datetime", "timedelta unit=s"];

/// An empty CSV field is a missing value of every type; spaces are nothing but in text.
#[test]
fn empty_fields_of_csv() {
    for kind in TYPES {
        let decoder = csv(&["a", "b"], &[("a", ColumnType::Int), ("b", optional(kind))]);
        let text = kind == "str" || kind == "bytes";
        assert_eq!(missing(&decoder, b"1,"), [false, true], "{kind}");
        assert_eq!(missing(&decoder, b"1,\r\n"), [false, true], "{kind}");
        // Between quotes stands a text of no characters, or no number.
        assert_eq!(missing(&decoder, b"1,\"\""), [false, !text], "{kind}");
        if kind != "bytes" {
            assert_eq!(missing(&decoder, b"1,  "), [false, kind != "str"], "{kind}");
        }
        let present = csv(&["a", "b"], &[("a", ColumnType::Int), ("b", ColumnType::named(kind).unwrap())]);
        if !text {
            assert_eq!(reject(&present, b"1,"), (RejectKind::NULL, Some(1)), "{kind}");
        }
    }
    let first = csv(&["a", "b"], &[("a", optional("str")), ("b", optional("str"))]);
    assert_eq!(missing(&first, b",\"\""), [true, false]);
    assert_eq!(missing(&first, b"\"\","), [false, true]);
    assert_eq!(missing(&first, b"\"a\","), [false, true]);
}

/// Doubles that can be missing take the fast way where all are there, and are the same.
#[test]
fn doubles_of_csv() {
    let decoder = csv(&["a", "b"], &[("a", optional("float")), ("b", ColumnType::Float)]);
    assert_eq!(row(&decoder, b"1.5, -2e3"), [Value::float(1.5), Value::float(-2000.0)]);
    assert_eq!(missing(&decoder, b"1.5,2"), [false, false]);
    assert_eq!(missing(&decoder, b",2"), [true, false]);
    assert_eq!(reject(&decoder, b"2,"), (RejectKind::NULL, Some(1)));
    assert_eq!(reject(&decoder, b"nan,1"), (RejectKind::NON_FINITE, Some(0)));
    assert_eq!(reject(&decoder, b"x,1"), (RejectKind::INVALID_NUMBER, Some(0)));
}

/// In JSON null is missing, and so is a member that is not there, on a path too.
#[test]
fn null_and_no_member_of_json() {
    for kind in TYPES {
        let decoder = json(&[("a", ColumnType::Int), ("b", optional(kind))]);
        assert_eq!(missing(&decoder, br#"{"a": 1, "b": null}"#), [false, true], "{kind}");
        assert_eq!(missing(&decoder, br#"{"a": 1}"#), [false, true], "{kind}");
        assert_eq!(reject(&decoder, br#"{"b": null}"#), (RejectKind::MISSING_FIELD, Some(0)));
        assert_eq!(reject(&decoder, br#"{"a": null}"#), (RejectKind::NULL, Some(0)));
        assert_eq!(reject(&decoder, br#"{"a": 1, "b": []}"#), (RejectKind::WRONG_TYPE, Some(1)));
    }
    let text = json(&[("b", optional("str"))]);
    assert_eq!(missing(&text, br#"{"b": ""}"#), [false]);
    let paths = vec![("x".to_owned(), "/after/x".to_owned())];
    let deep =
        Options { paths, numbers_in_strings: false }.decoder(vec![("x".to_owned(), optional("float"))]);
    let deep = deep.unwrap();
    for value in [&br#"{"after": null}"#[..], br#"{"after": {}}"#, b"{}", br#"{"after": {"x": null}}"#] {
        assert_eq!(missing(&deep, value), [true]);
    }
    assert_eq!(missing(&deep, br#"{"after": {"x": 1}}"#), [false]);
}

/// What is taken back of a message that does not fit leaves no mark on the next row.
#[test]
fn law_rejects_leave_no_mark() {
    let columns = [("a", optional("int")), ("b", optional("str")), ("c", ColumnType::Int)];
    let decoder = csv(&["a", "b", "c"], &columns);
    let values: [Option<&[u8]>; 6] =
        [Some(b",,x"), Some(b"1,a,2"), Some(b",,"), Some(b",b,3"), None, Some(b"4,,5")];
    let batch = decode(&decoder, &values);
    assert_eq!((batch.rows, batch.rejects.len(), batch.tombstones), (3, 2, 1));
    assert_eq!(flags(&batch, 0), [false, false, false]);
    assert_eq!(flags(&batch, 1), [true, false, false]);
    assert_eq!(flags(&batch, 2), [false, true, false]);
    let full = decode(&decoder, &[Some(b"1,a,2")]);
    assert!(full.missing.iter().all(Option::is_none));
}

/// The word stands once, at the end; raw messages have nothing that could be missing.
#[test]
fn types_that_there_are_not() {
    for name in
        [" | None", "float | None | None", "None", "float|None", "float | none", "float | None unit=s"]
    {
        assert!(ColumnType::named(name).is_err(), "{name}");
    }
    assert!(ColumnType::named("datetime tz=Europe/Berlin | None").is_ok());
    assert!(raw::decoder(vec![("x".to_owned(), optional("str"))]).is_err());
}
