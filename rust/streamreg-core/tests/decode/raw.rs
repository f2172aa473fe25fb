//! The raw format.

use super::*;

/// The value is the column: any bytes as bytes, UTF-8 as a string.
#[test]
fn value_is_the_column() {
    let raw = |kind| decode::raw::decoder(schema(&[("data", kind)])).unwrap();
    let (bytes, text) = (raw(ColumnType::Bytes), raw(ColumnType::Str));
    assert_eq!(row(&bytes, b"\xff\n"), [Value::Bytes(b"\xff\n".to_vec())]);
    assert_eq!(row(&bytes, b""), [Value::Bytes(vec![])]);
    assert_eq!(row(&text, "é\n".as_bytes()), [Value::Str("é\n".to_owned())]);
    assert_eq!(reject(&text, b"a\xff"), (RejectKind::INVALID_UTF8, Some(0)));
}

/// A raw schema is one column of text or bytes.
#[test]
fn other_schemas_are_errors() {
    use ColumnType::{Float, Str};
    for columns in [&[("x", Float)][..], &[("a", Str), ("b", Str)]] {
        assert!(decode::raw::decoder(schema(columns)).is_err());
    }
}
