//! The csv format.

use super::*;
use ColumnType::{Bool, Bytes, Float, Int, Str};
use csv_core::{ReadRecordResult, Reader};
use proptest::collection::vec;
use proptest::prelude::*;
use streamreg_core::decode::csv::{Dialect, Ends, Split, split_record};
use streamreg_core::error::Error;

/// Fields are found by their names: the header's order and its other columns make no difference.
#[test]
fn columns_are_matched_by_name() {
    let decoder = csv(&["other", "y", "x"], &[("x", Float), ("y", Int)]);
    assert_eq!(row(&decoder, b"anything,7,0.5"), [Value::float(0.5), Value::Int(7)]);
}

/// A header that lacks a column, or names it twice, is an error that says which.
#[test]
fn header_must_name_each_column_once() {
    for (header, wrong) in [(&["y"][..], "no column \"x\""), (&["x", "y", "x"], "\"x\" twice")] {
        let header: Vec<String> = header.iter().map(|&name| name.to_owned()).collect();
        let Err(Error::Invalid(text)) = decode::csv::decoder(schema(&[("x", Float)]), &header) else {
            panic!("a decoder without its column");
        };
        assert!(text.contains(wrong), "{text}");
    }
}

/// A column that is not in the schema may stand twice in the header.
#[test]
fn unwanted_columns_may_repeat() {
    let decoder = csv(&["a", "x", "a"], &[("x", Float)]);
    assert_eq!(row(&decoder, b",1,"), [Value::float(1.0)]);
}

/// Without a header, without a column, or with two of one name there is no decoder.
#[test]
fn impossible_decoders_are_errors() {
    let x = || "x".to_owned();
    for (columns, header) in
        [(vec![(x(), Float)], vec![]), (vec![], vec![]), (vec![(x(), Float), (x(), Int)], vec![x()])]
    {
        assert!(matches!(decode::csv::decoder(columns, &header), Err(Error::Invalid(_))));
    }
    for columns in [vec![], vec![(x(), Float), (x(), Int)]] {
        assert!(matches!(decode::json::decoder(columns), Err(Error::Invalid(_))));
    }
}

/// One LF, CRLF or CR after the record is no part of it; anything after that is a second record.
#[test]
fn one_line_end_is_tolerated() {
    let decoder = csv(&["x", "y"], &[("x", Float), ("y", Float)]);
    for value in [
        "1,2",
        "1,2\n",
        "1,2\r\n",
        " 1, 2 ",
        "\"1\",2\n",
        "1,\"2\"\r\n",
        "+1,2.",
        "1e0,\t2",
        "1,2\r",
        "1,\"2\"\r",
    ] {
        assert_eq!(row(&decoder, value.as_bytes()), [Value::float(1.0), Value::float(2.0)], "{value:?}");
    }
    for value in ["1,2\n\n", "1,2\n3,4", "1,2\r\r", "1,2\n\r", "\n1,2", "1,\"2\"\n\n", "1\r,2"] {
        assert_eq!(reject(&decoder, value.as_bytes()), (RejectKind::MALFORMED_CSV, None), "{value:?}");
    }
}

/// A byte order mark before a record is no part of it, on either way; one alone, and no other.
#[test]
fn a_byte_order_mark_is_skipped() {
    let decoder = csv(&["x", "y"], &[("x", Float), ("y", Float)]);
    for value in ["\u{feff}1,2", "\u{feff}\"1\",2\r"] {
        assert_eq!(row(&decoder, value.as_bytes()), [Value::float(1.0), Value::float(2.0)], "{value:?}");
    }
    for value in ["\u{feff}\u{feff}1,2", "1,\u{feff}2"] {
        assert_eq!(reject(&decoder, value.as_bytes()).0, RejectKind::INVALID_NUMBER, "{value:?}");
    }
}

