//! What holds for every batch of any bytes.

use super::*;
use ColumnType::{Bool, Bytes, Decimal, Float, Int, Str};
use proptest::prelude::*;
use std::ops::Range;
use std::sync::LazyLock;

const ALL: [(&str, ColumnType); 5] = [("x", Float), ("n", Int), ("b", Bool), ("s", Str), ("d", Bytes)];

/// Made once: a time zone is read from its database.
static DECODERS: LazyLock<Vec<Decoder>> = LazyLock::new(|| {
    let raw = |kind| decode::raw::decoder(schema(&[("data", kind)])).unwrap();
    vec![
        csv(&["x", "y"], &[("y", Float), ("x", Float)]),
        csv(&["s", "x", "n", "other", "b", "d"], &ALL),
        json(&ALL),
        json(&[("x", Float)]),
        csv(&["x", "y"], &[("y", Decimal), ("x", Decimal)]),
        json(&[("x", Decimal)]),
        csv(&["x", "y"], &times(["datetime", "timedelta"])),
        csv(&["x", "y"], &times(["datetime tz=America/New_York", "timedelta unit=ns"])),
        json(&times(["datetime unit=s", "timedelta"])),
        json(&times(["datetime tz=Europe/Berlin", "datetime"])),
        raw(Str),
        raw(Bytes),
    ]
});

fn times(names: [&str; 2]) -> [(&str, ColumnType); 2] {
    let [x, y] = names.map(|name| ColumnType::named(name).unwrap());
    [("x", x), ("y", y)]
}

/// Messages that are good, nearly good, and anything at all.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let good = prop_oneof![
        (any::<f64>(), any::<f64>()).prop_map(|(x, y)| format!("{x:?},{y:?}").into_bytes()),
        (any::<f64>(), any::<i64>(), any::<bool>())
            .prop_map(|(x, n, b)| { format!("\"a \"\"é\"\", b\",{x:?},{n},,{b},AP8=\r\n").into_bytes() }),
        (any::<f64>(), any::<i64>(), any::<bool>()).prop_map(|(x, n, b)| {
            format!(r#"{{"x":{x:?},"n":{n},"b":{b},"s":"\u00e9\"","d":"AP8=","e":[{{}},null]}}"#).into_bytes()
        }),
        (time(), time()).prop_map(|(x, y)| format!("{x},{y}").into_bytes()),
        (time(), any::<i64>()).prop_map(|(x, y)| format!(r#"{{"x":"{x}","y":{y}}}"#).into_bytes()),
    ];
    let mutated =
        (good, any::<prop::sample::Index>(), any::<u8>(), 0..3).prop_map(|(mut bytes, at, byte, how)| {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => bytes.truncate(at),
            }
            bytes
        });
    let anything = prop::collection::vec(any::<u8>(), 0..40);
    let structure = prop::collection::vec(prop::sample::select(b"{}[]\":,\\ux1e-.n\r\n ".to_vec()), 0..40);
    prop_oneof![good_again(), mutated, anything, structure]
}

/// Datetimes, durations and numbers, most of them such that there are.
fn time() -> impl Strategy<Value = String> {
    let ends = prop::sample::select(vec!["Z", "", "+01:00", "-23:59", ".5Z", ",0000001Z", "z", "+0100"]);
    let datetime = (0..10_000u32, 0..14u32, 0..33u32, 0..26u32, 0..62u32, ends).prop_map(
        |(year, month, day, hour, second, end)| {
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{second:02}:{second:02}{end}")
        },
    );
    let duration = (any::<i64>(), 0..100u32, prop::sample::select(vec!["H", "M", "S", "D", ".5S"]))
        .prop_map(|(days, time, letter)| format!("P{}DT{time}{letter}", days >> 40));
    let number = (any::<i64>(), 0..64u32, 0..12)
        .prop_map(|(digits, cut, power)| format!("{}e-{power}", digits >> cut));
    prop_oneof![datetime, duration, number]
}

/// Enough clean numbers that rows stand between the rejects.
fn good_again() -> impl Strategy<Value = Vec<u8>> {
    (-1e6..1e6f64, any::<i32>()).prop_map(|(x, y)| format!("{x},{y}").into_bytes())
}

