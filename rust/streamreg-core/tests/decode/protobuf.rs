//! The protobuf format: what is written by a schema is read into columns, and whatever else is there is refused.

use super::*;
use ColumnType::{Bool, Bytes, Decimal, Float, Int, Str};
use base64::Engine as _;
use proptest::prelude::*;
use streamreg_core::decode::protobuf::Reader;

const ID: u32 = 258;

fn decoder(columns: &[(&str, ColumnType)], text: &str, paths: &[(&str, &str)]) -> Decoder {
    let paths: Vec<_> = paths.iter().map(|(name, path)| ((*name).to_owned(), (*path).to_owned())).collect();
    let reader = Reader::new(schema(columns), &paths).unwrap();
    reader.decoder(vec![(ID, Ok((text.to_owned(), vec![]))), (7, Err("it is of the kind JSON".to_owned()))])
}

fn proto3(text: &str) -> String {
    format!("syntax = \"proto3\"; package p;\n{text}")
}

/// A message of the schema's first type.
fn framed(body: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 1, 2, 0], body].concat()
}

fn varint(mut bits: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bits >= 0x80 {
        bytes.push(u8::try_from(bits & 0x7f).unwrap() | 0x80);
        bits >>= 7;
    }
    bytes.push(u8::try_from(bits).unwrap());
    bytes
}

fn number(field: u64, bits: u64) -> Vec<u8> {
    [varint(field << 3), varint(bits)].concat()
}

fn fixed64(field: u64, bytes: [u8; 8]) -> Vec<u8> {
    [varint(field << 3 | 1), bytes.to_vec()].concat()
}

fn fixed32(field: u64, bytes: [u8; 4]) -> Vec<u8> {
    [varint(field << 3 | 5), bytes.to_vec()].concat()
}

fn run(field: u64, bytes: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(bytes.len().try_into().unwrap()), bytes.to_vec()].concat()
}

fn named(text: &str) -> ColumnType {
    ColumnType::named(text).unwrap()
}

/// Reads a message into one column `c`; `None` if it is missing.
fn one(kind: &ColumnType, text: &str, body: &[u8]) -> Result<Option<Value>, RejectKind> {
    let decoder = decoder(&[("c", kind.clone())], text, &[]);
    let batch = decode(&decoder, &[Some(&framed(body))]);
    match batch.rejects.first() {
        Some(reject) => Err(reject.kind),
        None if batch.missing[0].as_ref().is_some_and(|mask| mask[0]) => Ok(None),
        None => Ok(Some(entry(&batch.columns[0], 0))),
    }
}

fn with(kind: &str) -> String {
    let imported = ["timestamp", "duration", "wrappers"];
    let imported = imported.map(|name| format!("import \"google/protobuf/{name}.proto\";\n")).concat();
    proto3(&format!("{imported} message M {{ {kind} c = 1; }} enum E {{ A = 0; B = 1; C = -1; }}"))
}

/// Each type is read into each column that can hold it, with all its bits; what is not written is zero.
#[test]
fn types_are_read() {
    let minus = u64::MAX;
    for (kind, proto, body, wanted, zero) in [
        (Float, "double", fixed64(1, 0.1f64.to_le_bytes()), Value::float(0.1), Value::float(0.0)),
        (
            Float,
            "float",
            fixed32(1, 0.1f32.to_le_bytes()),
            Value::float(f64::from(0.1f32)),
            Value::float(0.0),
        ),
        (Float, "uint64", number(1, minus), Value::float(18_446_744_073_709_551_615.0), Value::float(0.0)),
        (Int, "int32", number(1, minus), Value::Int(-1), Value::Int(0)),
        (Int, "int64", number(1, minus), Value::Int(-1), Value::Int(0)),
        (Int, "uint32", number(1, minus), Value::Int(i64::from(u32::MAX)), Value::Int(0)),
        (Int, "uint64", number(1, 1 << 40), Value::Int(1 << 40), Value::Int(0)),
        (Int, "sint32", number(1, 3), Value::Int(-2), Value::Int(0)),
        (Int, "sint64", number(1, minus), Value::Int(i64::MIN), Value::Int(0)),
        (Int, "fixed32", fixed32(1, [255; 4]), Value::Int(i64::from(u32::MAX)), Value::Int(0)),
        (Int, "fixed64", fixed64(1, 5u64.to_le_bytes()), Value::Int(5), Value::Int(0)),
        (Int, "sfixed32", fixed32(1, [255; 4]), Value::Int(-1), Value::Int(0)),
        (Int, "sfixed64", fixed64(1, [255; 8]), Value::Int(-1), Value::Int(0)),
        (Int, "E", number(1, minus), Value::Int(-1), Value::Int(0)),
        (Str, "E", number(1, minus), Value::Str("C".to_owned()), Value::Str("A".to_owned())),
        (Str, "string", run(1, "é".as_bytes()), Value::Str("é".to_owned()), Value::Str(String::new())),
        (Bytes, "bytes", run(1, b"\xff"), Value::Bytes(vec![255]), Value::Bytes(vec![])),
        (Bool, "bool", number(1, 2), Value::Bool(true), Value::Bool(false)),
        (
            Decimal,
            "uint64",
            number(1, minus),
            Value::Decimal(u64::MAX.to_string()),
            Value::Decimal("0".to_owned()),
        ),
        (named("datetime unit=s"), "int64", number(1, 2), Value::Micros(2_000_000), Value::Micros(0)),
        (named("timedelta unit=ms"), "sint32", number(1, 3), Value::Micros(-2000), Value::Micros(0)),
    ] {
        assert_eq!(one(&kind, &with(proto), &body), Ok(Some(wanted)), "{kind:?} {proto}");
        assert_eq!(one(&kind, &with(proto), &[]), Ok(Some(zero)), "{kind:?} {proto}");
        let optional = ColumnType::Optional(Box::new(kind.clone()));
        let with_presence = with(&format!("optional {proto}"));
        assert_eq!(one(&optional, &with_presence, &[]), Ok(None), "{kind:?} {proto}");
        assert_eq!(one(&kind, &with_presence, &[]), Err(RejectKind::NULL), "{kind:?} {proto}");
    }
}