/// Where a message that is rejected begins as those of a Schema Registry do, that is said, with the schema's id.
#[test]
fn a_frame_of_a_schema_registry_is_named() {
    let columns = [("x", Float), ("y", Float)];
    for (decoder, text) in [(csv(&["x", "y"], &columns), "1,2"), (json(&columns), r#"{"x":1,"y":2}"#)] {
        let framed = [b"\0\0\0\x01\x02", text.as_bytes()].concat();
        let avro = b"\0\0\0\x01\x02\xff\xfe\x80";
        for value in [&framed[..], avro] {
            let batch = decode(&decoder, &[Some(value)]);
            let detail = &batch.rejects[0].detail;
            assert!(detail.contains("frame of a Schema Registry (schema id 258)"), "{detail}");
        }
        let short = decode(&decoder, &[Some(b"\0\0\0\x01")]);
        assert!(!short.rejects[0].detail.contains("Registry"));
    }
    let text = csv(&["s"], &[("s", Str)]);
    assert_eq!(row(&text, b"\0\0\0\x01\x02"), [Value::Str("\0\0\0\u{1}\u{2}".to_owned())]);
}

/// Quotes go around a whole field, doubled inside it; commas and line ends inside are text.
#[test]
fn quotes_follow_rfc_4180() {
    let decoder = csv(&["a", "b"], &[("a", Str), ("b", Str)]);
    for (value, a, b) in [
        ("a,b", "a", "b"),
        (" a ,", " a ", ""),
        (r#""a","""#, "a", ""),
        (r#""a""b","""""#, "a\"b", "\""),
        ("\"a,\r\nb\",\"\n\"\n", "a,\r\nb", "\n"),
    ] {
        assert_eq!(row(&decoder, value.as_bytes()), [Value::Str(a.to_owned()), Value::Str(b.to_owned())]);
    }
    for value in [r#"a"b,c"#, r#""a"b,c"#, r#""a,b"#, r#"a,""""#, r#"a, "b""#, r#"a,b"""#] {
        assert_eq!(reject(&decoder, value.as_bytes()), (RejectKind::MALFORMED_CSV, None), "{value:?}");
    }
}

/// Each thing that can be wrong with a field has its kind and names its column.
#[test]
fn fields_that_do_not_fit_are_rejected_by_kind() {
    let digits = "1".repeat(5000);
    let tiny = format!("0.{}1e100000", "0".repeat(99_999));
    for (kind, field, wrong) in [
        (Float, "", RejectKind::NULL),
        (Float, "  ", RejectKind::NULL),
        (Float, "abc", RejectKind::INVALID_NUMBER),
        (Float, "1x", RejectKind::INVALID_NUMBER),
        (Float, "1e", RejectKind::INVALID_NUMBER),
        (Float, "0x10", RejectKind::INVALID_NUMBER),
        (Float, "1_000", RejectKind::INVALID_NUMBER),
        (Float, "1 2", RejectKind::INVALID_NUMBER),
        (Float, "infx", RejectKind::INVALID_NUMBER),
        (Float, &digits, RejectKind::INVALID_NUMBER),
        (Float, &tiny, RejectKind::INVALID_NUMBER),
        (Float, "nan", RejectKind::NON_FINITE),
        (Float, "-Infinity", RejectKind::NON_FINITE),
        (Float, "1e309", RejectKind::NON_FINITE),
        (Float, "-1.8e308", RejectKind::NON_FINITE),
        (Int, "", RejectKind::NULL),
        (Int, "1.5", RejectKind::INVALID_INTEGER),
        (Int, "1e3", RejectKind::INVALID_INTEGER),
        (Int, "-", RejectKind::INVALID_INTEGER),
        (Int, "0x1", RejectKind::INVALID_INTEGER),
        (Int, "9223372036854775808", RejectKind::INTEGER_OVERFLOW),
        (Int, "-9223372036854775809", RejectKind::INTEGER_OVERFLOW),
        (Int, &digits, RejectKind::INTEGER_OVERFLOW),
        (Bool, "", RejectKind::NULL),
        (Bool, "yes", RejectKind::INVALID_BOOLEAN),
        (Bool, "01", RejectKind::INVALID_BOOLEAN),
        (Bytes, "a", RejectKind::INVALID_BASE64),
        (Bytes, "YQ", RejectKind::INVALID_BASE64),
    ] {
        let decoder = csv(&["x", "c"], &[("x", Float), ("c", kind.clone())]);
        let found = reject(&decoder, format!("1,{field}").as_bytes());
        assert_eq!(found, (wrong, Some(1)), "{kind:?} {}", &field[..field.len().min(40)]);
    }
    let decoder = csv(&["s"], &[("s", Str)]);
    assert_eq!(reject(&decoder, b"\xff"), (RejectKind::INVALID_UTF8, Some(0)));
}

/// What a field of each type may look like.
#[test]
fn fields_that_fit() {
    let decoder = csv(&["c", "x"], &[("c", Int), ("x", Float)]);
    for (text, value) in
        [(" 9223372036854775807", i64::MAX), ("-9223372036854775808 ", i64::MIN), ("+007", 7), ("-0", 0)]
    {
        assert_eq!(row(&decoder, format!("{text},-0").as_bytes()), [Value::Int(value), Value::float(-0.0)]);
    }
    let decoder = csv(&["c"], &[("c", Bool)]);
    for (text, value) in [("true", true), ("False", false), ("TRUE", true), ("1", true), (" 0", false)] {
        assert_eq!(row(&decoder, text.as_bytes()), [Value::Bool(value)]);
    }
    let decoder = csv(&["c"], &[("c", Bytes)]);
    assert_eq!(row(&decoder, b"AP8="), [Value::Bytes(vec![0, 255])]);
    assert_eq!(row(&decoder, b""), [Value::Bytes(vec![])]);
}

/// A wrong number of fields is said before anything that is wrong in one of them.
#[test]
fn field_count_is_judged_first() {
    let decoder = csv(&["x", "y"], &[("x", Float), ("y", Float)]);
    for value in ["", "1", "1,2,3", "a", "nan,1,", "1,2,"] {
        assert_eq!(reject(&decoder, value.as_bytes()), (RejectKind::FIELD_COUNT, None), "{value:?}");
    }
}

/// A header loses its byte order mark and the spaces around names, and is an error if it is no record.
#[test]
fn headers_are_split() {
    assert_eq!(split_record(b"\xef\xbb\xbfx, y ,\"a,b\"\r\n").unwrap(), ["x", "y", "a,b"]);
    assert_eq!(split_record(b"x,y\r").unwrap(), ["x", "y"]);
    for bad in [&b""[..], b"\n", b"a\nb", b"\"a", b"\xff", b"a\"b"] {
        assert!(matches!(split_record(bad), Err(Error::Invalid(_))), "{bad:?}");
    }
}

/// Bytes in which the characters that matter are frequent.
fn csv_bytes() -> impl Strategy<Value = Vec<u8>> {
    let special = prop::sample::select(b"\",\n\r 1.-e\xef".to_vec());
    vec(prop_oneof![4 => special, 1 => any::<u8>()], 0..30)
}

/// All fields of one record as csv-core reads it.
fn read_with_csv_core(value: &[u8]) -> Vec<Vec<u8>> {
    let (mut output, mut ends) = (vec![0; value.len() + 1], vec![0; value.len() + 2]);
    let mut reader = Reader::new();
    let (result, read, written, fields) = reader.read_record(value, &mut output, &mut ends);
    let (mut written, mut fields) = (written, fields);
    if result == ReadRecordResult::InputEmpty {
        let (_, _, more, last) =
            reader.read_record(&value[read..], &mut output[written..], &mut ends[fields..]);
        written += more;
        fields += last;
    }
    output.truncate(written);
    let starts = std::iter::once(0).chain(ends.iter().copied());
    starts.zip(&ends[..fields]).map(|(start, &end)| output[start..end].to_vec()).collect()
}

proptest! {
    #![proptest_config(config(20_000))]

    /// Whatever record is split here, csv-core splits into the same fields (it alone skips what is empty or
    /// a byte order mark).
    #[test]
    fn differential_records_are_split_as_by_csv_core(value in csv_bytes()) {
        prop_assume!(!value.is_empty() && value != b"\n" && value != b"\r\n" && value != b"\r");
        prop_assume!(!value.starts_with(b"\xef\xbb\xbf"));
        let mut split = Split::default();
        if let Ok(fields) = split.split(&value) {
            let fields: Vec<Vec<u8>> = fields.map(<[u8]>::to_vec).collect();
            prop_assert_eq!(fields, read_with_csv_core(&value));
        }
    }

    /// Numbers give the same bits or the same reject with quotes and without: on the fast way, split at
    /// commas, and unquoted.
    #[test]
    fn differential_fast_way_and_quoted_way_agree(
        fields in vec(prop_oneof![
            any::<f64>().prop_map(|value| format!("{value:?}")),
            any::<f64>().prop_map(|value| format!("{value:e}")),
            "[ +-]?[0-9]{0,25}\\.?[0-9]{0,25}(e[+-]?[0-9]{1,3})? ?",
            "[0-9a-z.+ -]{0,6}",
        ], 1..4)
    ) {
        let two = [("x", Float), ("y", Float)];
        let fast = csv(&["x", "y"], &two);
        let plain = csv(&["x", "y", "s"], &[two[0].clone(), two[1].clone(), ("s", Str)]);
        let bare = fields.join(",");
        let quoted = fields.iter().map(|field| format!("\"{field}\"")).collect::<Vec<_>>().join(",");
        let results: Vec<_> = [(&fast, bare.clone()), (&fast, quoted), (&plain, format!("{bare},s"))]
            .iter()
            .map(|(decoder, value)| {
                let decoded = decode(decoder, &[Some(value.as_bytes())]);
                let values: Vec<Value> = decoded.columns[..2]
                    .iter()
                    .filter(|_| decoded.rows == 1)
                    .map(|column| entry(column, 0))
                    .collect();
                (values, decoded.rejects.first().map(|reject| (reject.kind, reject.column)))
            })
            .collect();
        prop_assert_eq!(&results[0], &results[1]);
        prop_assert_eq!(&results[0], &results[2]);
    }

    /// A decimal text becomes the double that the standard library's parser gives.
    #[test]
    fn differential_numbers_are_the_nearest_doubles(
        text in "-?[0-9]{1,40}\\.[0-9]{0,40}(e-?[0-9]{1,3})?"
    ) {
        let decoder = csv(&["x"], &[("x", Float)]);
        let nearest: f64 = text.parse().unwrap();
        if nearest.is_finite() {
            prop_assert_eq!(row(&decoder, text.as_bytes()), [Value::float(nearest)]);
        } else {
            prop_assert_eq!(reject(&decoder, text.as_bytes()), (RejectKind::NON_FINITE, Some(0)));
        }
    }
}

/// A stray quote in a message of many records costs its line; what follows it is read.
#[test]
fn a_stray_quote_costs_its_line() {
    let decoder = csv(&["x", "s"], &[("x", Int), ("s", Str)]).of_many();
    let message = b"\xef\xbb\xbf1,a\r2,5\" pipe\r\n3,\"b\nc\"\n4,\"closed\" not\n5,d\n6,\"open\n\n7,e";
    let batch = decode(&decoder, &[Some(message)]);
    let rows: Vec<_> = (0..batch.rows).map(|row| entry(&batch.columns[0], row)).collect();
    assert_eq!(rows, [1, 3, 5, 7].map(Value::Int));
    assert!(batch.rejects.iter().all(|reject| reject.kind == RejectKind::MALFORMED_CSV));
    assert_eq!(batch.rejects.len(), 3);
}

/// The first record ends where quotes and the delimiter say.
#[test]
fn the_first_record_is_cut_by_its_delimiter() {
    let value = b"x;\"a\nb\"\n1;2";
    assert_eq!(Dialect::new(';').unwrap().first_record(value), b"x;\"a\nb\"");
    assert_eq!(Dialect::default().first_record(value), b"x;\"a");
    assert_eq!(Dialect::default().first_record(b"\"x,y\n1,2"), b"\"x,y");
}

proptest! {
    #![proptest_config(config(500))]

    /// The ends of records follow from the bytes behind the last one: of a text that is seen in part they are the first
    /// of those of the whole, and each is at the end of a line.
    #[test]
    fn law_ends_of_a_part(
        text in vec(prop::sample::select(&b"\"\"\"\n\n\r,,;a"[..]), 0..80),
        seen in 0usize..80,
        most in 1usize..40,
        returns in any::<bool>(),
    ) {
        let ends = Ends { delimiter: b',', returns };
        let whole = ends.of(&text, most, true);
        let part = ends.of(&text[..seen.min(text.len())], most, false);
        prop_assert_eq!(&whole[..part.len()], &part[..]);
        prop_assert_eq!(whole.last().copied().unwrap_or(0), text.len());
        prop_assert!(part.iter().all(|end| text[end - 1] == b'\n' || returns && text[end - 1] == b'\r'));
        let mut start = 0;
        for end in whole {
            prop_assert_eq!(ends.of(&text[start..], most, true)[0], end - start);
            start = end;
        }
    }
}
