//! Windows: states by label, as bytes: what they come to.

use std::collections::BTreeMap;

use crate::classes::Classes;
use crate::error::Error;
use crate::reduce::Statistic;
use crate::reduce::key::{self, Key};
use crate::reduce::unpacked::Unpacked;
use crate::windows::window_rows::{LabelRow, WindowRows};
use crate::wire::{Reader, corrupt};

/// By label the bytes of the states.
pub(super) type ByLabel = BTreeMap<Box<[u8]>, Vec<u8>>;

pub(super) fn keys(key: &[u8], of: &ByLabel) -> Vec<Vec<u8>> {
    of.keys().map(|label| [key, label].concat()).collect()
}

/// How many labels there are; a missing one is none.
pub(super) fn count(of: &ByLabel) -> usize {
    of.len() - usize::from(of.contains_key(key::NOTHING))
}

/// The rows of all labels.
pub(super) fn rows(own: &mut Unpacked, of: &ByLabel) -> i64 {
    of.values().map(|states| own.rows(states).unwrap_or(0)).fold(0, i64::saturating_add)
}

/// Reads what [`States::write_rows`] writes; all of it is states of rows.
pub(super) fn by_label(key: Key, own: &mut Unpacked, reader: &mut Reader<'_>) -> Result<ByLabel, Error> {
    let mut found = ByLabel::new();
    // A label and its states take at least a length each.
    for _ in 0..reader.count(2)? {
        let (label, states) = (reader.bytes()?, reader.bytes()?);
        key::decode(&[key], label)?;
        own.unpack(states)?;
        if own.some(states).is_none() || found.last_key_value().is_some_and(|(last, _)| **last >= *label) {
            return Err(corrupt("labels are not in order, or one is of no row"));
        }
        found.insert(label.into(), states.to_vec());
    }
    Ok(found)
}

pub(super) fn answers(
    key: Key,
    own: &mut Unpacked,
    of: &ByLabel,
    statistics: &[Statistic],
    classes: &[usize],
) -> Result<WindowRows, Error> {
    let mut rows = Vec::with_capacity(of.len());
    for (label, states) in of {
        own.unpack(states)?;
        if own.has_rows() {
            let cells = key::decode(&[key], label)?;
            rows.push(LabelRow { label: label.clone(), cells, answers: own.answers(statistics)? });
        }
    }
    let classes = classes.iter().map(|&aggregate| classes_of(key, own, of, aggregate));
    Ok(WindowRows { rows, classes: classes.collect::<Result<_, _>>()? })
}

pub(super) fn classes_of(
    key: Key,
    own: &mut Unpacked,
    of: &ByLabel,
    aggregate: usize,
) -> Result<Classes, Error> {
    own.classes(&[key], of.iter().map(|(label, states)| (&**label, states.as_slice())), aggregate)
}
