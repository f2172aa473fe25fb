//! Reads a log to its end, into plain messages.

use bytes::Bytes;
use streamreg_kafka::{Aborted, Messages, PartitionLog, Room, Unpacker, Unusual};

/// A message with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub partition: i32,
    pub offset: i64,
    pub timestamp: Option<i64>,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// More than any test has.
pub const ALL: Room = Room { messages: 1 << 20, bytes: 1 << 30 };

/// What was delivered, by the accessors of one message; those of all must say the same.
pub fn plain(messages: &Messages) -> Vec<Message> {
    let plain: Vec<_> = (0..messages.len())
        .map(|index| Message {
            partition: messages.partition(index),
            offset: messages.offset(index),
            timestamp: messages.timestamp(index),
            key: messages.key(index).map(<[u8]>::to_vec),
            value: messages.value(index).map(<[u8]>::to_vec),
            headers: owned(messages.headers(index)),
        })
        .collect();
    assert!(messages.values().eq(plain.iter().map(|message| message.value.as_deref())));
    assert!(messages.keys().eq(plain.iter().map(|message| message.key.as_deref())));
    assert!(messages.partitions().eq(plain.iter().map(|message| message.partition)));
    assert!(messages.offsets().eq(plain.iter().map(|message| message.offset)));
    assert!(messages.timestamps().eq(plain.iter().map(|message| message.timestamp)));
    assert_eq!(messages.values().len(), messages.len());
    assert_eq!(messages.is_empty(), plain.is_empty());
    plain
}

fn owned(headers: streamreg_kafka::Headers<'_>) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    headers.into_iter().map(|(name, value)| (name.to_vec(), value.map(<[u8]>::to_vec))).collect()
}

/// Reads what is pushed, to its end, so much at a time.
pub fn drain(log: &mut PartitionLog, room: Room) -> Result<Vec<Message>, Unusual> {
    let mut unpacker = Unpacker::default();
    let mut all = Vec::new();
    loop {
        let mut messages = Messages::default();
        let (before, mut left) = (log.next(), room);
        let read = log.read(&mut left, &mut unpacker, &mut messages);
        assert_eq!(messages.len(), room.messages - left.messages, "the room that was taken");
        all.extend(plain(&messages));
        read?;
        assert!(log.next() >= before, "it only goes on");
        if log.buffered() == 0 {
            return Ok(all);
        }
    }
}

/// One response, read as a whole.
pub fn read(log: &mut PartitionLog, records: Vec<u8>, aborted: &[Aborted]) -> Result<Vec<Message>, Unusual> {
    log.push(Bytes::from(records), aborted.to_vec())?;
    drain(log, ALL)
}