/// Messages of the language that stand for a value are read as that, and are missing where they are not there.
#[test]
fn messages_of_the_language_are_values() {
    let time = [number(1, 2), number(2, 3000)].concat();
    let minus = [number(1, (-2i64).cast_unsigned()), number(2, (-3000i64).cast_unsigned())].concat();
    for (kind, proto, body, wanted) in [
        ("datetime", "Timestamp", time, Value::Micros(2_000_003)),
        ("timedelta", "Duration", minus, Value::Micros(-2_000_003)),
        ("float", "DoubleValue", fixed64(1, 0.5f64.to_le_bytes()), Value::float(0.5)),
        ("float", "DoubleValue", vec![], Value::float(0.0)),
        ("int", "Int64Value", number(1, 7), Value::Int(7)),
        ("decimal", "StringValue", run(1, b"0.10"), Value::Decimal("0.1".to_owned())),
        ("bool", "BoolValue", number(1, 1), Value::Bool(true)),
    ] {
        let text = with(&format!("google.protobuf.{proto}"));
        assert_eq!(one(&named(kind), &text, &run(1, &body)), Ok(Some(wanted)), "{proto}");
        assert_eq!(one(&named(&format!("{kind} | None")), &text, &[]), Ok(None), "{proto}");
        assert_eq!(one(&named(kind), &text, &[]), Err(RejectKind::NULL), "{proto}");
    }
}

/// Each thing that can be wrong with a value has its kind.
#[test]
fn values_that_do_not_fit_are_rejected_by_kind() {
    let malformed = RejectKind::MALFORMED_PROTOBUF;
    let nanos = |nanos: u64| run(1, &number(2, nanos));
    for (kind, proto, body, wanted) in [
        (Float, "double", fixed64(1, f64::NAN.to_le_bytes()), RejectKind::NON_FINITE),
        (Float, "double", fixed32(1, [0; 4]), malformed),
        (Float, "double", run(1, &[0; 8]), malformed),
        (Float, "string", run(1, b"1"), RejectKind::WRONG_TYPE),
        (Float, "repeated double", vec![], RejectKind::WRONG_TYPE),
        (Float, "map<string, double>", vec![], RejectKind::WRONG_TYPE),
        (Int, "double", vec![], RejectKind::WRONG_TYPE),
        (Int, "uint64", number(1, u64::MAX), RejectKind::INTEGER_OVERFLOW),
        (Int, "int64", [varint(8), vec![0xff; 11]].concat(), malformed),
        (Int, "int64", [varint(8), vec![0xff; 9], vec![2]].concat(), malformed),
        (Int, "int64", vec![8], malformed),
        (Int, "int64", vec![0, 0], malformed),
        (Int, "int64", vec![14, 0], malformed),
        (Int, "int64", number(1 << 29, 1), malformed),
        (Int, "int64", vec![12], malformed),
        (Int, "int64", vec![11], malformed),
        (Int, "int64", [vec![19; 1000], vec![20; 1000]].concat(), malformed),
        (Int, "int64", [varint(8 << 1 | 2), varint(u64::MAX)].concat(), malformed),
        (Str, "E", number(1, 9), RejectKind::WRONG_TYPE),
        (Str, "string", run(1, b"\xff"), RejectKind::INVALID_UTF8),
        (named("datetime"), "int64", number(1, 1), RejectKind::WRONG_TYPE),
        (named("datetime"), "google.protobuf.Timestamp", nanos(1), RejectKind::DATETIME_RANGE),
        (named("datetime"), "google.protobuf.Timestamp", nanos(1_000_000_000), malformed),
        (
            named("datetime"),
            "google.protobuf.Timestamp",
            run(1, &number(1, 1 << 60)),
            RejectKind::DATETIME_RANGE,
        ),
        (named("timedelta"), "google.protobuf.Timestamp", vec![], RejectKind::WRONG_TYPE),
    ] {
        assert_eq!(one(&kind, &with(proto), &body), Err(wanted), "{kind:?} {proto} {body:?}");
    }
    let decoder = decoder(&[("c", Int)], &with("int64"), &[]);
    assert_eq!(reject(&decoder, b"{}").0, RejectKind::NOT_FRAMED);
    assert_eq!(reject(&decoder, &[0, 0, 0, 0, 7, 0]).0, RejectKind::UNUSABLE_SCHEMA);
    assert_eq!(reject(&decoder, &[0, 0, 0, 0, 8, 0]).0, RejectKind::UNKNOWN_SCHEMA);
    // No list of places, one that is too long, and one that leads nowhere.
    for places in [&[][..], &[1], &[254, 255, 255, 255, 15], &[2, 8], &[1, 0]] {
        assert_eq!(reject(&decoder, &[&[0, 0, 0, 1, 2], places].concat()).0, malformed, "{places:?}");
    }
}

