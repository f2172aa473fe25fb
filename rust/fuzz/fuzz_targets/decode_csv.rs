//! Any bytes as messages of the csv format, and as its header.

#![no_main]

use libfuzzer_sys::fuzz_target;
use streamreg_core::decode::{
    ColumnType, Messages,
    csv::{self, split_record},
};

fuzz_target!(|data: &[u8]| {
    let _ = split_record(data);
    // The message as a whole, and its lines.
    let mut messages = Messages::default();
    for value in std::iter::once(data).chain(data.split(|&byte| byte == b'\n')) {
        messages.push(Some(value)).expect("few messages");
    }
    let kinds = [
        ColumnType::Float,
        ColumnType::Float,
        ColumnType::Int,
        ColumnType::Decimal,
        ColumnType::Bool,
        ColumnType::Str,
        ColumnType::Bytes,
    ];
    // Two floats go the fast way, the others do not; a row of all types is rare.
    for columns in [&kinds[..2], &kinds[3..4], &kinds[..]] {
        let columns: Vec<_> =
            (0..).map(|index: usize| index.to_string()).zip(columns.iter().copied()).collect();
        let header = columns.iter().map(|column| column.0.clone()).collect();
        let decoder = csv::decoder(columns, &header).expect("a valid schema");
        let decoded = decoder.decode(&messages);
        assert_eq!(decoded.rows + decoded.rejects.len() + decoded.tombstones, messages.len());
    }
});
