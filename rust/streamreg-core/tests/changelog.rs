//! Changelog: the lines between one answer and the next.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use streamreg_core::changelog::Changelog;
use streamreg_core::error::Error;
use streamreg_core::wire::Versioned;
use streamreg_core::write::{Cells, render};

/// One update: keys with their new rows, each a number or none.
type Update = Vec<(Vec<u8>, Option<i64>)>;

fn pack(update: &Update) -> Vec<u8> {
    let numbers: Vec<i64> = update.iter().filter_map(|&(_, row)| row).collect();
    render(&[Cells::Int(&numbers)]).unwrap().into_bytes()
}

fn apply(changelog: &mut Changelog, update: &Update, time: i64) -> String {
    let (keys, rows): (Vec<_>, Vec<_>) = update.iter().cloned().unzip();
    let present: Vec<bool> = rows.iter().map(Option::is_some).collect();
    let lines = changelog.update(&keys, &present, &pack(update), time).unwrap();
    String::from_utf8(lines).unwrap()
}

fn key(name: &str, row: Option<i64>) -> (Vec<u8>, Option<i64>) {
    (name.as_bytes().to_vec(), row)
}

/// A row comes with +1, changes by -1 and +1, goes with -1, and stays without a line.
#[test]
fn lines_say_what_changed() {
    let mut changelog = Changelog::new();
    assert_eq!(apply(&mut changelog, &vec![key("b", Some(1)), key("a", Some(2))], 0), "1,0,1\n2,0,1\n");
    assert_eq!(apply(&mut changelog, &vec![key("a", Some(2)), key("b", Some(3))], 1), "1,1,-1\n3,1,1\n");
    assert_eq!(apply(&mut changelog, &vec![key("a", None), key("c", None)], 2), "2,2,-1\n");
    assert_eq!(apply(&mut changelog, &vec![], 3), "");
    assert_eq!(changelog.len(), 1);
}

/// An update whose parts do not fit is an error and changes nothing.
#[test]
fn a_failed_update_changes_nothing() {
    let mut changelog = Changelog::new();
    apply(&mut changelog, &vec![key("a", Some(1))], 0);
    let before = changelog.to_bytes();
    let two = pack(&vec![key("a", Some(7)), key("b", Some(8))]);
    for (keys, present) in [(&["a"][..], &[true][..]), (&["a", "b"], &[true]), (&["a"], &[true, true])] {
        assert!(matches!(changelog.update(keys, present, &two, 1), Err(Error::Columns(_))));
    }
    assert!(matches!(changelog.update(&["a", "b"], &[true, true], &two[1..], 1), Err(Error::Corrupt(_))));
    assert_eq!(changelog.to_bytes(), before);
}

/// Any change to the bytes, at any place, is noticed.
#[test]
fn damaged_bytes_are_errors() {
    let mut changelog = Changelog::new();
    apply(&mut changelog, &vec![key("a", Some(1)), key("", Some(2))], 0);
    let bytes = changelog.to_bytes();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            assert!(Changelog::from_bytes(&damaged).is_err());
        }
        assert!(Changelog::from_bytes(&bytes[..at]).is_err());
    }
}

/// Bytes with a good checksum, but keys out of order, twice, or with something after them, are no changelog.
#[test]
fn bytes_have_one_form() {
    use streamreg_core::wire::Writer;
    let checksummed = |keys: &[&str], count: u64, more: bool| {
        let mut writer = Writer::new(3);
        writer.unsigned(count);
        for key in keys {
            writer.bytes(key.as_bytes());
            writer.bytes(b"row");
        }
        if more {
            writer.byte(0);
        }
        writer.finish()
    };
    assert!(Changelog::from_bytes(&checksummed(&["a", "b"], 2, false)).is_ok());
    for bad in [
        checksummed(&["b", "a"], 2, false),
        checksummed(&["a", "a"], 2, false),
        checksummed(&["a"], 1, true),
        checksummed(&["a"], 2, false),
        checksummed(&[], u64::MAX, false),
    ] {
        assert!(matches!(Changelog::from_bytes(&bad), Err(Error::Corrupt(_))));
    }
}

fn updates() -> impl Strategy<Value = Vec<Update>> {
    let change = ("[ab]{0,2}", prop::option::weighted(0.7, 0..3i64));
    let change = change.prop_map(|(key, row)| (key.into_bytes(), row));
    prop::collection::vec(prop::collection::vec(change, 0..5), 0..12)
}

