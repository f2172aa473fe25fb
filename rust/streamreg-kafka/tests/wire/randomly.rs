//! Anything that may happen to a cluster, in any order.

use super::fetching::{Driven, sorted};
use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Event {
    Act,
    /// One of the nodes that were asked responds, but that takes a while.
    Send(usize),
    /// The response of one of them is there.
    Answer(usize),
    /// One of them is lost.
    Lose(usize),
    Elect(i32, i32),
    Append(i32, i64),
    Move(i32, u16),
    Deliver(usize),
    Pass(u64),
    /// One of them sends these bytes, as the response to what it was asked, or as none.
    Garbage(usize, bool, Vec<u8>),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Act),
        2 => (0..4usize).prop_map(Event::Send),
        4 => (0..4usize).prop_map(Event::Answer),
        1 => (0..4usize).prop_map(Event::Lose),
        1 => (0..5i32, 0..3i32).prop_map(|(partition, leader)| Event::Elect(partition, leader)),
        1 => (0..5i32, 1..30i64).prop_map(|(partition, messages)| Event::Append(partition, messages)),
        1 => (0..3i32, 1..4u16).prop_map(|(broker, port)| Event::Move(broker, port)),
        3 => (1..60usize).prop_map(Event::Deliver),
        2 => (0..60u64).prop_map(Event::Pass),
    ]
}

fn node(driven: &Driven, choice: usize) -> Option<Node> {
    driven.open.keys().nth(choice % driven.open.len().max(1)).copied()
}

fn happens(driven: &mut Driven, event: Event) -> Result<Vec<(i32, i64, String)>, String> {
    match event {
        Event::Act => driven.act().map(drop)?,
        Event::Send(choice) => node(driven, choice).map_or(Ok(()), |node| driven.send(node))?,
        Event::Answer(choice) => node(driven, choice).map_or(Ok(()), |node| driven.answer(node))?,
        Event::Lose(choice) => node(driven, choice).map_or(Ok(()), |node| driven.lose(node))?,
        Event::Elect(partition, leader) => {
            let log = driven.cluster.logs.get_mut(&partition).unwrap();
            (log.leader, log.epoch) = (leader, log.epoch + 1);
        }
        Event::Append(partition, messages) => {
            driven.cluster.logs.get_mut(&partition).unwrap().append(partition, messages);
        }
        Event::Move(broker, port) => {
            driven.cluster.brokers.insert(broker, (format!("broker{broker}"), port));
        }
        Event::Deliver(messages) => return Ok(driven.deliver(Room { messages, bytes: 1 << 20 })),
        Event::Pass(milliseconds) => driven.pass(milliseconds),
        Event::Garbage(choice, answers, mut bytes) => {
            if let Some(node) = node(driven, choice) {
                driven.sent.remove(&node);
                let request = driven.open.remove(&node).unwrap();
                if answers {
                    bytes.splice(0..0, request[8..12].iter().copied());
                }
                driven.fetcher.respond(node, bytes.into(), driven.now)?;
            }
        }
    }
    Ok(Vec::new())
}

proptest! {
    #![proptest_config(config(300))]

    /// Whatever happens for some seconds, then all messages are delivered, each once and in order, and it does not give up.
    #[test]
    fn law_every_message_is_delivered_once(
        events in prop::collection::vec(event(), 0..120),
        small in any::<bool>(),
    ) {
        let given: &[_] = if small { &[("fetch.max.bytes", "500")] } else { &[] };
        let mut driven = Driven::new(Cluster::new(3, 5, 3), given);
        let (mut all, began) = (Vec::new(), driven.now);
        for event in events {
            if driven.now - began > Duration::from_millis(2500) {
                break;
            }
            all.extend(happens(&mut driven, event).unwrap());
        }
        all.extend(driven.run().unwrap());
        for index in 0..5 {
            prop_assert!(all.iter().filter(|found| found.0 == index).map(|found| found.1).is_sorted());
        }
        prop_assert_eq!(sorted(all), driven.expected());
    }

    /// Whatever brokers send, it ends in a value or an error, and what was delivered until then is right.
    #[test]
    fn law_any_bytes_are_survived(
        events in prop::collection::vec(
            prop_oneof![
                6 => event(),
                1 => (0..4usize, any::<bool>(), prop::collection::vec(any::<u8>(), 0..80))
                    .prop_map(|(choice, answers, bytes)| Event::Garbage(choice, answers, bytes)),
            ],
            0..120,
        ),
    ) {
        let mut driven = Driven::new(Cluster::new(3, 5, 3), &[]);
        let mut all = Vec::new();
        for event in events {
            match happens(&mut driven, event) {
                Ok(delivered) => all.extend(delivered),
                Err(_) => break,
            }
        }
        let expected = driven.expected();
        prop_assert!(all.iter().all(|message| expected.contains(message)));
    }
}
