//! A map that knows what has changed in it, held against one that is told all of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use streamreg_core::tracked_map::TrackedMap;

mod support;

type Held = BTreeMap<Vec<u8>, Vec<u8>>;

/// What happens to a map.
#[derive(Clone, Debug)]
enum Step {
    Put(Vec<u8>, Option<Vec<u8>>),
    /// The same unless that is what is kept already.
    Replace(Vec<u8>, Option<Vec<u8>>),
    Look,
    Store,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = || (0..40u8).prop_map(|at| vec![b'k'; usize::from(at % 3)].into_iter().chain([at]).collect());
    let bytes = || prop::option::weighted(0.7, prop::collection::vec(0..4u8, 0..3));
    let step = prop_oneof![
        4 => (key(), bytes()).prop_map(|(key, bytes)| Step::Put(key, bytes)),
        4 => (key(), bytes()).prop_map(|(key, bytes)| Step::Replace(key, bytes)),
        1 => Just(Step::Look),
        1 => Just(Step::Store),
    ];
    prop::collection::vec(step, 0..200)
}

fn crc(key: &[u8], bytes: &[u8]) -> u32 {
    crc32fast::hash(&[key, bytes].concat())
}

/// Holds the digest and the changes of a map against what it should hold, and against what is stored of it.
fn check(map: &mut TrackedMap, held: &Held, stored: &Held, touched: &BTreeSet<Vec<u8>>) {
    let sum = held.iter().map(|(key, bytes)| u64::from(crc(key, bytes))).sum();
    let digest = map.digest();
    assert_eq!((digest.keys, digest.checksum), (held.len(), sum));
    let changed = map.changed();
    let mut found = stored.clone();
    let mut keys = Vec::new();
    for change in map.changes(0..changed) {
        keys.push(change.key.to_vec());
        assert_eq!(change.checksum, change.bytes.map_or(0, |bytes| crc(change.key, bytes)));
        match change.bytes {
            Some(bytes) => found.insert(change.key.to_vec(), bytes.to_vec()),
            None => found.remove(change.key),
        };
    }
    assert_eq!(&found, held);
    assert_eq!(keys, touched.iter().cloned().collect::<Vec<_>>());
    assert!(map.changes(changed..changed + 9).next().is_none());
}

proptest! {
    #![proptest_config(support::config(200))]

    /// Digest and changes are those of the entries after any steps, asked for at any moment, also after a restart.
    #[test]
    fn oracle_changes(steps in steps(), more in steps()) {
        let (mut map, mut held, mut stored) = (TrackedMap::default(), Held::new(), Held::new());
        let mut touched = BTreeSet::new();
        for (at, step) in steps.iter().chain(&more).enumerate() {
            if at == steps.len() {
                let rows: Vec<u8> = stored.iter().flat_map(|(key, bytes)| [key, bytes]).flat_map(|piece| {
                    let length = u32::try_from(piece.len()).unwrap().to_le_bytes();
                    length.into_iter().chain(piece.iter().copied())
                }).collect();
                map = TrackedMap::default();
                map.extend(TrackedMap::load(&rows).unwrap()).unwrap();
                (held, touched) = (stored.clone(), BTreeSet::new());
            }
            match step {
                Step::Put(key, bytes) | Step::Replace(key, bytes) => {
                    let before = held.get(key).cloned();
                    let always = matches!(step, Step::Put(..));
                    let wanted = map.put_if(key, bytes.as_deref(), |kept| {
                        assert_eq!(kept, before.as_deref());
                        always || kept != bytes.as_deref()
                    });
                    assert_eq!(wanted, always || before != *bytes);
                    if wanted && (before.is_some() || bytes.is_some()) {
                        touched.insert(key.clone());
                    }
                    match bytes {
                        Some(bytes) => held.insert(key.clone(), bytes.clone()),
                        None => held.remove(key),
                    };
                }
                Step::Look => check(&mut map, &held, &stored, &touched),
                Step::Store => {
                    check(&mut map, &held, &stored, &touched);
                    map.mark_clean();
                    (stored, touched) = (held.clone(), BTreeSet::new());
                    check(&mut map, &held, &stored, &touched);
                }
            }
        }
        check(&mut map, &held, &stored, &touched);
    }
}
