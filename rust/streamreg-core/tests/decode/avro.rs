//! The avro format: what is written by a schema is read into columns, and whatever else is there is refused.

use super::*;
use ColumnType::{Bool, Bytes, Decimal, Float, Int, Str};
use num_bigint::BigInt;
use proptest::prelude::*;
use streamreg_core::decode::avro::Reader;
use streamreg_core::decode::schema_ids;

const ID: u32 = 258;
/// A NUMBER of Oracle's, as Debezium and Kafka Connect write it.
const ORACLE: &str = r#"{"type":"bytes","logicalType":"decimal","precision":164,"scale":127}"#;

fn decoder(columns: &[(&str, ColumnType)], text: &str) -> Decoder {
    let reader = Reader::new(schema(columns), &[]).unwrap();
    reader.decoder(vec![(ID, Ok((text.to_owned(), vec![]))), (7, Err("it is of the kind JSON".to_owned()))])
}

fn record(fields: &str) -> String {
    format!(r#"{{"type":"record","name":"a.b.R","fields":[{fields}]}}"#)
}

fn field(name: &str, kind: &str) -> String {
    format!(r#"{{"name":"{name}","type":{kind}}}"#)
}

fn framed(body: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 1, 2], body].concat()
}

fn long(value: i64) -> Vec<u8> {
    let mut bits = ((value << 1) ^ (value >> 63)).cast_unsigned();
    let mut bytes = Vec::new();
    while bits >= 0x80 {
        bytes.push(u8::try_from(bits & 0x7f).unwrap() | 0x80);
        bits >>= 7;
    }
    bytes.push(u8::try_from(bits).unwrap());
    bytes
}

fn text(value: &[u8]) -> Vec<u8> {
    [long(value.len().try_into().unwrap()), value.to_vec()].concat()
}

/// A number with so many zeros behind it, in two's complement.
fn power(number: i64, zeros: u32) -> Vec<u8> {
    (BigInt::from(number) * BigInt::from(10).pow(zeros)).to_signed_bytes_be()
}

/// Reads one value of one type into one column.
fn one(kind: &ColumnType, avro: &str, body: &[u8]) -> Result<Value, RejectKind> {
    let decoder = decoder(&[("c", kind.clone())], &record(&field("c", avro)));
    let batch = decode(&decoder, &[Some(&framed(body))]);
    match batch.rejects.first() {
        None => Ok(entry(&batch.columns[0], 0)),
        Some(reject) => Err(reject.kind),
    }
}

fn named(text: &str) -> ColumnType {
    ColumnType::named(text).unwrap()
}