/// Fields come in any order and more than once: the last one counts, and the parts of a message are put together.
#[test]
fn the_last_field_counts() {
    let text = proto3(
        "message M { int32 x = 1; I inner = 2; oneof o { int32 a = 3; I b = 4; string other = 5; }
            map<string, int32> m = 6; repeated I list = 7; }
        message I { int32 y = 1; int32 z = 2; }",
    );
    let columns = ["x", "y", "z", "a", "b"].map(|name| (name, ColumnType::Optional(Box::new(Int))));
    let decoder = decoder(&columns, &text, &[("y", "/inner/y"), ("z", "/inner/z"), ("b", "/b/z")]);
    let group =
        [varint(9 << 3 | 3), number(1, 5), varint(9 << 3 | 3), varint(9 << 3 | 4), varint(9 << 3 | 4)]
            .concat();
    let read = |parts: &[Vec<u8>]| {
        let batch = decode(&decoder, &[Some(&framed(&parts.concat()))]);
        assert_eq!(batch.rejects, []);
        let missing = |at: usize| batch.missing[at].as_ref().is_some_and(|mask| mask[0]);
        [0, 1, 2, 3, 4].map(|at| match entry(&batch.columns[at], 0) {
            Value::Int(value) if !missing(at) => Some(value),
            _ => None,
        })
    };
    assert_eq!(read(&[]), [Some(0), None, None, None, None]);
    let inner = |at, value| run(2, &number(at, value));
    let parts = [inner(1, 5), number(1, 1), group, inner(2, 6), run(6, b""), number(1, 2), run(7, b"\xff")];
    assert_eq!(read(&parts), [Some(2), Some(5), Some(6), None, None]);
    assert_eq!(read(&[number(3, 4), run(4, &number(1, 1))]), [Some(0), None, None, None, Some(0)]);
    assert_eq!(read(&[run(4, &number(2, 1)), run(4, b"")]), [Some(0), None, None, None, Some(1)]);
    assert_eq!(read(&[run(4, &number(2, 1)), number(3, 4)]), [Some(0), None, None, Some(4), None]);
    assert_eq!(read(&[number(3, 4), run(5, b"s")]), [Some(0), None, None, None, None]);
}

/// A schema may have several messages, and messages in messages; each value says which it is.
#[test]
fn a_value_says_which_message_it_is() {
    let text = proto3("message A { message B { int32 c = 3; } message D {} } message E { int32 c = 1; }");
    let decoder = decoder(&[("c", Int)], &text, &[]);
    for (places, body, wanted) in [(&[4, 0, 0][..], number(3, 7), 7), (&[2, 2], number(1, 8), 8)] {
        let value = [&[0, 0, 0, 1, 2], places, &body].concat();
        let batch = decode(&decoder, &[Some(&value)]);
        assert_eq!((batch.rejects.len(), entry(&batch.columns[0], 0)), (0, Value::Int(wanted)));
    }
    assert_eq!(reject(&decoder, &[0, 0, 0, 1, 2, 0]).0, RejectKind::MISSING_FIELD);
}

