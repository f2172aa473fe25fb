//! Several topics in one reader: their partitions have numbers in common.

use super::fetching::{Driven, sorted};
use super::*;

fn two_topics(brokers: i32, partitions: i32, batches: i64) -> Cluster {
    Cluster { others_from: Some(partitions / 2), ..Cluster::new(brokers, partitions, batches) }
}

/// All of both topics comes, each message once, under the number of its partition.
#[test]
fn law_partitions_of_all_topics_are_read() {
    for brokers in [1, 3] {
        let mut driven = Driven::new(two_topics(brokers, 6, 4), &[("fetch.max.bytes", "900")]);
        assert_eq!(sorted(driven.run().unwrap()), driven.expected());
        assert_eq!(driven.fetcher.log_ends(), &(0..6).map(|index| (index, 40)).collect());
    }
}

/// A batch that is larger than a request may be comes of each topic, too.
#[test]
fn law_large_batches_of_all_topics_pass_small_limits() {
    let mut cluster = two_topics(1, 4, 3);
    for (index, log) in &mut cluster.logs {
        log.append(*index, 500);
        log.append(*index, 1);
    }
    let given = [("fetch.max.bytes", "1"), ("fetch.message.max.bytes", "1")];
    let mut driven = Driven::new(cluster, &given);
    assert_eq!(sorted(driven.run().unwrap()), driven.expected());
}

/// One that is another topic now is named.
#[test]
fn law_another_topic_among_several_is_named() {
    let mut driven = Driven::new(two_topics(1, 2, 1), &[]);
    driven.run().unwrap();
    driven.cluster.topic_id = [7; 16];
    assert_eq!(driven.run().unwrap_err(), "the topic measurements has another id now");
}

/// Where one topic is gone, the others are read on, until that is given up.
#[test]
fn law_topics_are_read_on_where_one_is_gone() {
    let mut driven = Driven::new(two_topics(3, 4, 4), &[]);
    let before = driven.run().unwrap();
    assert_eq!(sorted(before), driven.expected());
    driven.cluster.other_error = 3;
    for index in [2, 3] {
        driven.cluster.logs.get_mut(&index).unwrap().error = 100;
    }
    let moved = driven.cluster.logs.get_mut(&0).unwrap();
    (moved.leader, moved.epoch) = (1, 1);
    moved.append(0, 4);
    let mut after = Vec::new();
    let why = loop {
        let acted = driven.act().map(drop);
        let nodes: Vec<_> = driven.open.keys().copied().collect();
        let answered = acted.and_then(|()| nodes.into_iter().try_for_each(|node| driven.answer(node)));
        after.extend(driven.deliver(ALL));
        if let Err(why) = answered {
            break why;
        }
        driven.pass(20);
    };
    assert!(why.contains("UNKNOWN_TOPIC"), "{why}");
    assert_eq!(after.len(), 4);
}

/// What is wrong with a partition is told of that of its topic.
#[test]
fn law_trouble_names_topic_and_partition() {
    let mut driven = Driven::new(two_topics(1, 4, 1), &[]);
    driven.cluster.logs.get_mut(&3).unwrap().error = 1;
    let why = driven.run().unwrap_err();
    assert!(why.starts_with("topic others, partition 1, offset 0: "), "{why}");
}
