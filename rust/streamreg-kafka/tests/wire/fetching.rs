//! The state machine, driven by hand against the model of a cluster.

use super::*;
use std::collections::BTreeMap;

/// A cluster, and a fetcher that reads all of it. Time goes on only where it is told to.
pub struct Driven {
    pub cluster: Cluster,
    pub fetcher: Fetcher,
    pub now: Instant,
    /// Requests that were not answered.
    pub open: BTreeMap<Node, Vec<u8>>,
    /// Responses that are under way already.
    pub sent: BTreeMap<Node, Bytes>,
    /// Where each connection leads.
    connections: BTreeMap<Node, (String, u16)>,
    pub closed: Vec<Node>,
}

impl Driven {
    pub fn new(cluster: Cluster, given: &[(&str, &str)]) -> Self {
        let spans = spans(i32::try_from(cluster.logs.len()).unwrap());
        Self::of(cluster, given, &spans)
    }

    pub fn of(cluster: Cluster, given: &[(&str, &str)], spans: &[Span]) -> Self {
        let topics = match cluster.others_from {
            None => Topics::alone(cluster::TOPIC, None, spans),
            Some(from) => {
                let numbers: Vec<_> = spans.iter().map(|span| span.partition).collect();
                let (own, others): (Vec<_>, Vec<_>) = numbers.into_iter().partition(|number| *number < from);
                Topics::of([
                    (
                        cluster::TOPIC.to_owned(),
                        None,
                        own.into_iter().map(|number| (number, number)).collect(),
                    ),
                    (
                        cluster::OTHER.to_owned(),
                        Some(cluster::OTHER_ID),
                        others.into_iter().map(|number| (number - from, number)).collect(),
                    ),
                ])
            }
        };
        let fetcher = Fetcher::new(&settings(given), topics, spans);
        Self {
            cluster,
            fetcher,
            now: Instant::now(),
            open: BTreeMap::new(),
            connections: BTreeMap::new(),
            sent: BTreeMap::new(),
            closed: Vec::new(),
        }
    }

    /// Sends what is to be sent; to whom.
    pub fn act(&mut self) -> Result<Vec<Node>, String> {
        let mut asked = Vec::new();
        for action in self.fetcher.due(self.now)? {
            match action {
                Action::Ask { node, address, request } => {
                    self.connections.entry(node).or_insert(address);
                    assert!(self.open.insert(node, request).is_none(), "one request at a time");
                    asked.push(node);
                }
                Action::Close(node) => {
                    self.forget(node);
                    self.closed.push(node);
                }
            }
        }
        Ok(asked)
    }

    /// A node responds, if it is where it was looked for, but the response takes its time.
    pub fn send(&mut self, node: Node) -> Result<(), String> {
        let broker = if let Node::Broker(id) = node { Some(id) } else { None };
        if broker.is_some_and(|id| self.cluster.brokers.get(&id) != self.connections.get(&node)) {
            return self.lose(node);
        }
        if !self.sent.contains_key(&node) {
            let response = self.cluster.respond(broker, &self.open[&node]);
            self.sent.insert(node, response);
        }
        Ok(())
    }

    /// The response of a node is there.
    pub fn answer(&mut self, node: Node) -> Result<(), String> {
        self.send(node)?;
        let Some(response) = self.sent.remove(&node) else { return Ok(()) };
        self.open.remove(&node);
        self.fetcher.respond(node, response, self.now)
    }

    pub fn lose(&mut self, node: Node) -> Result<(), String> {
        self.forget(node);
        self.fetcher.lose(node, "it is gone", self.now)
    }

    fn forget(&mut self, node: Node) {
        self.open.remove(&node);
        self.sent.remove(&node);
        self.connections.remove(&node);
    }

    pub fn deliver(&mut self, mut room: Room) -> Vec<(i32, i64, String)> {
        let mut messages = Messages::default();
        self.fetcher.deliver(&mut room, &mut messages).unwrap();
        plain(&messages)
    }

    pub fn pass(&mut self, milliseconds: u64) {
        self.now += Duration::from_millis(milliseconds);
    }

