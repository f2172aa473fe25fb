//! Lines: what changes come to by key, and rows as JSON.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use std::collections::HashMap;
use streamreg_core::lines::{JsonRows, Kind, Messages, standing};
use streamreg_core::write::{Cell, Cells, render, stamp};

/// Rows of a text and a double, as lines.
fn lines(rows: &[(String, f64)], time: i64, diff: i64) -> Vec<u8> {
    let texts: Vec<Cell> = rows.iter().map(|(text, _)| Cell::Str(text.clone())).collect();
    let numbers: Vec<f64> = rows.iter().map(|&(_, number)| number).collect();
    let rows = render(&[Cells::Any(&texts), Cells::Float(&numbers)]).unwrap();
    stamp(&rows.into_bytes(), time, diff).unwrap()
}

fn json(columns: &[(&str, Kind)], row: &[u8]) -> Result<String, String> {
    let mut out = Vec::new();
    let writer = JsonRows::new(columns.iter().copied()).unwrap();
    writer.write(row, &mut out).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(out).unwrap())
}

proptest! {
    #![proptest_config(Config { rng_seed: RngSeed::Fixed(11), ..Config::default() })]

    /// Any text comes back from JSON, and the last change of each says whether it stands.
    #[test]
    fn texts_and_doubles_stand(
        changes in prop::collection::vec((any::<String>(), any::<f64>(), any::<bool>()), 0..30)
    ) {
        let mut all = Vec::new();
        let mut expected: HashMap<String, Option<f64>> = HashMap::new();
        for (time, (text, number, stands)) in changes.iter().enumerate() {
            let row = [(text.clone(), *number)];
            all.push(lines(&row, i64::try_from(time).unwrap(), if *stands { 1 } else { -1 }));
            expected.insert(text.clone(), stands.then_some(*number));
        }
        let keys = JsonRows::new([("k", Kind::Text)]).unwrap();
        let rows = JsonRows::new([("k", Kind::Text), ("x", Kind::Number)]).unwrap();
        let found = standing(all.iter().map(Vec::as_slice), &[0]).unwrap();
        prop_assert_eq!(found.len(), expected.len());
        for each in found {
            let mut key = Vec::new();
            keys.write(&each.key, &mut key).unwrap();
            let key: serde_json::Value = serde_json::from_slice(&key).unwrap();
            let number = expected[key["k"].as_str().unwrap()];
            prop_assert_eq!(each.row.is_some(), number.is_some());
            if let (Some(row), Some(number)) = (each.row, number) {
                let mut value = Vec::new();
                rows.write(row, &mut value).unwrap();
                let value: serde_json::Value = serde_json::from_slice(&value).unwrap();
                prop_assert_eq!(&value["k"], &key["k"]);
                prop_assert_eq!(value["x"].as_f64().unwrap().to_bits(), number.to_bits());
            }
        }
    }

    /// Messages are what stands, key and row as JSON or as they are; some at a time they are the same.
    #[test]
    fn messages_are_what_stands(
        changes in prop::collection::vec((any::<String>(), any::<f64>(), any::<bool>()), 0..30),
        json in any::<(bool, bool)>(),
        size in 1_usize..7,
    ) {
        let all: Vec<Vec<u8>> = changes
            .iter()
            .map(|(text, number, stands)| lines(&[(text.clone(), *number)], 0, if *stands { 1 } else { -1 }))
            .collect();
        let epochs = || all.iter().map(Vec::as_slice);
        let keys = JsonRows::new([("k", Kind::Text)]).unwrap();
        let rows = JsonRows::new([("k", Kind::Text), ("x", Kind::Number)]).unwrap();
        let (keys, rows) = (json.0.then_some(&keys), json.1.then_some(&rows));
        let text = |row: &[u8], json: Option<&JsonRows>| {
            let mut out = Vec::new();
            match json {
                Some(json) => json.write(row, &mut out).unwrap(),
                None => out.extend_from_slice(row),
            }
            out
        };
        let found = Messages::new(epochs(), &[0], keys, rows).unwrap();
        let expected = standing(epochs(), &[0]).unwrap();
        prop_assert_eq!(found.len(), expected.len());
        let some = (0..found.len()).step_by(size).flat_map(|start| found.some(start..start + size));
        let some: Vec<_> = some.map(|(key, value)| (key.to_vec(), value.map(<[u8]>::to_vec))).collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|each| (text(&each.key, keys), each.row.map(|row| text(row, rows))))
            .collect();
        prop_assert_eq!(some, expected);
        prop_assert_eq!(found.some(found.len()..found.len() + size).count(), 0);
    }

    /// Bytes of any kind are no reason to panic.
    #[test]
    fn hostile_lines_are_refused_or_read(bytes in prop::collection::vec(prop::sample::select(b"\",\n1-a\xff".to_vec()), 0..40)) {
        for places in [&[][..], &[0], &[1, 0]] {
            let _ = standing([bytes.as_slice()], places);
            let _ = Messages::new([bytes.as_slice()], places, None, None);
        }
        let _ = json(&[("a", Kind::Text), ("b", Kind::Bool)], &bytes);
    }
}

