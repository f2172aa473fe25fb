//! Any bytes as messages of the csv format, and as its header.

#![no_main]

use libfuzzer_sys::fuzz_target;
use streamreg_core::decode::{
    ColumnType,
    csv::{self, split_record},
};

fn named(text: &str) -> ColumnType {
    ColumnType::named(text).expect("a type")
}

fuzz_target!(|data: &[u8]| {
    let _ = split_record(data);
    // The message as a whole, and its lines.
    let messages: Vec<_> = std::iter::once(data).chain(data.split(|&byte| byte == b'\n')).map(Some).collect();
    let kinds = [
        ColumnType::Float,
        ColumnType::Float,
        ColumnType::Int,
        ColumnType::Decimal,
        ColumnType::Bool,
        ColumnType::Str,
        ColumnType::Bytes,
        named("datetime"),
        named("datetime tz=Europe/Berlin"),
        named("datetime unit=ns"),
        named("timedelta"),
        named("float | None"),
        named("str | None"),
    ];
    // Two floats go the fast way, the others do not; a row of all types is rare.
    for columns in
        [&kinds[..2], &kinds[3..4], &kinds[7..8], &kinds[8..9], &kinds[9..10], &kinds[10..], &kinds[..]]
    {
        let columns: Vec<_> =
            (0..).map(|index: usize| index.to_string()).zip(columns.iter().cloned()).collect();
        let header: Vec<_> = columns.iter().map(|column| column.0.clone()).collect();
        let decoder = csv::decoder(columns, &header).expect("a valid schema");
        let decoded = decoder.decode(&messages);
        assert_eq!(decoded.rows + decoded.rejects.len() + decoded.tombstones, messages.len());
    }
});