    /// Works until all is delivered, or it gives up, or nothing more happens.
    pub fn run(&mut self) -> Result<Vec<(i32, i64, String)>, String> {
        let mut all = Vec::new();
        let mut idle = 0;
        while idle < 70 {
            self.act()?;
            let nodes: Vec<_> = self.open.keys().copied().collect();
            nodes.into_iter().try_for_each(|node| self.answer(node))?;
            let delivered = self.deliver(ALL);
            idle = if delivered.is_empty() { idle + 1 } else { 0 };
            all.extend(delivered);
            self.pass(80);
        }
        Ok(all)
    }

    /// All that the logs hold.
    pub fn expected(&self) -> Vec<(i32, i64, String)> {
        let messages = |(index, log): (&i32, &cluster::Log)| {
            let index = *index;
            (0..log.end()).map(move |offset| (index, offset, cluster::value(index, offset)))
        };
        self.cluster.logs.iter().flat_map(messages).collect()
    }
}

pub fn sorted(mut messages: Vec<(i32, i64, String)>) -> Vec<(i32, i64, String)> {
    messages.sort();
    messages
}

/// First the metadata is asked for, then each leader for its partitions, and the server no more.
#[test]
fn law_leaders_are_asked_for_what_they_lead() {
    let mut driven = Driven::new(Cluster::new(3, 6, 2), &[]);
    assert_eq!(driven.act().unwrap(), [Node::Server(0)]);
    assert_eq!(driven.act().unwrap(), []);
    driven.answer(Node::Server(0)).unwrap();
    assert_eq!(driven.act().unwrap(), [0, 1, 2].map(Node::Broker));
    assert_eq!(driven.closed, [Node::Server(0)]);
    assert_eq!(sorted(driven.run().unwrap()), driven.expected());
    assert_eq!(driven.fetcher.log_ends(), &(0..6).map(|index| (index, 20)).collect());
}

/// The next request goes out before the messages of the last response are delivered; while much is not delivered, none.
#[test]
fn law_brokers_work_ahead_but_not_without_end() {
    let mut driven = Driven::new(Cluster::new(1, 3, 400), &[("fetch.max.bytes", "4000")]);
    driven.act().unwrap();
    driven.answer(Node::Server(0)).unwrap();
    driven.act().unwrap();
    driven.answer(Node::Broker(0)).unwrap();
    let mut seen = Vec::new();
    for _ in 0..4000 {
        if driven.act().unwrap().contains(&Node::Broker(0)) {
            driven.answer(Node::Broker(0)).unwrap();
        }
        let held: usize = driven.deliver(Room { messages: 30, bytes: 1 << 20 }).len();
        seen.push(held);
        driven.pass(1);
    }
    assert_eq!(seen.iter().sum::<usize>(), driven.expected().len());
    // Nothing is delivered: at most two responses are held.
    let mut driven = Driven::new(Cluster::new(1, 50, 400), &[("fetch.max.bytes", "20000")]);
    let asked_before = |driven: &mut Driven| {
        driven.act().unwrap();
        let nodes: Vec<_> = driven.open.keys().copied().collect();
        for node in nodes {
            driven.answer(node).unwrap();
        }
        driven.pass(100);
    };
    (0..100).for_each(|_| asked_before(&mut driven));
    assert!(driven.cluster.fetches <= 2, "{} responses are held", driven.cluster.fetches);
}

/// A broker may wait for messages only when all that it has was asked for: what there is of one partition does not wait
/// until there is something of another.
#[test]
fn law_a_partition_with_messages_does_not_wait_for_one_without() {
    let mut cluster = Cluster::new(1, 2, 400);
    cluster.logs.get_mut(&1).unwrap().batches.clear();
    let mut driven = Driven::new(cluster, &[("fetch.message.max.bytes", "4000")]);
    let mut delivered = 0;
    while driven.cluster.waited_ms == 0 {
        driven.act().unwrap();
        let nodes: Vec<_> = driven.open.keys().copied().collect();
        for node in nodes {
            driven.answer(node).unwrap();
        }
        delivered += driven.deliver(Room { messages: 30, bytes: 1 << 20 }).len();
        driven.pass(1);
    }
    // Nor is it asked more often than something is delivered.
    let fetches = driven.cluster.fetches;
    assert!(fetches <= delivered / 30 + 10, "{fetches} requests for {delivered} messages");
    delivered += driven.deliver(ALL).len();
    assert_eq!(delivered, driven.expected().len());
}

