//! Leaders that move, brokers that are gone, and logs that are other ones.

use super::fetching::{Driven, sorted};
use super::*;

/// Reads the first responses, of which nothing is delivered.
fn begun(cluster: Cluster) -> Driven {
    let mut driven = Driven::new(cluster, &[]);
    driven.act().unwrap();
    driven.answer(Node::Server(0)).unwrap();
    driven.act().unwrap();
    driven
}

fn elect(cluster: &mut Cluster, partition: i32, leader: i32) {
    let log = cluster.logs.get_mut(&partition).unwrap();
    (log.leader, log.epoch) = (leader, log.epoch + 1);
    log.append(partition, 4);
}

/// After an election all goes on at the next offset, whatever was asked and not delivered.
#[test]
fn law_another_leader_goes_on() {
    for delivered in [false, true] {
        let mut driven = begun(Cluster::new(3, 3, 4));
        driven.answer(Node::Broker(0)).unwrap();
        let mut all = if delivered { driven.deliver(ALL) } else { Vec::new() };
        driven.act().unwrap();
        elect(&mut driven.cluster, 0, 1);
        elect(&mut driven.cluster, 1, 1);
        all.extend(driven.run().unwrap());
        assert_eq!(sorted(all), driven.expected());
    }
}

/// A response to a request from before an election is not used: it would leave a gap, or be of an old leader.
#[test]
fn law_responses_of_before_an_election_are_dropped() {
    let mut driven = Driven::new(Cluster::new(2, 2, 40), &[("fetch.max.bytes", "1000")]);
    driven.act().unwrap();
    driven.answer(Node::Server(0)).unwrap();
    driven.act().unwrap();
    // Some is there, of which something is delivered; the response to the next request is under way.
    driven.answer(Node::Broker(0)).unwrap();
    let mut all = driven.deliver(Room { messages: 35, bytes: 1 << 20 });
    driven.act().unwrap();
    driven.send(Node::Broker(0)).unwrap();
    elect(&mut driven.cluster, 0, 1);
    elect(&mut driven.cluster, 1, 0);
    driven.answer(Node::Broker(1)).unwrap();
    driven.pass(100);
    // This one tells of the new leaders.
    assert_eq!(driven.act().unwrap(), [Node::Broker(1)]);
    driven.answer(Node::Broker(1)).unwrap();
    driven.answer(Node::Broker(0)).unwrap();
    all.extend(driven.run().unwrap());
    assert_eq!(sorted(all), driven.expected());
}

/// A lost connection is tried again after a rest, and what was read before it is delivered.
#[test]
fn law_a_lost_connection_is_tried_again() {
    let mut driven = begun(Cluster::new(1, 2, 4));
    driven.answer(Node::Broker(0)).unwrap();
    driven.act().unwrap();
    driven.lose(Node::Broker(0)).unwrap();
    assert!(!driven.act().unwrap().contains(&Node::Broker(0)), "it rests");
    assert!(driven.fetcher.wake_at(driven.now).is_some());
    assert_eq!(sorted(driven.run().unwrap()), driven.expected());
}

/// A broker that is away for long is given up, though the others work, and is not asked too often until then.
#[test]
fn law_one_broker_that_is_away_is_given_up() {
    let mut driven = begun(Cluster::new(2, 2, 4));
    let began = driven.now;
    let mut attempts = 0;
    let why = loop {
        let nodes: Vec<_> = driven.open.keys().copied().collect();
        let done = nodes.into_iter().try_for_each(|node| {
            if node == Node::Broker(0) {
                attempts += 1;
                driven.lose(node)
            } else {
                driven.answer(node)
            }
        });
        driven.deliver(ALL);
        driven.pass(5);
        if let Err(why) = done.and_then(|()| driven.act().map(drop)) {
            break why;
        }
    };
    assert_eq!(why, "it is gone");
    let took = driven.now - began;
    assert!((3..6).contains(&took.as_secs()), "{took:?}");
    assert!((4..12).contains(&attempts), "{attempts}");
}

