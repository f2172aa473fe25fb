//! Bytes that no broker should send: headers and records that lie, other formats, and anything at all.

use super::*;
use proptest::prelude::*;

/// A change of the bytes of a batch after which its checksum is right again.
fn changed(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut batch = Batch::of_values(0, &[b"a", b"b"]).bytes();
    batch[at..at + bytes.len()].copy_from_slice(bytes);
    write::sign(&mut batch);
    batch
}

/// What stands in a header is not believed.
#[test]
fn oracle_headers_that_lie() {
    for (at, bytes, says) in [
        (0, &[0xff][..], "a batch says that its offsets are"),
        (0, &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "a batch says that its offsets are"),
        (8, &[0xff, 0xff, 0xff, 0xff], "a batch says that its length is -1"),
        (8, &[0, 0, 0, 48], "a batch says that its length is 48"),
        (16, &[0], "the messages are of format 0"),
        (16, &[1], "the messages are of format 1"),
        (16, &[3], "the messages are of format 3"),
        (22, &[5], "a batch is compressed by the unknown codec 5"),
        (22, &[7], "a batch is compressed by the unknown codec 7"),
        (23, &[0xff], "a batch says that its offsets are"),
        (57, &[0xff], "records"),
        (57, &[0, 0, 0, 3], "records"),
        (57, &[0, 0, 0, 0], "a batch says that it has no records, and has some"),
        (57, &[0, 0, 0, 1], "a batch has more bytes than records"),
        (23, &[0, 0, 0, 0], "records"),
    ] {
        let why = why(changed(at, bytes));
        assert!(why.contains(says), "{at} {bytes:?}: {why}");
    }
    let unusual = Unusual { partition: 1, offset: 2, why: "why".to_owned() };
    assert_eq!(unusual.to_string(), "partition 1, offset 2: why");
}

/// What stands in a record is not believed; those before it are delivered, and another client can go on behind them.
#[test]
fn oracle_records_that_lie() {
    let record = 61 + 8;
    let right = [14, 0, 0, 2, 1, 2, b'b', 0];
    assert_eq!(changed(0, &[])[record..], right);
    let lies: &[(usize, &[u8])] = &[
        // Its length: more than there is, less than it takes, negative, longer than 64 bits.
        (0, &[16]),
        (0, &[10]),
        (0, &[0]),
        (0, &[1]),
        (0, &[0xff; 8]),
        // Its offset: that of the one before it, less than the first one's, past the last one's.
        (3, &[0]),
        (3, &[1]),
        (3, &[4]),
        // The lengths of the key and of the value: negative, and more than there is.
        (4, &[3]),
        (4, &[6]),
        (4, &[0x7e]),
        (5, &[3]),
        (5, &[6]),
        (5, &[0x7e]),
    ];
    for (at, bytes) in lies {
        let mut log = log(0, None);
        log.push(Bytes::from(changed(record + at, bytes)), Vec::new()).unwrap();
        let mut messages = Messages::default();
        let read = log.read(&mut read::ALL.clone(), &mut Unpacker::default(), &mut messages);
        assert!(read.is_err(), "{at} {bytes:?}");
        assert_eq!((messages.len(), log.next()), (1, 1), "{at} {bytes:?}");
    }
}

/// Offsets go up within a batch, and from one batch to the next.
#[test]
fn oracle_offsets_that_go_back() {
    let record = |delta| Record::new(delta, b"a");
    for deltas in [[0, 0, 1], [1, 0, 2], [0, 3, 2]] {
        assert!(why(Batch::new(0, deltas.map(record).to_vec()).bytes()).contains("offset"));
    }
    for base in [0, 1] {
        let records = joined(&[Batch::of_values(0, &[b"a", b"b"]), Batch::of_values(base, &[b"c"])]);
        assert!(why(records).contains("is followed by one from offset"));
    }
    let far = Batch { last_delta: Some(1), ..Batch::new(0, vec![record(0), record(1 << 40)]) };
    assert!(why(far.bytes()).contains("damaged"));
}

/// A wrong checksum is noticed at every byte that it is of, also in a batch that is not delivered; without the check a
/// batch is taken as it is.
#[test]
fn oracle_checksums() {
    let batch = Batch::of_values(0, &[b"a", b"b"]).bytes();
    for at in 17..batch.len() {
        let mut damaged = batch.clone();
        damaged[at] ^= 0x10;
        assert!(read::read(&mut log(0, None), damaged, &[]).is_err(), "{at}");
    }
    let mut old = batch.clone();
    old[26] = 0;
    old[60] = 1;
    old.extend(Batch::of_values(2, &[b"c"]).bytes());
    let mut first = log(1, None);
    assert!(read::read(&mut first, old, &[]).unwrap_err().why.contains("checksum"));
    assert_eq!(first.next(), 1);

    let mut damaged = batch;
    *damaged.iter_mut().rev().nth(1).unwrap() = b'x';
    let mut log = log_with(0, None, Options { check_crcs: false, ..Options::default() });
    assert_eq!(values(&read::read(&mut log, damaged, &[]).unwrap()), [Some(&b"a"[..]), Some(b"x")]);
}

/// What was delivered before the damage is not delivered again, however often one reads on.
#[test]
fn oracle_damage_stays() {
    let mut damaged = Batch::of_values(1, &[b"b"]).bytes();
    damaged[65] ^= 1;
    let mut log = log(0, None);
    log.push(Bytes::from([Batch::of_values(0, &[b"a"]).bytes(), damaged].concat()), Vec::new()).unwrap();
    let mut messages = Messages::default();
    for _ in 0..3 {
        let read = log.read(&mut read::ALL.clone(), &mut Unpacker::default(), &mut messages);
        assert_eq!(read.unwrap_err().offset, 1);
        assert_eq!((messages.len(), log.next()), (1, 1));
    }
}

/// Whatever arrives, reading ends, and no offset is delivered twice.
fn reads(records: Vec<u8>, room: usize) {
    let mut log = log_with(1, Some(1_000_000), Options { check_crcs: false, ..Options::default() });
    let (_, mut messages) = (log.push(Bytes::from(records), Vec::new()), Messages::default());
    let mut unpacker = Unpacker::default();
    loop {
        let mut room = Room { messages: room, bytes: 1 << 30 };
        if log.read(&mut room, &mut unpacker, &mut messages).is_err() || log.buffered() == 0 {
            break;
        }
    }
    let found = offsets(&read::plain(&messages));
    assert!(found.is_sorted_by(|one, next| one < next));
    assert!(found.iter().all(|offset| (1..log.next()).contains(offset)));
}

proptest! {
    #![proptest_config(config(5000))]

    /// Batches of which some bytes are others, or missing, or more.
    #[test]
    fn law_damaged_batches_end(
        partition in model::partition(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 0..4),
        room in 1..5usize,
    ) {
        let mut records = joined(&partition.batches);
        for (at, byte, how) in changes {
            let at = at.index(records.len());
            match how {
                0 => records[at] = byte,
                1 => records.insert(at, byte),
                _ => drop(records.remove(at)),
            }
        }
        reads(records, room);
    }

    /// Any records in a batch whose header is right.
    #[test]
    fn law_any_records_end(records in prop::collection::vec(any::<u8>(), 0..200), codec in 0..8u8, count in 0..9u8) {
        let mut batch = Batch { attributes: codec, last_delta: Some(9), count: Some(count.into()), ..Batch::new(0, Vec::new()) }.bytes();
        batch.extend(records);
        let length = i32::try_from(batch.len() - 12).unwrap();
        batch[8..12].copy_from_slice(&length.to_be_bytes());
        reads(batch, 3);
    }
}