/// A batch that was begun is delivered to its end before another partition has its turn: one is held unpacked, however many
/// partitions there are.
#[test]
fn law_one_batch_at_a_time_is_begun() {
    let mut cluster = Cluster::new(1, 6, 0);
    for (index, log) in &mut cluster.logs {
        (0..3).for_each(|_| log.append(*index, 100));
    }
    let mut driven = Driven::new(cluster, &[]);
    let mut batches = Vec::new();
    let mut delivered = 0;
    while delivered < 6 * 300 {
        driven.act().unwrap();
        let nodes: Vec<_> = driven.open.keys().copied().collect();
        for node in nodes {
            driven.answer(node).unwrap();
        }
        let messages = driven.deliver(Room { messages: 30, bytes: 1 << 20 });
        delivered += messages.len();
        batches.extend(messages.iter().map(|(partition, offset, _)| (*partition, offset / 100)));
        driven.pass(1);
    }
    batches.dedup();
    assert_eq!(batches.len(), 18, "{batches:?}");
    // Each partition has its turn all the same.
    let second = batches.iter().position(|(_, batch)| *batch == 1);
    let first: std::collections::BTreeSet<_> =
        batches[..second.unwrap() + 6].iter().map(|(p, _)| p).collect();
    assert!(first.len() > 4, "{batches:?}");
}

/// No partition waits for ever for the others, be it in requests or in what is delivered.
#[test]
fn law_each_partition_has_its_turn() {
    let mut driven = Driven::new(Cluster::new(1, 20, 50), &[("fetch.max.bytes", "3000")]);
    let mut order = Vec::new();
    for _ in 0..200 {
        driven.act().unwrap();
        let nodes: Vec<_> = driven.open.keys().copied().collect();
        for node in nodes {
            driven.answer(node).unwrap();
        }
        order.extend(driven.deliver(Room { messages: 25, bytes: 1 << 20 }).into_iter().map(|(p, _, _)| p));
        driven.pass(5);
    }
    for index in 0..20 {
        let first = order.iter().position(|found| *found == index);
        // A response holds some 150 messages of one partition, each of which has 500.
        assert!(first.is_some_and(|first| first < 20 * 170), "partition {index} comes at {first:?}");
    }
}

/// A batch that is larger than the limits of a request comes all the same, whichever partition it is of.
#[test]
fn law_large_batches_pass_small_limits() {
    let mut cluster = Cluster::new(1, 4, 3);
    for (index, log) in &mut cluster.logs {
        log.append(*index, 500);
        log.append(*index, 1);
    }
    for limit in ["1", "700", "3000"] {
        let given = [("fetch.max.bytes", limit), ("fetch.message.max.bytes", limit)];
        let mut driven = Driven::new(cluster.clone(), &given);
        assert_eq!(sorted(driven.run().unwrap()), driven.expected());
    }
}

/// A broker that throttles is left alone for so long; a timer says until when.
#[test]
fn law_throttling_is_honoured() {
    let mut driven = Driven::new(Cluster::new(1, 1, 3), &[]);
    driven.act().unwrap();
    driven.answer(Node::Server(0)).unwrap();
    driven.act().unwrap();
    driven.cluster.throttle_ms = 700;
    driven.answer(Node::Broker(0)).unwrap();
    assert_eq!(driven.fetcher.wake_at(driven.now), Some(driven.now + Duration::from_millis(700)));
    driven.pass(699);
    assert_eq!(driven.act().unwrap(), []);
    driven.pass(1);
    assert_eq!(driven.act().unwrap(), [Node::Broker(0)]);
}

/// Where ranges end, no more is asked for, and nothing wakes it.
#[test]
fn law_nothing_is_asked_for_past_the_ends() {
    let span = |partition| Span { partition, start: 7, end: Some(13), leader_epoch: None };
    let mut driven = Driven::of(Cluster::new(2, 4, 5), &[], &[0, 1, 2, 3].map(span));
    let messages = driven.run().unwrap();
    assert_eq!(messages.len(), 4 * 6);
    assert!(messages.iter().all(|(_, offset, _)| (7..13).contains(offset)));
    assert!(driven.fetcher.ended());
    assert!(driven.open.is_empty());
    assert_eq!(driven.fetcher.wake_at(driven.now), None);
}