/// Servers are asked in turn for the metadata; if none responds, it is given up.
#[test]
fn law_all_servers_are_tried() {
    let mut driven = Driven::new(Cluster::new(1, 1, 1), &[("bootstrap.servers", "a:1,b:2,c:3")]);
    let mut asked = Vec::new();
    for _ in 0..3 {
        let nodes = driven.act().unwrap();
        asked.extend(nodes.iter().copied());
        for node in nodes {
            driven.lose(node).unwrap();
        }
        driven.pass(100);
    }
    assert_eq!(asked, [0, 1, 2].map(Node::Server));
    driven.pass(4000);
    let node = driven.act().unwrap()[0];
    assert_eq!(driven.lose(node).unwrap_err(), "it is gone");
}

/// A server that hangs does not matter if there is another: it is asked soon, and what was asked of the first is forgotten.
#[test]
fn law_a_server_that_hangs_does_not_matter() {
    let mut driven = Driven::new(Cluster::new(2, 2, 4), &[("bootstrap.servers", "a:1,b:2,c:3")]);
    assert_eq!(driven.act().unwrap(), [Node::Server(0)]);
    driven.pass(499);
    assert_eq!(driven.act().unwrap(), []);
    assert_eq!(driven.fetcher.wake_at(driven.now), Some(driven.now + Duration::from_millis(1)));
    driven.pass(1);
    assert_eq!(driven.act().unwrap(), [Node::Server(1)]);
    // Trouble with the second is none while the first may still answer.
    driven.lose(Node::Server(1)).unwrap();
    driven.pass(4000);
    assert_eq!(driven.act().unwrap(), [Node::Server(2)]);
    driven.pass(4000);
    driven.answer(Node::Server(2)).unwrap();
    assert_eq!(driven.act().unwrap(), [0, 1].map(Node::Broker));
    assert_eq!(driven.closed.iter().filter(|node| matches!(node, Node::Server(_))).count(), 3);
    assert_eq!(sorted(driven.run().unwrap()), driven.expected());
    driven.pass(20_000);
    assert!(driven.open.keys().all(|node| matches!(node, Node::Broker(_))));
}

/// Nor does a broker that hangs where the others say who leads now: its late answer is not news.
#[test]
fn law_a_broker_that_hangs_is_not_waited_for() {
    let mut driven = begun(Cluster::new(3, 3, 4));
    for broker in [0, 1, 2] {
        driven.answer(Node::Broker(broker)).unwrap();
    }
    let mut all = driven.deliver(ALL);
    driven.act().unwrap();
    elect(&mut driven.cluster, 0, 1);
    driven.answer(Node::Broker(0)).unwrap();
    driven.pass(60);
    let hung = driven.act().unwrap();
    driven.pass(500);
    let asked = driven.act().unwrap();
    assert_eq!((hung.len(), asked.len()), (1, 1), "{hung:?} {asked:?}");
    driven.send(hung[0]).unwrap();
    elect(&mut driven.cluster, 0, 2);
    driven.answer(asked[0]).unwrap();
    driven.answer(hung[0]).unwrap();
    driven.act().unwrap();
    let wakes = driven.fetcher.wake_at(driven.now).unwrap();
    assert!(wakes > driven.now + Duration::from_secs(5), "the leaders are known");
    all.extend(driven.run().unwrap());
    assert_eq!(sorted(all), driven.expected());
}

