//! Not a test: what the fuzz targets begin with.

use super::*;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::fs;
use std::path::Path;

/// Writes a few right inputs of each target of the reader into rust/fuzz/corpus.
#[test]
#[ignore = "writes files; run before fuzzing"]
fn write_seeds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let save = |target: &str, name: &str, bytes: Vec<u8>| {
        fs::create_dir_all(folder.join(target)).unwrap();
        fs::write(folder.join(target).join(name), bytes).unwrap();
    };
    let mut runner = TestRunner::new(config(1));
    for index in 0..40u8 {
        let partition = model::partition().new_tree(&mut runner).unwrap().current();
        let batches: Vec<_> = partition.batches.iter().take(4).map(Batch::bytes).collect();
        save("kafka_log", &format!("seed-{index}"), [vec![index << 3, 0], batches.concat()].concat());
        for (number, batch) in partition.batches.iter().enumerate() {
            let name = format!("seed-{index}-{number}");
            let count = u8::try_from(batch.records.len()).unwrap();
            let plain = Batch { packing: Packing::Plain, ..batch.clone() }.bytes();
            save("kafka_records", &name, [&[count, batch.attributes >> 5 ^ 1], &plain[61..]].concat());
            if let Some(codec) = batch.packing.codec().checked_sub(1) {
                save("kafka_unpack", &name, [&[codec, count], &batch.bytes()[61..]].concat());
            }
        }
    }
}
