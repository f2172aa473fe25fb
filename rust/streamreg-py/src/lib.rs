//! `streamreg._core`: the Python face of `streamreg-core`. Arguments in, GIL off, core call, result out.
//!
//! No algorithm lives here. What Python sees is described in `python/streamreg/_core.pyi`.

#![allow(clippy::needless_pass_by_value, reason = "PyO3 hands arguments over by value")]

mod accumulator;
mod arrays;
mod changelog;
mod checksum;
mod class_sums;
mod classes;
mod decimals;
mod decode;
mod errors;
mod fetched;
mod fetcher;
mod guarded;
mod infer;
mod integers;
mod keyed;
mod label;
mod labelled;
mod lines;
mod moments;
mod monomials;
mod optional;
mod reduce;
mod rolling;
mod score;
mod times;
mod tracked_map;
mod window_models;
mod window_shards;
mod windows;
mod write;

use pyo3::prelude::*;

#[pymodule]
mod _core {
    #[pymodule_export]
    use super::changelog::Changelog;
    #[pymodule_export]
    use super::checksum::crc32;
    #[pymodule_export]
    use super::class_sums::ClassSums;
    #[pymodule_export]
    use super::classes::{ClassPredictor, Classes, Discriminant, Undefined};
    #[pymodule_export]
    use super::decimals::{decimal_objects, decimals, nearest_doubles};
    #[pymodule_export]
    use super::decode::{ChangeEvents, debezium_events};
    #[pymodule_export]
    use super::decode::{Decoded, Decoder, Text, first_record, record_ends, split_header};
    #[pymodule_export]
    use super::decode::{avro_decoder, avro_problems, framed_json_decoder, schema_ids};
    #[pymodule_export]
    use super::decode::{csv_decoder, json_decoder, raw_decoder};
    #[pymodule_export]
    use super::decode::{protobuf_decoder, protobuf_problems};
    #[pymodule_export]
    use super::fetched::FetchedMessages;
    #[pymodule_export]
    use super::fetcher::{FetchedBatch, HandOverError, KafkaFetcher, unknown_to_fetcher};
    #[pymodule_export]
    use super::infer::Fit;
    #[pymodule_export]
    use super::keyed::{KeyedReduction, KeyedResults};
    #[pymodule_export]
    use super::lines::{JsonRows, Messages, standing};
    #[pymodule_export]
    use super::moments::Moments;
    #[pymodule_export]
    use super::monomials::Monomials;
    #[pymodule_export]
    use super::reduce::Reduction;
    #[pymodule_export]
    use super::rolling::rolling;
    #[pymodule_export]
    use super::score::Scorer;
    #[pymodule_export]
    use super::times::{check_column_type, micros_of_decimals, micros_of_floats, micros_of_texts, time_zone};
    #[pymodule_export]
    use super::times::{time_decimals, time_texts};
    #[pymodule_export]
    use super::window_models::KeptWindow;
    #[pymodule_export]
    use super::windows::{RowTimes, WindowPartial, WindowReduction};
    #[pymodule_export]
    use super::write::{Cells, render, stamp};
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("MOST_CLASSES", streamreg_core::classes::MOST_CLASSES)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