/// A broker that is silent is given up, one of which something arrives is not, however long that takes.
#[test]
fn law_silence_is_given_up() {
    let mut driven = begun(Cluster::new(1, 1, 1));
    driven.pass(9_000);
    driven.fetcher.arriving(Node::Broker(0), driven.now);
    driven.pass(9_000);
    assert_eq!(driven.act().unwrap(), []);
    assert!(driven.fetcher.wake_at(driven.now).is_some());
    driven.pass(3_000);
    assert!(driven.act().unwrap_err().contains("sends nothing"));
    let mut driven = begun(Cluster::new(1, 1, 1));
    for _ in 0..600 {
        assert_eq!(driven.act().unwrap(), []);
        driven.pass(1000);
        driven.fetcher.arriving(Node::Broker(0), driven.now);
    }
    driven.pass(11_000);
    assert_eq!(driven.act().unwrap_err(), "the broker sends nothing for 11 seconds");
}

/// A partition without a leader, or whose leader gives nothing though there is more, is given up in the end.
#[test]
fn law_a_partition_without_progress_is_given_up() {
    let mut cluster = Cluster::new(1, 2, 2);
    cluster.logs.get_mut(&1).unwrap().leader = -1;
    let why = Driven::new(cluster, &[]).run().unwrap_err();
    assert_eq!(why, "partition 1 has no leader");
    let mut cluster = Cluster::new(1, 2, 2);
    cluster.logs.get_mut(&1).unwrap().stuck = true;
    let why = Driven::new(cluster, &[]).run().unwrap_err();
    assert_eq!(why, "partition 1, offset 0: nothing comes, though there is more");
}

/// Who tells of an older leader than is known is not believed.
#[test]
fn law_old_news_of_leaders_is_not_believed() {
    let mut driven = begun(Cluster::new(2, 1, 2));
    elect(&mut driven.cluster, 0, 1);
    let messages = driven.run().unwrap();
    assert_eq!(sorted(messages), driven.expected());
    let log = driven.cluster.logs.get_mut(&0).unwrap();
    (log.leader, log.epoch) = (0, 0);
    let why = driven.run().unwrap_err();
    assert_eq!(why, "partition 0 has no leader");
}

/// What another client must see to is handed over at once.
#[test]
fn law_errors_that_stay_are_handed_over_at_once() {
    for (error, name) in [(1, "OFFSET_OUT_OF_RANGE"), (29, "TOPIC_AUTHORIZATION_FAILED"), (2, "error 2")] {
        let mut driven = begun(Cluster::new(1, 1, 2));
        driven.cluster.logs.get_mut(&0).unwrap().error = error;
        let why = driven.answer(Node::Broker(0)).unwrap_err();
        assert_eq!(why, format!("partition 0, offset 0: {name}"));
    }
}

/// A log whose past is another one (an unclean election) is handed over, and nothing of it is delivered.
#[test]
fn law_a_replaced_log_is_handed_over() {
    let mut driven = begun(Cluster::new(2, 1, 4));
    driven.answer(Node::Broker(0)).unwrap();
    assert_eq!(driven.deliver(ALL).len(), 40);
    let log = driven.cluster.logs.get_mut(&0).unwrap();
    log.batches.truncate(2);
    elect(&mut driven.cluster, 0, 1);
    let log = driven.cluster.logs.get_mut(&0).unwrap();
    (0..5).for_each(|_| log.append(0, 10));
    let why = driven.run().unwrap_err();
    assert_eq!(why, "partition 0, offset 40: the log before it is another one");
}

/// A topic of the same name that is another one is handed over.
#[test]
fn law_another_topic_of_the_name_is_handed_over() {
    let mut driven = begun(Cluster::new(1, 1, 4));
    driven.cluster.topic_id = [7; 16];
    assert_eq!(driven.run().unwrap_err(), "the topic has another id now");
}

/// A broker that has moved is asked where it is now.
#[test]
fn law_a_broker_may_move() {
    let mut driven = begun(Cluster::new(2, 2, 4));
    driven.cluster.brokers.insert(1, ("elsewhere".to_owned(), 9093));
    driven.lose(Node::Broker(1)).unwrap();
    assert_eq!(sorted(driven.run().unwrap()), driven.expected());
    assert!(driven.closed.contains(&Node::Broker(1)));
}
