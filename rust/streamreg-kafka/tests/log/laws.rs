//! What holds for every partition, wherever its responses are cut and however much is read at a time.

use super::model::{Partition, partition};
use super::*;
use proptest::prelude::*;

/// How a partition is read.
#[derive(Clone, Debug)]
struct Reading {
    isolation: Isolation,
    /// Where between the first offset and a little past the last one the reading begins and ends.
    start: prop::sample::Index,
    end: Option<prop::sample::Index>,
    room: Room,
    /// Of one response after the other: its bytes.
    sizes: Vec<usize>,
    /// After so many responses everything that is there is read.
    pushes: usize,
    /// Before which reads, counted, the connection is lost.
    losses: Vec<bool>,
}

fn reading() -> impl Strategy<Value = Reading> {
    let room = prop_oneof![
        (1..5usize, Just(1usize << 30)).boxed(),
        (Just(1usize << 20), 1..300usize).boxed(),
        Just((1 << 20, 1 << 30)).boxed(),
    ];
    (
        prop::sample::select(vec![Isolation::ReadCommitted, Isolation::ReadUncommitted]),
        any::<prop::sample::Index>(),
        any::<Option<prop::sample::Index>>(),
        room,
        prop::collection::vec(1..1000usize, 1..5),
        1..4usize,
        prop::collection::vec(prop::bool::weighted(0.2), 1..20),
    )
        .prop_map(|(isolation, start, end, (messages, bytes), sizes, pushes, losses)| Reading {
            isolation,
            start,
            end,
            room: Room { messages, bytes },
            sizes,
            pushes,
            losses,
        })
}

/// Reads a partition as a client does, from a broker that answers with the bytes that are asked for.
fn read_all(partition: &Partition, log: &mut PartitionLog, reading: &Reading) -> Vec<Message> {
    let mut sizes = reading.sizes.iter().copied().cycle();
    let mut losses = reading.losses.iter().copied().chain(std::iter::repeat(false));
    let mut unpacker = Unpacker::default();
    let mut all = Vec::new();
    while log.next() < partition.end && !log.ended() {
        for _ in 0..reading.pushes {
            let mut size = sizes.next().unwrap();
            while !log.fetched() && log.fetch_offset() < partition.end {
                let (records, aborted) = partition.response(log.fetch_offset(), size);
                match log.push(Bytes::from(records), aborted).unwrap() {
                    Pushed::Cut { needed } => size = needed.max(size + 1),
                    Pushed::Whole | Pushed::Nothing => break,
                }
            }
            if log.fetch_offset() >= last_of(partition) {
                break;
            }
        }
        let mut messages = Messages::default();
        log.read(&mut reading.room.clone(), &mut unpacker, &mut messages).unwrap();
        all.extend(read::plain(&messages));
        if losses.next().unwrap() {
            log.reset();
            assert_eq!((log.fetch_offset(), log.buffered()), (log.next(), 0));
        }
        if log.next() >= last_of(partition) {
            break;
        }
    }
    all
}

/// The offset after the last batch; past it there may be a gap, of which a log tells nothing.
fn last_of(partition: &Partition) -> i64 {
    partition.batches.last().map_or(0, |batch| batch.last_offset() + 1)
}

proptest! {
    #![proptest_config(config(3000))]

    /// A client that may lose its connection reads each message once, with all that belongs to it, and ends where the
    /// log or its range does.
    #[test]
    fn law_every_message_once(partition in partition(), reading in reading()) {
        let first = partition.batches[0].base_offset.min(partition.end - 1);
        let span = usize::try_from(partition.end - first).unwrap() + 2;
        let place = |index: prop::sample::Index| first + i64::try_from(index.index(span)).unwrap();
        let start = place(reading.start);
        let end = reading.end.map(|end| place(end).max(start));
        let options = Options { isolation: reading.isolation, ..Options::default() };
        let mut log = log_with(start, end, options);
        let found = read_all(&partition, &mut log, &reading);
        let last = end.unwrap_or(i64::MAX);
        prop_assert_eq!(&found, &partition.messages(start, last, reading.isolation));
        prop_assert_eq!(log.next(), last_of(&partition).min(last).max(start));
        prop_assert_eq!(log.ended(), end.is_some_and(|end| end <= last_of(&partition).max(start)));
        prop_assert_eq!(log.buffered(), 0);
        if log.next() > start && last_of(&partition) <= last {
            prop_assert_eq!(log.leader_epoch(), partition.batches.last().map(|batch| batch.leader_epoch));
        }
    }
}
