//! Any bytes as messages of the json format.

#![no_main]

use libfuzzer_sys::fuzz_target;
use streamreg_core::decode::{ColumnType, json};

fn named(text: &str) -> ColumnType {
    ColumnType::named(text).expect("a type")
}

fuzz_target!(|data: &[u8]| {
    let messages: Vec<_> = std::iter::once(data).chain(data.split(|&byte| byte == b'\n')).map(Some).collect();
    let all = [
        ("x", ColumnType::Float),
        ("n", ColumnType::Int),
        ("m", ColumnType::Decimal),
        ("b", ColumnType::Bool),
        ("s", ColumnType::Str),
        ("d", ColumnType::Bytes),
        ("t", named("datetime")),
        ("l", named("datetime tz=Europe/Berlin")),
        ("e", named("datetime unit=s")),
        ("g", named("timedelta")),
        ("o", named("float | None")),
        ("p", named("str | None")),
    ];
    // Each column on its own too: an object with all of them is rare.
    for columns in std::iter::once(&all[..]).chain(all.chunks(1)) {
        let columns = columns.iter().map(|(name, kind)| ((*name).to_owned(), kind.clone())).collect();
        let decoder = json::decoder(columns).expect("a valid schema");
        let decoded = decoder.decode(&messages);
        assert_eq!(decoded.rows + decoded.rejects.len() + decoded.tombstones, messages.len());
    }
});
