//! Transactions: whose messages are delivered, and what their markers do.

use super::*;
use write::{CONTROL, TRANSACTIONAL};

fn aborted(producer_id: i64, first_offset: i64) -> Aborted {
    Aborted { producer_id, first_offset }
}

fn of(producer_id: i64, base_offset: i64, values: &[&[u8]]) -> Batch {
    Batch { producer_id, attributes: TRANSACTIONAL, ..Batch::of_values(base_offset, values) }
}

/// Batches that lie before the start are not delivered, an abort marker among them.
#[test]
fn oracle_batches_before_the_start() {
    let batches = [
        of(7, 0, &[b"a"]),
        Batch::marker(1, 7, false),
        of(7, 2, &[b"b"]),
        Batch::marker(3, 7, false),
        of(7, 4, &[b"c"]),
    ];
    let mut log = log(2, None);
    let found = read::read(&mut log, joined(&batches), &[aborted(7, 2)]).unwrap();
    assert_eq!(offsets(&found), [4]);
}

/// Transactions of several producers, interleaved: the messages of those that were aborted are missing, with
/// `read_uncommitted` none, and markers are never delivered.
#[test]
fn oracle_aborted_transactions() {
    let batches = [
        of(1, 0, &[b"a"]),
        of(2, 1, &[b"b"]),
        Batch::of_values(2, &[b"c"]),
        Batch::marker(3, 1, false),
        of(1, 4, &[b"d"]),
        of(2, 5, &[b"e"]),
        Batch::marker(6, 2, true),
        Batch::marker(7, 1, false),
        of(1, 8, &[b"f"]),
        Batch::marker(9, 1, true),
    ];
    let list = [aborted(1, 4), aborted(1, 0)];
    let found = read::read(&mut log(0, None), joined(&batches), &list).unwrap();
    assert_eq!(offsets(&found), [1, 2, 5, 8]);
    let options = Options { isolation: Isolation::ReadUncommitted, ..Options::default() };
    let mut log = log_with(0, None, options);
    assert_eq!(offsets(&read::read(&mut log, joined(&batches), &list).unwrap()), [0, 1, 2, 4, 5, 8]);
    assert_eq!(log.next(), 10);
}

/// The marker of an aborted transaction without messages, which is not listed, ends no other one.
#[test]
fn oracle_abort_of_an_empty_transaction() {
    let batches =
        [Batch::marker(0, 1, false), of(1, 1, &[b"a"]), Batch::marker(2, 1, false), of(1, 3, &[b"b"])];
    let found = read::read(&mut log(0, None), joined(&batches), &[aborted(1, 1)]).unwrap();
    assert_eq!(offsets(&found), [3]);
}

/// A batch outside of transactions is delivered though its producer has an aborted one.
#[test]
fn oracle_idempotent_producer() {
    let batch = Batch { producer_id: 1, ..Batch::of_values(0, &[b"a"]) };
    assert_eq!(offsets(&read::read(&mut log(0, None), batch.bytes(), &[aborted(1, 0)]).unwrap()), [0]);
}

/// Control batches at the end of the log, and an aborted one, move the offset to its end.
#[test]
fn oracle_control_batches_at_the_end() {
    let mut log = log(0, Some(3));
    let batches = [of(1, 0, &[b"a"]), Batch::marker(1, 1, false), Batch::marker(2, 2, true)];
    assert_eq!(read::read(&mut log, joined(&batches), &[aborted(1, 0)]).unwrap(), []);
    assert!(log.ended());
}

/// A control record of a kind that has nothing to do with transactions is passed; one of an unknown version is not
/// guessed at.
#[test]
fn oracle_other_control_records() {
    let control = |key: &[u8]| Batch {
        attributes: CONTROL,
        ..Batch::new(0, vec![Record { key: Some(key.to_vec()), ..Record::default() }])
    };
    let mut log = log(0, None);
    assert_eq!(read::read(&mut log, control(&[0, 0, 0, 2]).bytes(), &[]).unwrap(), []);
    assert_eq!(log.next(), 1);
    for key in [&[0, 1, 0, 0][..], &[0, 0, 0], &[]] {
        assert!(why(control(key).bytes()).contains("a control record has the key"));
    }
}
