//! Any bytes as records of the avro format, and as the text of their schema.

#![no_main]

use libfuzzer_sys::fuzz_target;
use streamreg_core::decode::{ColumnType, avro, schema_ids};

const WIDE: &str = r#"{"type":"record","name":"W","fields":[
    {"name":"x","type":["null","double","float","long"]},
    {"name":"m","type":{"type":"map","values":{"type":"array","items":["null","string","W"]}}},
    {"name":"d","type":{"type":"bytes","logicalType":"decimal","precision":30,"scale":3}},
    {"name":"s","type":["string",{"type":"enum","name":"E","symbols":["A","B","C"]}]},
    {"name":"t","type":{"type":"long","logicalType":"timestamp-nanos"}},
    {"name":"f","type":{"type":"fixed","name":"F","size":3}},
    {"name":"b","type":"boolean"}]}"#;

fn named(text: &str) -> ColumnType {
    ColumnType::named(text).expect("a type")
}

fuzz_target!(|data: &[u8]| {
    let framed = [&[0, 0, 0, 0, 1], data].concat();
    let messages = [Some(data), Some(framed.as_slice()), None];
    let columns = ["x float | None", "d decimal", "s str", "t datetime", "b bool"];
    let columns = columns.map(|column| column.split_once(' ').expect("a name and a type"));
    let columns: Vec<_> = columns.map(|(name, kind)| (name.to_owned(), named(kind))).to_vec();
    let own = String::from_utf8_lossy(data).into_owned();
    for text in [WIDE.to_owned(), own] {
        let reader = avro::Reader::new(columns.clone(), &[]).expect("a valid schema");
        let _ = reader.problems(&text, &[]);
        let decoded = reader.decoder(vec![(1, Ok((text, Vec::new())))]).decode(&messages);
        assert_eq!(decoded.rows + decoded.rejects.len() + decoded.tombstones, messages.len());
    }
    assert!(schema_ids(&messages).contains(&1));
});