/// The check names the column and both types, before anything is read; one message that fits is enough.
#[test]
fn problems_name_columns() {
    let reader = |columns: &[(&str, ColumnType)]| Reader::new(schema(columns), &[]).unwrap();
    let text = proto3("message A { string x = 1; } message B { double x = 1; int32 y = 2; }");
    let problems = |columns: &[(&str, ColumnType)]| reader(columns).problems(&text, &[]).unwrap();
    assert_eq!(problems(&[("x", Float)]), []);
    assert_eq!(problems(&[("x", Str), ("y", named("int | None"))]), []);
    let told = |columns: &[(&str, ColumnType)], wanted: &[(&str, &str)]| {
        let wanted: Vec<_> =
            wanted.iter().map(|(name, why)| ((*name).to_owned(), (*why).to_owned())).collect();
        assert_eq!(problems(columns), wanted);
    };
    told(&[("x", Bool)], &[("x", "p.A: string where bool belongs")]);
    // Of the message that lacks least, before one that comes first.
    told(&[("x", Bool), ("y", Int)], &[("x", "p.B: double where bool belongs")]);
    told(
        &[("x", Bool), ("z", Int)],
        &[("x", "p.A: string where bool belongs"), ("z", "p.A has no field \"z\"")],
    );
    told(&[("z", Int)], &[("z", "p.A has no field \"z\"")]);
    let inside = proto3("message Outer { message P { double x = 1; } int32 k = 1; }");
    let wrong = reader(&[("x", Int)]).problems(&inside, &[]).unwrap();
    assert_eq!(wrong, [("x".to_owned(), "p.Outer.P: double where int belongs".to_owned())]);
    let alone = proto3("message A { string x = 1; }");
    let wrong = reader(&[("x", Bool)]).problems(&alone, &[]).unwrap();
    assert_eq!(wrong, [("x".to_owned(), "string where bool belongs".to_owned())]);
    for text in [
        "message",
        "{}",
        "",
        "syntax = \"proto3\"; import \"no.proto\";",
        "syntax = \"proto3\"; enum E { A = 0; }",
    ] {
        assert!(reader(&[("x", Float)]).problems(text, &[]).is_err(), "{text}");
    }
}

/// A schema may import others by the names that the registry has for them; a registry may have descriptors in base64.
#[test]
fn schemas_import_others() {
    let other = "syntax = \"proto3\"; package q; message I { double x = 1; }".to_owned();
    let text = "syntax = \"proto3\"; import \"q/other.proto\"; message M { q.I inner = 2; }";
    let paths = [("x".to_owned(), "/inner/x".to_owned())];
    let imported = vec![("q/other.proto".to_owned(), other)];
    let reader = Reader::new(schema(&[("x", Float)]), &paths).unwrap();
    assert_eq!(reader.problems(text, &imported).unwrap(), []);
    assert!(reader.problems(text, &[]).is_err());
    let decoder = reader.decoder(vec![(ID, Ok((text.to_owned(), imported)))]);
    let value = framed(&run(2, &fixed64(1, 2.5f64.to_le_bytes())));
    assert_eq!(entry(&decode(&decoder, &[Some(&value)]).columns[0], 0), Value::float(2.5));
    // file { message_type { name: "M", field { name: "x", number: 1, label: optional, type: double } } syntax }
    let field = [run(1, b"x"), number(3, 1), number(4, 1), number(5, 1)].concat();
    let message = [run(1, b"M"), run(2, &field)].concat();
    let file = [run(1, b"m.proto"), run(4, &message), run(12, b"proto3")].concat();
    let text = base64::prelude::BASE64_STANDARD.encode(file);
    let value = fixed64(1, 2.5f64.to_le_bytes());
    let reader = Reader::new(schema(&[("x", Float)]), &[]).unwrap();
    let decoder = reader.decoder(vec![(ID, Ok((text, vec![])))]);
    assert_eq!(entry(&decode(&decoder, &[Some(&framed(&value))]).columns[0], 0), Value::float(2.5));
}

proptest! {
    #![proptest_config(config(500))]

    /// Any bytes are a row or a reject, never a panic, also where they begin as a message does.
    #[test]
    fn law_any_bytes(start in 0usize..60, bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let text = proto3(
            "message M { double x = 1; M inner = 2; string s = 3; repeated int32 l = 4; oneof o { int32 a = 5; M b = 6; } }",
        );
        let columns = [("x", Float), ("s", Str), ("a", named("int | None")), ("y", named("float | None"))];
        let decoder = decoder(&columns, &text, &[("y", "/inner/inner/x")]);
        let inner = run(2, &run(2, &fixed64(1, [1; 8])));
        let good = framed(&[fixed64(1, [1; 8]), inner, run(3, b"text"), number(5, 1)].concat());
        let mixed = [&good[..start.min(good.len())], &bytes].concat();
        let messages = [Some(bytes.as_slice()), Some(mixed.as_slice()), None];
        let batch = decode(&decoder, &messages);
        prop_assert_eq!(batch.rows + batch.rejects.len() + batch.tombstones, messages.len());
    }
}