proptest! {
    #![proptest_config(Config {
        cases: 2_000, rng_seed: RngSeed::Fixed(5), failure_persistence: None, ..Config::default()
    })]

    /// The lines are those of a plain map from keys to rows, and a restart between two updates makes no
    /// difference to them.
    #[test]
    fn oracle_lines_are_those_of_a_plain_map(updates in updates()) {
        let (mut changelog, mut plain) = (Changelog::new(), HashMap::new());
        for (time, update) in (0..).zip(&updates) {
            let mut expected = String::new();
            for (key, new) in update {
                let old: Option<i64> = plain.get(key).copied();
                if old != *new {
                    if let Some(old) = old {
                        writeln!(expected, "{old},{time},-1").unwrap();
                    }
                    if let Some(new) = new {
                        writeln!(expected, "{new},{time},1").unwrap();
                    }
                }
                match new {
                    Some(new) => plain.insert(key.clone(), *new),
                    None => plain.remove(key),
                };
            }
            prop_assert_eq!(apply(&mut changelog, update, time), expected);
            let restarted = Changelog::from_bytes(&changelog.to_bytes()).unwrap();
            prop_assert_eq!(&restarted, &changelog);
            changelog = restarted;
        }
    }

    /// The lines of a run add up to the last rows: each row once, everything else to nothing.
    #[test]
    fn law_lines_add_up_to_the_last_rows(updates in updates()) {
        let (mut changelog, mut last, mut sums) = (Changelog::new(), BTreeMap::new(), BTreeMap::new());
        for (time, update) in (0..).zip(&updates) {
            for line in apply(&mut changelog, update, time).lines() {
                let mut cells = line.split(',').map(|cell| cell.parse::<i64>().unwrap());
                let (row, _, diff) = (cells.next().unwrap(), cells.next().unwrap(), cells.next().unwrap());
                *sums.entry(row).or_insert(0) += diff;
            }
            last.extend(update.iter().cloned());
        }
        let mut expected = BTreeMap::new();
        for row in last.into_values().flatten() {
            *expected.entry(row).or_insert(0) += 1;
        }
        sums.retain(|_, sum| *sum != 0);
        prop_assert_eq!(sums, expected);
    }

    /// The bytes depend on the last rows alone, not on what led there.
    #[test]
    fn law_bytes_depend_on_the_last_rows_alone(updates in updates()) {
        let mut changelog = Changelog::new();
        let mut last = HashMap::new();
        for (time, update) in (0..).zip(&updates) {
            apply(&mut changelog, update, time);
            last.extend(update.iter().cloned());
        }
        let mut direct = Changelog::new();
        apply(&mut direct, &last.into_iter().collect(), 0);
        prop_assert_eq!(direct.to_bytes(), changelog.to_bytes());
    }

    /// Any bytes are a changelog or an error.
    #[test]
    fn law_any_bytes_are_a_changelog_or_an_error(bytes: Vec<u8>) {
        if let Ok(changelog) = Changelog::from_bytes(&bytes) {
            prop_assert_eq!(changelog.to_bytes(), bytes);
        }
    }
}

/// Lines apart for each key are those of all keys together, and leave the same rows.
#[test]
fn lines_apart_are_the_same() {
    let (mut whole, mut apart) = (Changelog::new(), Changelog::new());
    let updates = [
        vec![key("b", Some(1)), key("a", Some(2)), key("c", None)],
        vec![key("a", Some(2)), key("b", Some(3)), key("d", Some(4))],
        vec![key("b", None), key("a", None)],
    ];
    for (time, update) in (0..).zip(&updates) {
        let (keys, rows): (Vec<_>, Vec<_>) = update.iter().cloned().unzip();
        let present: Vec<bool> = rows.iter().map(Option::is_some).collect();
        let found = apart.update_each(&keys, &present, &pack(update), time).unwrap();
        assert!(found.iter().all(|(_, lines)| lines.ends_with(b"\n")));
        let keys: Vec<&[u8]> = found.iter().map(|(key, _)| *key).collect();
        let lines: Vec<u8> = found.iter().flat_map(|(_, lines)| lines.clone()).collect();
        assert_eq!(String::from_utf8(lines).unwrap(), apply(&mut whole, update, time));
        assert_eq!(whole, apart);
        let expected: &[&[u8]] = if time == 1 { &[b"b", b"d"] } else { &[b"b", b"a"] };
        assert_eq!(keys, expected);
    }
}
