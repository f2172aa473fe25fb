//! Any bytes as messages of the protobuf format, and as the text of their schema.

#![no_main]

use libfuzzer_sys::fuzz_target;
use streamreg_core::decode::{ColumnType, protobuf};

const WIDE: &str = r#"syntax = "proto3";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
message W {
  optional double x = 1;
  sint64 d = 2;
  E s = 3;
  google.protobuf.Timestamp t = 4;
  google.protobuf.BoolValue b = 5;
  W inner = 6;
  oneof o { fixed32 u = 7; W v = 8; string w = 9; }
  map<string, W> m = 10;
  repeated int32 l = 11;
  enum E { A = 0; B = 1; }
  message N { float x = 1; }
}"#;

fn named(text: &str) -> ColumnType {
    ColumnType::named(text).expect("a type")
}

fuzz_target!(|data: &[u8]| {
    let framed = [&[0, 0, 0, 0, 1], data].concat();
    let first = [&[0, 0, 0, 0, 1, 0], data].concat();
    let messages = [Some(data), Some(framed.as_slice()), Some(first.as_slice()), None];
    let columns =
        ["x float | None", "d decimal", "s str", "t datetime", "b bool", "u int | None", "v int | None"];
    let columns = columns.map(|column| column.split_once(' ').expect("a name and a type"));
    let columns: Vec<_> = columns.map(|(name, kind)| (name.to_owned(), named(kind))).to_vec();
    let paths = [("v".to_owned(), "/v/inner/d".to_owned())];
    let own = String::from_utf8_lossy(data).into_owned();
    for text in [WIDE.to_owned(), own] {
        let reader = protobuf::Reader::new(columns.clone(), &paths).expect("a valid schema");
        let _ = reader.problems(&text, &[]);
        let decoded = reader.decoder(vec![(1, Ok((text, Vec::new())))]).decode(&messages);
        assert_eq!(decoded.rows + decoded.rejects.len() + decoded.tombstones, messages.len());
    }
});