/// Each type is read into each column that can hold it, with all its bits.
#[test]
fn types_are_read() {
    let long = |value| long(value);
    for (kind, avro, body, wanted) in [
        (Float, r#""double""#, 0.1f64.to_le_bytes().to_vec(), Value::float(0.1)),
        (Float, r#""float""#, 0.1f32.to_le_bytes().to_vec(), Value::float(f64::from(0.1f32))),
        (Float, r#""long""#, long(i64::MAX), Value::float(9_223_372_036_854_775_807.0)),
        (
            Float,
            r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":1}"#,
            text(&[1]),
            Value::float(0.1),
        ),
        (Int, r#""long""#, long(i64::MIN), Value::Int(i64::MIN)),
        (Int, r#""int""#, long(-3), Value::Int(-3)),
        (Bool, r#""boolean""#, vec![1], Value::Bool(true)),
        (Str, r#""string""#, text("é".as_bytes()), Value::Str("é".to_owned())),
        (Str, r#"{"type":"enum","name":"E","symbols":["A","B"]}"#, long(1), Value::Str("B".to_owned())),
        (
            Str,
            r#"{"type":"fixed","name":"U","size":16,"logicalType":"uuid"}"#,
            (0..16).collect(),
            Value::Str("00010203-0405-0607-0809-0a0b0c0d0e0f".to_owned()),
        ),
        (Bytes, r#""bytes""#, text(b"\xff"), Value::Bytes(vec![255])),
        (Bytes, r#"{"type":"fixed","name":"F","size":2}"#, vec![1, 2], Value::Bytes(vec![1, 2])),
        (
            Decimal,
            r#"{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}"#,
            text(&[0xff, 0x85]),
            Value::Decimal("-1.23".to_owned()),
        ),
        (
            Decimal,
            r#"{"type":"fixed","name":"D","size":20,"logicalType":"decimal","precision":9,"scale":2}"#,
            [vec![0; 18], vec![0, 200]].concat(),
            Value::Decimal("2".to_owned()),
        ),
        (Decimal, ORACLE, text(&power(15, 126)), Value::Decimal("1.5".to_owned())),
        (Float, ORACLE, text(&power(-15, 126)), Value::float(-1.5)),
        (Decimal, r#""long""#, long(i64::MIN), Value::Decimal(i64::MIN.to_string())),
        (Decimal, r#""string""#, text(b"0.10"), Value::Decimal("0.1".to_owned())),
        (
            named("datetime"),
            r#"{"type":"long","logicalType":"timestamp-millis"}"#,
            long(-1),
            Value::Micros(-1000),
        ),
        (
            named("datetime"),
            r#"{"type":"long","logicalType":"timestamp-micros"}"#,
            long(-1),
            Value::Micros(-1),
        ),
        (
            named("datetime"),
            r#"{"type":"long","logicalType":"timestamp-nanos"}"#,
            long(-1000),
            Value::Micros(-1),
        ),
        (named("datetime"), r#"{"type":"int","logicalType":"date"}"#, long(1), Value::Micros(86_400_000_000)),
        (
            named("datetime tz=Europe/Berlin"),
            r#"{"type":"long","logicalType":"local-timestamp-millis"}"#,
            long(0),
            Value::Micros(-3_600_000_000),
        ),
        (named("datetime unit=s"), r#""int""#, long(2), Value::Micros(2_000_000)),
        (named("datetime"), r#""string""#, text(b"1970-01-01T00:00:01Z"), Value::Micros(1_000_000)),
        (named("timedelta"), r#"{"type":"int","logicalType":"time-millis"}"#, long(7), Value::Micros(7000)),
        (named("timedelta unit=s"), r#""long""#, long(-2), Value::Micros(-2_000_000)),
    ] {
        assert_eq!(one(&kind, avro, &body), Ok(wanted), "{kind:?} {avro}");
    }
}

/// Each thing that can be wrong with a value has its kind.
#[test]
fn values_that_do_not_fit_are_rejected_by_kind() {
    let wide = r#"{"type":"bytes","logicalType":"decimal","precision":60,"scale":2}"#;
    let nanos = r#"{"type":"long","logicalType":"timestamp-nanos"}"#;
    let local = r#"{"type":"long","logicalType":"local-timestamp-millis"}"#;
    for (kind, avro, body, wanted) in [
        (Float, r#""double""#, f64::NAN.to_le_bytes().to_vec(), RejectKind::NON_FINITE),
        (Float, r#""string""#, text(b"1"), RejectKind::WRONG_TYPE),
        (Float, r#"["null","double"]"#, vec![0], RejectKind::NULL),
        (Float, r#"["string","double"]"#, [vec![0], text(b"1")].concat(), RejectKind::WRONG_TYPE),
        (Float, r#"["null","double"]"#, vec![4], RejectKind::MALFORMED_AVRO),
        (Int, r#""double""#, 1f64.to_le_bytes().to_vec(), RejectKind::WRONG_TYPE),
        (Int, r#""int""#, long(1 << 40), RejectKind::MALFORMED_AVRO),
        (Int, r#""long""#, vec![0xff; 11], RejectKind::MALFORMED_AVRO),
        (Int, r#""long""#, [vec![0xff; 9], vec![2]].concat(), RejectKind::MALFORMED_AVRO),
        (Int, r#""long""#, vec![0, 0], RejectKind::MALFORMED_AVRO),
        (Bool, r#""boolean""#, vec![2], RejectKind::MALFORMED_AVRO),
        (Str, r#""string""#, long(-1), RejectKind::MALFORMED_AVRO),
        (Str, r#""string""#, long(1 << 40), RejectKind::MALFORMED_AVRO),
        (Str, r#""string""#, text(b"\xff"), RejectKind::INVALID_UTF8),
        (Decimal, wide, text(&[0x7f; 16]), RejectKind::DECIMAL_RANGE),
        (Decimal, wide, text(&vec![0x7f; 1_000_000]), RejectKind::DECIMAL_RANGE),
        (Decimal, ORACLE, text(&power(1, 528)), RejectKind::DECIMAL_RANGE),
        (
            Decimal,
            wide,
            text(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            RejectKind::DECIMAL_RANGE,
        ),
        (named("datetime"), nanos, long(1), RejectKind::DATETIME_RANGE),
        (named("datetime"), local, long(1), RejectKind::WRONG_TYPE),
        (named("datetime"), r#""long""#, long(1), RejectKind::WRONG_TYPE),
    ] {
        assert_eq!(one(&kind, avro, &body), Err(wanted), "{kind:?} {avro} {body:?}");
    }
    let decoder = decoder(&[("c", Int)], &record(&field("c", r#""long""#)));
    assert_eq!(reject(&decoder, b"{}").0, RejectKind::NOT_FRAMED);
    assert_eq!(reject(&decoder, &[0, 0, 0, 0, 7, 2]).0, RejectKind::UNUSABLE_SCHEMA);
    assert_eq!(reject(&decoder, &[0, 0, 0, 0, 8, 2]).0, RejectKind::UNKNOWN_SCHEMA);
}

/// A record has each field once: of two of one name it is not known which is meant.
#[test]
fn two_fields_of_one_name_are_no_schema() {
    let fields = [field("c", r#""long""#), field("c", r#""long""#)];
    let decoder = decoder(&[("c", Int)], &record(&fields.join(",")));
    let body = framed(&[long(1), long(2)].concat());
    assert_eq!(reject(&decoder, &body).0, RejectKind::UNUSABLE_SCHEMA);
}

/// What nobody wants is skipped, of whatever type, and the columns come in the reader's order.
#[test]
fn others_are_skipped() {
    let fields = [
        field("skipped", r#"{"type":"array","items":["null","string",{"type":"map","values":"int"}]}"#),
        field("y", r#"["null","double"]"#),
        field("inner", r#"{"type":"record","name":"I","fields":[{"name":"more","type":["null","I"]}]}"#),
        field("again", r#""I""#),
        field("x", r#""long""#),
    ];
    let decoder = decoder(
        &[("x", Int), ("y", named("float | None")), ("z", named("int | None"))],
        &record(&fields.join(",")),
    );
    let map = [long(2), text(b"k"), long(5), text(b"l"), long(6), long(0)].concat();
    // A block of its size in bytes, below 0, then one of items.
    let array = [long(-1), long(1), long(0), long(2), long(1), text(b"s"), long(2), map, long(0)].concat();
    let inner = [long(1), long(1), long(0)].concat();
    let body = [array, long(1), 0.5f64.to_le_bytes().to_vec(), inner, long(0), long(-9)].concat();
    let batch = decode(&decoder, &[Some(&framed(&body))]);
    assert_eq!(batch.rejects, []);
    assert_eq!(entry(&batch.columns[0], 0), Value::Int(-9));
    assert_eq!(entry(&batch.columns[1], 0), Value::float(0.5));
    assert_eq!(batch.missing, [None, None, Some(vec![true])]);
}

/// A column without a field is missing if it can be, and else a reject that names it; the check says so beforehand.
#[test]
fn fields_that_are_lacking() {
    let text = record(&field("x", r#""long""#));
    let columns = [("x", Int), ("y", Float)];
    assert_eq!(reject(&decoder(&columns, &text), &framed(&long(1))), (RejectKind::MISSING_FIELD, Some(1)));
    let reader = Reader::new(schema(&columns), &[]).unwrap();
    let problems = reader.problems(&text, &[]).unwrap();
    assert_eq!(problems, [("y".to_owned(), "the schema has no field \"y\"".to_owned())]);
    let fits = record(&[field("x", r#"["null","int"]"#), field("y", r#"["string","float"]"#)].join(","));
    assert_eq!(reader.problems(&fits, &[]).unwrap(), []);
    let misfit = record(&[field("x", r#""int""#), field("y", r#"["null","string"]"#)].join(","));
    assert_eq!(reader.problems(&misfit, &[]).unwrap()[0].0, "y");
    assert!(reader.problems(r#""string""#, &[]).is_err());
    assert!(reader.problems("{", &[]).is_err());
}

/// A path leads through records and unions with null, by names that another schema may define.
#[test]
fn paths_lead_into_records() {
    let inner = record(&field("x", r#""long""#));
    let outer = format!(
        r#"{{"type":"record","name":"O","fields":[{},{}]}}"#,
        field("a", r#"["null","a.b.R"]"#),
        field("b", r#""a.b.R""#)
    );
    let paths = [("x", "/a/x"), ("y", "/b/x")].map(|(name, path)| (name.to_owned(), path.to_owned()));
    let columns = [("x", named("int | None")), ("y", Int)];
    let reader = Reader::new(schema(&columns), &paths).unwrap();
    let decoder = reader.decoder(vec![(ID, Ok((outer, vec![inner])))]);
    let there = framed(&[long(1), long(7), long(8)].concat());
    let null = framed(&[long(0), long(9)].concat());
    let batch = decode(&decoder, &[Some(&there), Some(&null)]);
    assert_eq!(batch.rejects, []);
    assert_eq!([0, 1].map(|row| entry(&batch.columns[1], row)), [Value::Int(8), Value::Int(9)]);
    assert_eq!(batch.missing[0], Some(vec![false, true]));
}

/// Neither a record that holds itself, nor items without bytes, however many, take long or overflow the stack.
#[test]
fn bombs_are_refused_or_skipped() {
    let chain = field("s", r#"{"type":"record","name":"S","fields":[{"name":"n","type":["null","S"]}]}"#);
    let deep = decoder(&[("c", Int)], &record(&[chain, field("c", r#""int""#)].join(",")));
    assert_eq!(reject(&deep, &framed(&vec![2; 100_000])).0, RejectKind::MALFORMED_AVRO);
    let endless = field(
        "s",
        r#"{"type":"record","name":"S","fields":[{"name":"n","type":"S"},{"name":"m","type":"S"}]}"#,
    );
    let endless = decoder(&[("c", Int)], &record(&[endless, field("c", r#""int""#)].join(",")));
    assert_eq!(reject(&endless, &framed(&[2])).0, RejectKind::MALFORMED_AVRO);
    let nulls = decoder(
        &[("c", Int)],
        &record(&[field("s", r#"{"type":"array","items":"null"}"#), field("c", r#""int""#)].join(",")),
    );
    let body = [long(i64::MAX), long(0), long(5)].concat();
    assert_eq!(row(&nulls, &framed(&body)), [Value::Int(5)]);
    // Twice as many at each level, and no byte.
    let mut inner = r#""null""#.to_owned();
    for level in 0..40 {
        inner = format!(
            r#"{{"type":"record","name":"L{level}","fields":[{},{}]}}"#,
            field("a", &inner),
            field(
                "b",
                if level == 0 { r#""null""#.to_owned() } else { format!(r#""L{}""#, level - 1) }.as_str()
            )
        );
    }
    let doubled = decoder(&[("c", Int)], &record(&[field("s", &inner), field("c", r#""int""#)].join(",")));
    assert_eq!(row(&doubled, &framed(&long(6))), [Value::Int(6)]);
}

/// The ids of a batch are those of its frames.
#[test]
fn ids_are_found() {
    let values =
        [Some(&b"\0\0\0\x01\x02x"[..]), None, Some(b"{}"), Some(b"\0\0\0\0\x07"), Some(b"\0\0\0\x01\x02")];
    assert_eq!(schema_ids(&values), [7, 258]);
}

const WIDE: &str = r#"{"type":"record","name":"W","fields":[
    {"name":"x","type":["null","double","float","long"]},
    {"name":"m","type":{"type":"map","values":{"type":"array","items":["null","string","W"]}}},
    {"name":"d","type":{"type":"bytes","logicalType":"decimal","precision":30,"scale":3}},
    {"name":"s","type":["string",{"type":"enum","name":"E","symbols":["A","B","C"]}]},
    {"name":"t","type":{"type":"long","logicalType":"timestamp-nanos"}},
    {"name":"f","type":{"type":"fixed","name":"F","size":3}},
    {"name":"b","type":"boolean"}]}"#;

proptest! {
    #![proptest_config(config(500))]

    /// A decimal is the same at every scale that can hold it, in as many bytes as it takes.
    #[test]
    fn law_scales(number in any::<i64>(), scale in 0u32..300, padding in 0usize..20) {
        let number = number / 10 * 10 + 1;
        let avro = format!(r#"{{"type":"bytes","logicalType":"decimal","precision":400,"scale":{scale}}}"#);
        let filling = if number < 0 { 0xff } else { 0 };
        let body = [vec![filling; padding], power(number, scale)].concat();
        prop_assert_eq!(one(&Decimal, &avro, &text(&body)), Ok(Value::Decimal(number.to_string())));
    }

    /// Any bytes behind a frame are a row or a reject, alone as in a batch, and never a panic.
    #[test]
    fn law_hostile_bytes(
        bodies in prop::collection::vec(prop::collection::vec(prop_oneof![0u8..8, any::<u8>()], 0..60), 1..8),
        schema_text in prop::sample::select(vec![WIDE.to_owned(), record(&field("x", r#""double""#))]),
    ) {
        let columns = [("x", named("float | None")), ("d", Decimal), ("s", Str), ("t", named("datetime")), ("b", Bool)];
        let decoder = decoder(&columns, &schema_text);
        let values: Vec<_> = bodies.iter().map(|body| framed(body)).collect();
        let messages: Vec<_> = values.iter().map(|value| Some(value.as_slice())).collect();
        let batch = decode(&decoder, &messages);
        prop_assert_eq!(batch.rows + batch.rejects.len(), messages.len());
        for column in &batch.columns {
            prop_assert_eq!(length(column), batch.rows);
        }
        let alone: usize = messages.iter().map(|message| decode(&decoder, &[*message]).rows).sum();
        prop_assert_eq!(alone, batch.rows);
    }
}
