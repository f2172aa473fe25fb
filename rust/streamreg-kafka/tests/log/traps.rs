//! Behaviours that readers of Kafka are known to get wrong, each at its smallest.

use super::*;
use write::APPEND_TIME;

/// A batch that holds the offset that was asked for is sent as a whole: what lies before it is not delivered again.
#[test]
fn oracle_records_before_the_start() {
    let mut log = log(2, None);
    let found = read::read(&mut log, joined(&[Batch::of_values(0, &[b"a", b"b", b"c", b"d"])]), &[]).unwrap();
    assert_eq!(values(&found), [Some(&b"c"[..]), Some(b"d")]);
    assert_eq!((log.next(), log.fetch_offset()), (4, 4));
}

/// A range ends before its end, within a batch or between two, and what was read past it is forgotten.
#[test]
fn oracle_end_within_a_batch() {
    let records = joined(&[Batch::of_values(0, &[b"a", b"b", b"c"]), Batch::of_values(3, &[b"d"])]);
    for end in 0..=4 {
        let mut log = log(0, Some(end));
        let found = read::read(&mut log, records.clone(), &[]).unwrap();
        assert_eq!(offsets(&found), (0..end).collect::<Vec<_>>());
        assert_eq!((log.next(), log.fetch_offset(), log.buffered()), (end, end, 0));
        assert!(log.ended() && log.fetched());
        assert_eq!(log.push(Bytes::from(records.clone()), Vec::new()), Ok(Pushed::Nothing));
    }
}

/// Where compaction has left a gap at the end of a range, the first batch behind it tells that the range is over.
#[test]
fn oracle_end_within_a_gap() {
    let mut log = log(0, Some(5));
    assert_eq!(offsets(&read::read(&mut log, joined(&[Batch::of_values(0, &[b"a"])]), &[]).unwrap()), [0]);
    assert_eq!((log.next(), log.ended()), (1, false));
    assert_eq!(log.push(Bytes::from(joined(&[Batch::of_values(9, &[b"b"])])), Vec::new()), Ok(Pushed::Whole));
    assert_eq!((log.next(), log.ended(), log.buffered()), (5, true, 0));
}

/// A batch without records, which compaction leaves behind, moves the offset on.
#[test]
fn oracle_wholly_compacted_batch() {
    let mut log = log(0, None);
    let empty = Batch { last_delta: Some(9), ..Batch::new(0, Vec::new()) };
    assert_eq!(read::read(&mut log, empty.bytes(), &[]).unwrap(), []);
    assert_eq!((log.next(), log.fetch_offset()), (10, 10));
}

/// The offset goes on past what compaction removed from the end of a batch, as its header says.
#[test]
fn oracle_compacted_tail() {
    let mut log = log(0, None);
    let batch = Batch { last_delta: Some(9), ..Batch::of_values(0, &[b"a"]) };
    assert_eq!(offsets(&read::read(&mut log, batch.bytes(), &[]).unwrap()), [0]);
    assert_eq!(log.next(), 10);
}

/// So it does where more was pushed, and there is no room for it: the next offset is known at once.
#[test]
fn oracle_next_behind_a_compacted_tail() {
    let mut log = log(0, None);
    let batches =
        [Batch { last_delta: Some(9), ..Batch::of_values(0, &[b"a"]) }, Batch::of_values(20, &[b"b"])];
    log.push(Bytes::from(joined(&batches)), Vec::new()).unwrap();
    let mut room = Room { messages: 1, ..read::ALL };
    log.read(&mut room, &mut Unpacker::default(), &mut Messages::default()).unwrap();
    assert_eq!((log.next(), log.fetch_offset()), (10, 21));
    log.reset();
    assert_eq!(log.fetch_offset(), 10);
}

/// An empty response moves nothing, and least of all to the end of the log.
#[test]
fn oracle_empty_response() {
    let mut log = log(5, None);
    assert_eq!(log.push(Bytes::new(), Vec::new()), Ok(Pushed::Nothing));
    assert_eq!((log.next(), log.fetch_offset()), (5, 5));
}

