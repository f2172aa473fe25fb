//! Decode: behaviours of each format, and the laws that hold for any bytes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod avro;
mod csv;
mod debezium;
mod decimal;
mod json;
mod laws;
mod missing;
mod protobuf;
mod raw;
mod times;

use proptest::test_runner::{Config, RngSeed};
use streamreg_core::decimal::Decimal;
use streamreg_core::decode::{self, Column, ColumnType, Decoded, Decoder, Item, RejectKind};

/// Random tests are the same in every run.
fn config(cases: u32) -> Config {
    Config { cases, rng_seed: RngSeed::Fixed(3), failure_persistence: None, ..Config::default() }
}

fn schema(columns: &[(&str, ColumnType)]) -> Vec<(String, ColumnType)> {
    columns.iter().map(|(name, kind)| ((*name).to_owned(), kind.clone())).collect()
}

fn csv(header: &[&str], columns: &[(&str, ColumnType)]) -> Decoder {
    let header: Vec<String> = header.iter().map(|&name| name.to_owned()).collect();
    decode::csv::decoder(schema(columns), &header).unwrap()
}

fn json(columns: &[(&str, ColumnType)]) -> Decoder {
    decode::json::decoder(schema(columns)).unwrap()
}

fn decode(decoder: &Decoder, values: &[Option<&[u8]>]) -> Decoded {
    decoder.decode(values)
}

/// Decodes one message that is a row.
fn row(decoder: &Decoder, value: &[u8]) -> Vec<Value> {
    let batch = decode(decoder, &[Some(value)]);
    assert_eq!(batch.rejects, [], "{}", String::from_utf8_lossy(value));
    assert_eq!(batch.rows, 1);
    batch.columns.iter().map(|column| entry(column, 0)).collect()
}

/// Decodes one message that is none, and gives the kind and the column.
fn reject(decoder: &Decoder, value: &[u8]) -> (RejectKind, Option<usize>) {
    let batch = decode(decoder, &[Some(value)]);
    assert_eq!((batch.rows, batch.rejects.len()), (0, 1), "{}", String::from_utf8_lossy(value));
    (batch.rejects[0].kind, batch.rejects[0].column)
}

/// One entry of a column; doubles by their bits.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Float(u64),
    Int(i64),
    Decimal(String),
    Bool(bool),
    Str(String),
    Bytes(Vec<u8>),
    Micros(i64),
}

impl Value {
    fn float(value: f64) -> Self {
        Self::Float(value.to_bits())
    }
}

fn entry(column: &Column, row: usize) -> Value {
    match column {
        Column::Float(values) => Value::float(values[row]),
        Column::Int(values) => Value::Int(values[row]),
        Column::Decimal(words) => Value::Decimal(Decimal::from_words(words[row]).unwrap().to_string()),
        Column::Datetime(values, _) | Column::Timedelta(values, _) => Value::Micros(values[row]),
        Column::Bool(values) => Value::Bool(values[row]),
        Column::Text(text) => match text.get(row).unwrap() {
            Item::Str(text) => Value::Str(text.to_owned()),
            Item::Bytes(bytes) => Value::Bytes(bytes.to_owned()),
        },
    }
}

fn length(column: &Column) -> usize {
    match column {
        Column::Float(values) => values.len(),
        Column::Int(values) | Column::Datetime(values, _) | Column::Timedelta(values, _) => values.len(),
        Column::Decimal(words) => words.len(),
        Column::Bool(values) => values.len(),
        Column::Text(text) => text.len(),
    }
}