#[test]
fn of_several_epochs_the_last_change_counts() {
    let first = b"1,a,0,1\n2,b,0,1\n";
    let second = b"1,a,1,-1\n1,c,1,1\n2,b,1,-1\n";
    let found = standing([&first[..], &second[..]], &[0]).unwrap();
    let found: Vec<_> = found.iter().map(|each| (each.key.as_ref(), each.row)).collect();
    assert_eq!(found, [(&b"1"[..], Some(&b"1,c"[..])), (b"2", None)]);
}

#[test]
fn keys_are_the_cells_of_their_places() {
    let lines = b"\"a,\n\"\"\",,7,3,1\n";
    let key = |places: &[usize]| standing([&lines[..]], places).unwrap()[0].key.to_vec();
    assert_eq!(key(&[]), b"");
    assert_eq!(key(&[1]), b"");
    assert_eq!(key(&[2, 0]), b"7,\"a,\n\"\"\"");
}

#[test]
fn what_is_no_change_is_refused() {
    for lines in ["1,0,1", "1,0,2\n", "1,1\n", "\"1,0,1\n", "\n"] {
        assert!(standing([lines.as_bytes()], &[0]).is_err(), "{lines:?}");
    }
    assert!(standing([&b"1,0,1\n"[..]], &[1]).is_err());
    assert!(standing([&b"1,0,1\n"[..]], &[0, 1]).is_err());
}

#[test]
fn values_of_json() {
    let number = |cell: &str| json(&[("x", Kind::Number)], cell.as_bytes()).unwrap();
    assert_eq!(number("1e-7"), r#"{"x":1e-7}"#);
    assert_eq!(number("12345678901234567890.10"), r#"{"x":12345678901234567890.10}"#);
    assert_eq!(number("nan"), r#"{"x":"NaN"}"#);
    assert_eq!(number("inf"), r#"{"x":"Infinity"}"#);
    assert_eq!(number("-inf"), r#"{"x":"-Infinity"}"#);
    assert_eq!(number(""), r#"{"x":null}"#);
    let mixed = [("q\"", Kind::Bool), ("t", Kind::Text), ("u", Kind::Text)];
    assert_eq!(json(&mixed, b"True,\"\",").unwrap(), r#"{"q\"":true,"t":"","u":null}"#);
    assert_eq!(
        json(&mixed, "False,\"\"\"\u{1}é\n\",\\".as_bytes()).unwrap(),
        "{\"q\\\"\":false,\"t\":\"\\\"\\u0001é\\n\",\"u\":\"\\\\\"}"
    );
    assert_eq!(json(&[], b"").unwrap(), "{}");
}

#[test]
fn other_rows_are_refused() {
    let columns = [("a", Kind::Text), ("b", Kind::Bool)];
    for row in [&b"x"[..], b"x,True,y", b"x,1", b"\xff,True"] {
        assert!(json(&columns, row).is_err(), "{row:?}");
    }
    assert!(json(&[], b"x").is_err());
}