/// A batch that is cut off is not read, at whatever byte; the next request begins with it.
#[test]
fn oracle_cut_off_batch() {
    let whole = Batch::of_values(0, &[b"a"]).bytes();
    let records = joined(&[Batch::of_values(0, &[b"a"]), Batch::of_values(1, &[b"b", b"c"])]);
    for size in whole.len()..records.len() {
        let mut log = log(0, None);
        let found = read::read(&mut log, records[..size].to_vec(), &[]).unwrap();
        assert_eq!((offsets(&found), log.fetch_offset()), (vec![0], 1), "{size} bytes");
    }
}

/// Where there is nothing but a batch that is cut off, the caller hears how much to ask for.
#[test]
fn oracle_only_a_cut_off_batch() {
    let records = Batch::of_values(0, &[b"a", b"b"]).bytes();
    for size in 1..records.len() {
        let mut log = log(0, None);
        let needed = if size < 12 { 0 } else { records.len() };
        let pushed = log.push(Bytes::from(records[..size].to_vec()), Vec::new());
        assert_eq!(pushed, Ok(Pushed::Cut { needed }), "{size} bytes");
        assert_eq!((log.fetch_offset(), log.buffered()), (0, 0));
    }
}

/// A broker that sends only what comes before the offset that was asked for would be asked for ever.
#[test]
fn oracle_only_old_batches() {
    let mut log = log(5, None);
    let unusual = log.push(Bytes::from(joined(&[Batch::of_values(0, &[b"a"])])), Vec::new()).unwrap_err();
    assert_eq!((unusual.partition, unusual.offset), (3, 5));
    assert_eq!(log.buffered(), 0);
}

/// With the broker's timestamps each message has that of its batch.
#[test]
fn oracle_log_append_time() {
    let record = |delta| Record { timestamp_delta: 10 * delta, ..Record::new(delta, b"a") };
    let batch = Batch::new(0, vec![record(0), record(1)]);
    let appended = Batch { attributes: APPEND_TIME, ..batch.clone() };
    let timestamps = |batch: &Batch| {
        let found = read::read(&mut log(0, None), batch.bytes(), &[]).unwrap();
        found.iter().map(|message| message.timestamp).collect::<Vec<_>>()
    };
    assert_eq!(timestamps(&batch), [Some(1_000), Some(1_010)]);
    assert_eq!(timestamps(&appended), [Some(2_000), Some(2_000)]);
    assert_eq!(timestamps(&Batch { base_timestamp: -1, ..batch }), [None, Some(9)]);
    assert_eq!(timestamps(&Batch { max_timestamp: -1, ..appended }), [None, None]);
}

/// A timestamp may be further from the first of its batch than 32 bits can say.
#[test]
fn oracle_timestamps_far_apart() {
    let record = Record { timestamp_delta: 1 << 41, ..Record::new(0, b"a") };
    let found = read::read(&mut log(0, None), Batch::new(0, vec![record]).bytes(), &[]).unwrap();
    assert_eq!(found[0].timestamp, Some(1_000 + (1 << 41)));
}

/// Offsets reach up to the last one there may be.
#[test]
fn oracle_largest_offsets() {
    let last = i64::MAX - 1;
    let mut log = log(last - 1, None);
    let found = read::read(&mut log, Batch::of_values(last - 1, &[b"a", b"b"]).bytes(), &[]).unwrap();
    assert_eq!((offsets(&found), log.next()), (vec![last - 1, last], i64::MAX));
}

/// Absent and empty are two things: keys, values and values of headers.
#[test]
fn oracle_nulls() {
    let record = |offset_delta, key: Option<&[u8]>, value: Option<&[u8]>| Record {
        offset_delta,
        key: key.map(<[u8]>::to_vec),
        value: value.map(<[u8]>::to_vec),
        headers: vec![(b"h".to_vec(), value.map(<[u8]>::to_vec)), (Vec::new(), Some(b"v".to_vec()))],
        ..Record::default()
    };
    let records = vec![record(0, None, None), record(1, Some(b""), Some(b""))];
    let found = read::read(&mut log(0, None), Batch::new(0, records.clone()).bytes(), &[]).unwrap();
    for (found, written) in found.iter().zip(&records) {
        assert_eq!(
            (&found.key, &found.value, &found.headers),
            (&written.key, &written.value, &written.headers)
        );
    }
}