fn batch() -> impl Strategy<Value = Vec<Option<Vec<u8>>>> {
    prop::collection::vec(prop::option::weighted(0.9, value()), 0..30)
}

fn decode_part(decoder: &Decoder, values: &[Option<Vec<u8>>]) -> Decoded {
    decode(decoder, &values.iter().map(Option::as_deref).collect::<Vec<_>>())
}

/// Rows and rejects, each with the index of its message.
type Content = (Vec<(u32, Vec<Value>)>, Vec<(u32, RejectKind, Option<usize>, String)>);

/// What was decoded; the indexes are counted from an offset.
fn content(decoded: &Decoded, offset: u32) -> Content {
    let rows = (0..decoded.rows)
        .map(|row| {
            let message = match &decoded.messages {
                Some(messages) => messages[row],
                None => u32::try_from(row).unwrap(),
            };
            (message + offset, decoded.columns.iter().map(|column| entry(column, row)).collect())
        })
        .collect();
    let rejects = decoded
        .rejects
        .iter()
        .map(|reject| (reject.message + offset, reject.kind, reject.column, reject.detail.clone()))
        .collect();
    (rows, rejects)
}

proptest! {
    #![proptest_config(config(3_000))]

    /// Every message is a row, a reject or a tombstone, once and in order; every column has every row.
    #[test]
    fn law_each_message_is_accounted_for_once(values in batch()) {
        for decoder in &*DECODERS {
            let decoded = decode_part(decoder, &values);
            prop_assert_eq!(decoded.rows + decoded.rejects.len() + decoded.tombstones, values.len());
            prop_assert_eq!(decoded.tombstones, values.iter().filter(|value| value.is_none()).count());
            for column in &decoded.columns {
                prop_assert_eq!(length(column), decoded.rows);
            }
            prop_assert_eq!(decoded.messages.is_none(), decoded.rows == values.len());
            let (rows, rejects) = content(&decoded, 0);
            let rows: Vec<u32> = rows.into_iter().map(|(message, _)| message).collect();
            let rejects: Vec<u32> = rejects.into_iter().map(|reject| reject.0).collect();
            prop_assert!(rows.is_sorted_by(|a, b| a < b) && rejects.is_sorted_by(|a, b| a < b));
            let mut all = [rows, rejects].concat();
            all.sort_unstable();
            all.dedup();
            prop_assert_eq!(all.len(), decoded.rows + decoded.rejects.len());
            prop_assert!(all.iter().all(|&message| values[message as usize].is_some()));
        }
    }

    /// Decoding a batch is decoding its parts one after the other, wherever it is cut.
    #[test]
    fn law_a_batch_is_its_parts(values in batch(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(values.len() + 1);
        for decoder in &*DECODERS {
            let part = |range: Range<usize>| {
                let offset = u32::try_from(range.start).unwrap();
                content(&decode_part(decoder, &values[range]), offset)
            };
            let whole = part(0..values.len());
            let (mut parts, second) = (part(0..cut), part(cut..values.len()));
            parts.0.extend(second.0);
            parts.1.extend(second.1);
            prop_assert_eq!(whole, parts);
        }
    }

    /// Taking rows of a text column by a mask keeps just those.
    #[test]
    fn law_take_keeps_what_the_mask_says(items in prop::collection::vec((any::<String>(), any::<bool>()), 0..20)) {
        let values: Vec<Option<Vec<u8>>> = items.iter().map(|(text, _)| Some(text.clone().into_bytes())).collect();
        let mask: Vec<bool> = items.iter().map(|&(_, keep)| keep).collect();
        for kind in [Str, Bytes] {
            let decoder = decode::raw::decoder(schema(&[("data", kind)])).unwrap();
            let decoded = decode_part(&decoder, &values);
            let [Column::Text(text)] = &decoded.columns[..] else { panic!("a raw column is text") };
            let taken = text.take(&mask).unwrap();
            let kept = items.iter().filter(|item| item.1).map(|item| item.0.as_bytes());
            prop_assert!(taken.iter().map(Item::as_bytes).eq(kept));
            prop_assert!(text.take(&[true]).is_err() || items.len() == 1);
        }
    }
}
