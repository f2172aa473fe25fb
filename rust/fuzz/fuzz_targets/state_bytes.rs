//! Any bytes as states and packed rows: an error, or a state that has just these bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use streamreg_core::changelog::Changelog;
use streamreg_core::classes::Classes;
use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::discriminant::{Discriminant, Method, Model, Predictor, Singular, parameters};
use streamreg_core::reduce::{Aggregate, KeyType, KeyedReduction};
use streamreg_core::wire::Versioned;
use streamreg_core::write::stamp;

fuzz_target!(|data: &[u8]| {
    let _ = stamp(data, 0, 1);
    for bytes in [data.to_vec(), with_checksum(data)] {
        if let Ok(changelog) = Changelog::from_bytes(&bytes) {
            assert_eq!(changelog.to_bytes(), bytes);
        }
        if let Ok(classes) = Classes::from_bytes(&bytes) {
            assert_eq!(classes.to_bytes(), bytes);
            for method in [Method::Linear, Method::Quadratic, Method::Bayes] {
                for singular in [Singular::Refused, Singular::Dropped] {
                    let model = Model { singular, smoothing: 1e-9, ..Model::of(method) };
                    let _ = Discriminant::of(&classes, &model, None);
                    let found = parameters(&classes, &model, None).expect("a model that can be");
                    assert_eq!(found.len(), classes.iter().count());
                    let predictor = Predictor::of(&classes, &model, None).expect("a model that can be");
                    let row = vec![Numbers::Float(&[1.5]); classes.features()];
                    predictor.rows(&row, &[0]).expect("a column for each feature");
                }
            }
        }
        let mut state = keyed();
        if state.merge(&bytes).is_ok() {
            let changed = state.tracked_mut().changed();
            let _ = state.answers(&[], 0..changed);
            state.all_answers(&[]).expect("what was merged can be unpacked");
        }
        let mut labelled = by_label();
        if labelled.merge(&bytes).is_ok() {
            let classes = labelled.classes(1).expect("few enough labels");
            let _ = parameters(&classes, &Model::of(Method::Quadratic), None);
        }
    }
    let mut state = keyed();
    if state.load(data).is_ok() {
        let mut again = keyed();
        again.merge(&state.to_bytes()).expect("what was loaded can be merged");
    }
});

fn keyed() -> KeyedReduction {
    let aggregates = vec![Aggregate::Count, Aggregate::Moments { features: vec![0], target: 1 }];
    KeyedReduction::new(&[KeyType::Text, KeyType::Int], &[NumberType::Float; 2], aggregates)
        .expect("a reduction that can be")
}

fn by_label() -> KeyedReduction {
    let aggregates = vec![Aggregate::Count, Aggregate::Class(vec![0, 1])];
    KeyedReduction::new(&[KeyType::Text], &[NumberType::Float; 2], aggregates)
        .expect("a reduction that can be")
}

/// Random bytes hardly ever have the right checksum: it is added, so that what lies behind it is tried.
fn with_checksum(data: &[u8]) -> Vec<u8> {
    let mut bytes = data.to_vec();
    bytes.extend_from_slice(&crc32fast::hash(data).to_le_bytes());
    bytes
}