/// Headers are as librdkafka has them: a name ends at a NUL, and what cannot be read is no headers, and no error.
#[test]
fn oracle_headers_as_librdkafka() {
    let headers = |bytes: &[u8]| {
        let mut body = vec![0, 0, 0, 1, 2, b'v'];
        body.extend(bytes);
        let mut record = Vec::new();
        write::varint(i64::try_from(body.len()).unwrap(), &mut record);
        record.extend(body);
        // In place of the one record of the batch.
        let mut batch = Batch::new(0, Vec::new()).bytes();
        batch[60] = 1;
        batch.extend(record);
        let length = i32::try_from(batch.len() - 12).unwrap();
        batch[8..12].copy_from_slice(&length.to_be_bytes());
        write::sign(&mut batch);
        read::read(&mut log(0, None), batch, &[]).unwrap().remove(0).headers
    };
    let one = |name: &[u8], value: Option<&[u8]>| vec![(name.to_vec(), value.map(<[u8]>::to_vec))];
    assert_eq!(headers(&[2, 6, b'a', 0, b'b', 2, b'x']), one(b"a", Some(b"x")));
    assert_eq!(headers(&[2, 2, b'a', 1]), one(b"a", None));
    assert_eq!(headers(&[2, 2, 0xff, 1, 9, 9]), one(&[0xff], None));
    // A count that takes ten bytes, and one that is more than 64 bits.
    let counted = |last| [&[0x82][..], &[0x80; 8], &[last, 2, b'a', 1]].concat();
    assert_eq!(headers(&counted(0)), one(b"a", None));
    assert_eq!(headers(&counted(2)), []);
    for unreadable in
        [&[][..], &[0], &[1], &[2], &[4, 2, b'a', 1], &[2, 1, 1], &[2, 2, b'a', 3], &[0x80; 12], &[0xff; 9]]
    {
        assert_eq!(headers(unreadable), []);
    }
}

/// The leader epoch is that of the batch before the next offset, and of the last batch that is there for a request.
#[test]
fn oracle_leader_epochs() {
    let batch =
        |base_offset, leader_epoch| Batch { leader_epoch, ..Batch::of_values(base_offset, &[b"a", b"b"]) };
    let mut log = log(0, None);
    log.push(Bytes::from(joined(&[batch(0, 4), batch(2, 5)])), Vec::new()).unwrap();
    assert_eq!((log.leader_epoch(), log.fetched_epoch()), (Some(0), Some(5)));
    let mut room = Room { messages: 1, ..read::ALL };
    log.read(&mut room, &mut Unpacker::default(), &mut Messages::default()).unwrap();
    assert_eq!((log.next(), log.leader_epoch()), (1, Some(4)));
    log.reset();
    assert_eq!((log.fetch_offset(), log.fetched_epoch()), (1, Some(4)));
    read::read(&mut log, batch(1, -1).bytes(), &[]).unwrap();
    assert_eq!((log.leader_epoch(), log.fetched_epoch()), (None, None));
}

/// Room for one byte gives one message, whatever its size.
#[test]
fn oracle_one_message_at_least() {
    let mut log = log(0, None);
    let large = vec![b'a'; 100_000];
    log.push(Bytes::from(joined(&[Batch::of_values(0, &[&large, &large])])), Vec::new()).unwrap();
    let mut messages = Messages::default();
    let mut room = Room { bytes: 1, ..read::ALL };
    log.read(&mut room, &mut Unpacker::default(), &mut messages).unwrap();
    assert_eq!((messages.len(), room.bytes), (1, 0));
    log.read(&mut room, &mut Unpacker::default(), &mut messages).unwrap();
    assert_eq!(messages.len(), 1);
}

/// What is asked of a message that is not there.
#[test]
fn oracle_no_such_message() {
    let messages = Messages::default();
    assert_eq!((messages.partition(0), messages.offset(0)), (-1, -1));
    assert_eq!((messages.value(0), messages.key(0), messages.timestamp(0)), (None, None, None));
    assert!(messages.headers(0).is_empty());
}
