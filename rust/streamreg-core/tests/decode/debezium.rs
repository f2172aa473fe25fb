//! Change events of Debezium.

use super::*;
use proptest::prelude::*;
use streamreg_core::decode::debezium::{Event, Operation, Splitter};

type Split = Option<Result<Event, decode::Reject>>;

fn split(values: &[Option<&[u8]>]) -> Vec<Split> {
    Splitter::new().unwrap().split(values)
}

/// Operation, row before and row after, of one message that is an event.
fn event(value: &str) -> (Operation, Option<&str>, Option<&str>) {
    let found = split(&[Some(value.as_bytes())]).remove(0).unwrap().unwrap();
    (found.operation, found.before.map(|span| &value[span]), found.after.map(|span| &value[span]))
}

fn kind(value: &[u8]) -> RejectKind {
    split(&[Some(value)]).remove(0).unwrap().unwrap_err().kind
}

/// An envelope gives its rows as they stand in it, with its schema and without, in any order of its keys.
#[test]
fn envelopes_are_split() {
    let rows = [Some(r#"{"x": 1}"#), Some(r#"{"x":2}"#)];
    let plain = r#"{"before":{"x": 1},"source":{"op":"d","after":1},"after":{"x":2},"op":"u","ts_ms":1}"#;
    assert_eq!(event(plain), (Operation::Update, rows[0], rows[1]));
    let nested = format!(r#"{{"schema":{{"type":"struct"}},"payload":{plain}}}"#);
    assert_eq!(event(&nested), (Operation::Update, rows[0], rows[1]));
    let turned = format!("\u{feff} {{\"payload\" : {plain} , \"schema\" : null}} ");
    assert_eq!(event(&turned), (Operation::Update, rows[0], rows[1]));
    let escaped = r#"{"\u006fp":"\u0063","after":{"\ud800":1}}"#;
    assert_eq!(event(escaped), (Operation::Insert, None, Some(r#"{"\ud800":1}"#)));
}

/// Each operation is known by its letter; an event of no row needs none.
#[test]
fn operations_are_known_by_their_letters() {
    for (op, operation) in [
        ("c", Operation::Insert),
        ("r", Operation::Insert),
        ("u", Operation::Update),
        ("d", Operation::Delete),
        ("t", Operation::Truncate),
        ("m", Operation::Message),
    ] {
        let value = format!(r#"{{"before":null,"after":{{}},"op":"{op}"}}"#);
        assert_eq!(event(&value), (operation, None, Some("{}")));
    }
    assert_eq!(event(r#"{"op":"d"}"#), (Operation::Delete, None, None));
    assert_eq!(event(r#"{"op":"t","after":null}"#), (Operation::Truncate, None, None));
    assert_eq!(event(r#"{"schema":null,"payload":null}"#), (Operation::Nothing, None, None));
    assert_eq!(split(&[None]), [None]);
}

/// A column called payload hides no event: what stands beside `op` counts.
#[test]
fn the_outer_event_counts() {
    let value = r#"{"op":"c","after":{"x":1},"payload":{"op":"d"}}"#;
    assert_eq!(event(value), (Operation::Insert, None, Some(r#"{"x":1}"#)));
    assert_eq!(event(r#"{"payload":null,"op":"d"}"#), (Operation::Delete, None, None));
}

/// Whatever else there may be is a reject of its kind.
#[test]
fn what_is_no_event_is_a_reject() {
    for (value, expected) in [
        (r#"{"after":{"x":1}}"#, RejectKind::MISSING_FIELD),
        (r#"{"payload":{"after":{"x":1}}}"#, RejectKind::MISSING_FIELD),
        (r#"{"payload":[{"op":"c"}]}"#, RejectKind::MISSING_FIELD),
        (r#"{"payload":7}"#, RejectKind::MISSING_FIELD),
        (r#"{"op":"x","after":{}}"#, RejectKind::UNKNOWN_OPERATION),
        (r#"{"op":"C","after":{}}"#, RejectKind::UNKNOWN_OPERATION),
        (r#"{"op":"","after":{}}"#, RejectKind::UNKNOWN_OPERATION),
        (r#"{"op":null,"after":{}}"#, RejectKind::UNKNOWN_OPERATION),
        (r#"{"op":["c"],"after":{}}"#, RejectKind::UNKNOWN_OPERATION),
        (r#"{"op":"\ud800","after":{}}"#, RejectKind::UNKNOWN_OPERATION),
        (r#"{"op":"c"}"#, RejectKind::MISSING_AFTER),
        (r#"{"op":"u","before":{},"after":null}"#, RejectKind::MISSING_AFTER),
        ("[]", RejectKind::NOT_AN_OBJECT),
        ("null", RejectKind::NOT_AN_OBJECT),
        ("", RejectKind::MALFORMED_JSON),
        (r#"{"op":"c","after":{}"#, RejectKind::MALFORMED_JSON),
        (r#"{"op":"c","after":{}} 1"#, RejectKind::MALFORMED_JSON),
    ] {
        assert_eq!(kind(value.as_bytes()), expected, "{value}");
    }
    assert_eq!(kind(b"{\"op\":\"c\",\"after\":\"\xff\"}"), RejectKind::INVALID_UTF8);
    let deep = format!("{{\"op\":\"c\",\"after\":{}", "[".repeat(100_000));
    assert_eq!(kind(deep.as_bytes()), RejectKind::MALFORMED_JSON);
}

proptest! {
    #![proptest_config(config(256))]

    /// Whatever the bytes are, there is an outcome for each message, and the rows of an event stand in its value.
    #[test]
    fn law_any_bytes(values in proptest::collection::vec(
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40).boxed(),
            r#"(\{|"op":|"c"|"u"|"payload":|"before":|"after":|null|\{\}|,|\})*"#.prop_map(String::into_bytes).boxed(),
        ], 0..6)) {
        let given: Vec<Option<&[u8]>> = values.iter().map(|value| Some(&value[..])).collect();
        let found = split(&given);
        prop_assert_eq!(found.len(), values.len());
        for (value, event) in values.iter().zip(found) {
            if let Some(Ok(event)) = event {
                for span in [event.before, event.after].into_iter().flatten() {
                    prop_assert!(std::str::from_utf8(&value[span]).is_ok());
                }
            }
        }
    }
}
