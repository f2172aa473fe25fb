//! A model of a cluster with one topic or two: its brokers answer requests as Kafka's do, in bytes that another implementation
//! of the protocol reads and writes.

use super::support::write::Batch;
use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::{EpochEndOffset, FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, BrokerId, FetchRequest, FetchResponse, MetadataRequest, MetadataResponse,
    RequestHeader, ResponseHeader, TopicName,
};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use std::collections::BTreeMap;
use uuid::Uuid;

pub const TOPIC: &str = "measurements";
pub const TOPIC_ID: [u8; 16] = *b"0123456789abcdef";
pub const OTHER: &str = "others";
pub const OTHER_ID: [u8; 16] = *b"fedcba9876543210";

/// The log of a partition, and who leads it.
#[derive(Clone, Debug)]
pub struct Log {
    pub batches: Vec<Batch>,
    pub leader: i32,
    pub epoch: i32,
    /// An error that its leader has instead of messages.
    pub error: i16,
    /// Whether the leader gives nothing, though there is more.
    pub stuck: bool,
}

impl Log {
    /// Of so many batches with so many messages, each of which says where it is.
    pub fn new(partition: i32, leader: i32, batches: i64, messages: i64) -> Self {
        let mut log = Self { batches: Vec::new(), leader, epoch: 0, error: 0, stuck: false };
        for _ in 0..batches {
            log.append(partition, messages);
        }
        log
    }

    pub fn append(&mut self, partition: i32, messages: i64) {
        let end = self.end();
        let values: Vec<_> = (end..end + messages).map(|offset| value(partition, offset)).collect();
        let values: Vec<_> = values.iter().map(String::as_bytes).collect();
        self.batches.push(Batch { leader_epoch: self.epoch, ..Batch::of_values(end, &values) });
    }

    pub fn end(&self) -> i64 {
        self.batches.last().map_or(0, |batch| batch.last_offset() + 1)
    }

    /// Where this epoch, or the last one before it, ends.
    fn epoch_end(&self, epoch: i32) -> (i32, i64) {
        let upto = self.batches.iter().rfind(|batch| batch.leader_epoch <= epoch);
        upto.map_or((-1, -1), |batch| (batch.leader_epoch, batch.last_offset() + 1))
    }
}

pub fn value(partition: i32, offset: i64) -> String {
    format!("{partition}/{offset}")
}

/// A cluster.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub topic_id: [u8; 16],
    pub brokers: BTreeMap<i32, (String, u16)>,
    pub logs: BTreeMap<i32, Log>,
    /// From which number on logs are the partitions, from 0, of the other topic; `None`: there is none.
    pub others_from: Option<i32>,
    pub throttle_ms: i32,
    /// The error that the metadata has in place of the other topic's partitions.
    pub other_error: i16,
    /// The highest version of Fetch.
    pub fetch_version: i16,
    /// How many requests for messages came.
    pub fetches: usize,
    /// For how long requests would have waited for messages, in milliseconds.
    pub waited_ms: i32,
}

impl Cluster {
    /// With so many brokers, and partitions that they lead in turn, each of so many batches of ten messages.
    pub fn new(brokers: i32, partitions: i32, batches: i64) -> Self {
        Self {
            topic_id: TOPIC_ID,
            brokers: (0..brokers).map(|id| (id, (format!("broker{id}"), 9092))).collect(),
            logs: (0..partitions)
                .map(|index| (index, Log::new(index, index % brokers, batches, 10)))
                .collect(),
            others_from: None,
            throttle_ms: 0,
            other_error: 0,
            fetch_version: 17,
            fetches: 0,
            waited_ms: 0,
        }
    }

    /// What a broker responds, without the length before it; `None`: a server that is only asked for the metadata.
    pub fn respond(&mut self, broker: Option<i32>, request: &[u8]) -> Bytes {
        let length = i32::from_be_bytes(*request.first_chunk().unwrap());
        assert_eq!(usize::try_from(length).unwrap() + 4, request.len(), "the length of a request");
        let (mut body, header) = header(request);
        let key = ApiKey::try_from(header.request_api_key).unwrap();
        let version = header.request_api_version;
        let mut out = BytesMut::new();
        let correlation = ResponseHeader::default().with_correlation_id(header.correlation_id);
        correlation.encode(&mut out, key.response_header_version(version)).unwrap();
        match key {
            ApiKey::ApiVersions => self.versions().encode(&mut out, version).unwrap(),
            ApiKey::Metadata => {
                let request = MetadataRequest::decode(&mut body, version).unwrap();
                let topics = request.topics.unwrap();
                let names: Vec<_> =
                    topics.iter().map(|topic| topic.name.as_ref().unwrap().as_str()).collect();
                assert_eq!(names, self.topics().map(|(name, ..)| name).collect::<Vec<_>>());
                assert!(!request.allow_auto_topic_creation);
                self.metadata().encode(&mut out, version).unwrap();
            }
            ApiKey::Fetch => {
                let request = FetchRequest::decode(&mut body, version).unwrap();
                self.fetch(broker.unwrap(), &request).encode(&mut out, version).unwrap();
            }
            other => panic!("a request of {other:?}"),
        }
        assert!(body.is_empty(), "a request ends where it should");
        out.freeze()
    }

    fn versions(&self) -> ApiVersionsResponse {
        let version = |(key, max_version)| {
            ApiVersion::default().with_api_key(key).with_min_version(0).with_max_version(max_version)
        };
        let known = [(1, self.fetch_version), (3, 13), (17, 1), (18, 4), (36, 2)];
        ApiVersionsResponse::default().with_api_keys(known.map(version).to_vec())
    }

    /// Name, id, and the first number, of each topic.
    fn topics(&self) -> impl Iterator<Item = (&'static str, [u8; 16], i32)> {
        let other = self.others_from.map(|from| (OTHER, OTHER_ID, from));
        std::iter::once((TOPIC, self.topic_id, 0)).chain(other)
    }

    fn metadata(&self) -> MetadataResponse {
        let broker = |(id, (host, port)): (&i32, &(String, u16))| {
            MetadataResponseBroker::default()
                .with_node_id(BrokerId(*id))
                .with_host(StrBytes::from_string(host.clone()))
                .with_port(i32::from(*port))
        };
        let partition = |index: i32, log: &Log| {
            MetadataResponsePartition::default()
                .with_partition_index(index)
                .with_leader_id(BrokerId(log.leader))
                .with_leader_epoch(log.epoch)
                .with_replica_nodes(vec![BrokerId(0), BrokerId(1)])
        };
        let topic = |(name, id, first): (&'static str, [u8; 16], i32)| {
            let end = if first == 0 { self.others_from.unwrap_or(i32::MAX) } else { i32::MAX };
            let own = self.logs.range(first..end).map(|(number, log)| partition(number - first, log));
            let told =
                MetadataResponseTopic::default().with_name(Some(TopicName(StrBytes::from_static_str(name))));
            if name == OTHER && self.other_error != 0 {
                return told.with_error_code(self.other_error);
            }
            told.with_topic_id(Uuid::from_bytes(id)).with_partitions(own.collect())
        };
        MetadataResponse::default()
            .with_brokers(self.brokers.iter().map(broker).collect())
            .with_topics(self.topics().map(topic).collect())
    }

    fn fetch(&mut self, broker: i32, request: &FetchRequest) -> FetchResponse {
        self.fetches += 1;
        assert_eq!((request.session_id, request.session_epoch), (0, -1));
        let mut left = usize::try_from(request.max_bytes).unwrap();
        let mut first = true;
        let mut topics = Vec::new();
        for topic in &request.topics {
            let partitions = topic
                .partitions
                .iter()
                .map(|asked| self.partition(broker, topic, asked, &mut left, &mut first))
                .collect();
            topics.push(
                FetchableTopicResponse::default().with_topic_id(topic.topic_id).with_partitions(partitions),
            );
        }
        if first {
            self.waited_ms += request.max_wait_ms;
        }
        FetchResponse::default().with_throttle_time_ms(self.throttle_ms).with_responses(topics)
    }

    fn partition(
        &self,
        broker: i32,
        topic: &FetchTopic,
        asked: &FetchPartition,
        left: &mut usize,
        first: &mut bool,
    ) -> PartitionData {
        let found = PartitionData::default().with_partition_index(asked.partition);
        let known = self.topics().find(|(_, id, _)| topic.topic_id.into_bytes() == *id);
        let Some((_, _, first_number)) = known else { return found.with_error_code(100) };
        let log = &self.logs[&(first_number + asked.partition)];
        let error = match asked.current_leader_epoch {
            _ if log.leader != broker => 6,
            _ if log.error != 0 => log.error,
            epoch if epoch >= 0 && epoch < log.epoch => 74,
            epoch if epoch > log.epoch => 75,
            _ if !(0..=log.end()).contains(&asked.fetch_offset) => 1,
            _ => 0,
        };
        let found = found.with_error_code(error).with_high_watermark(if error == 0 { log.end() } else { -1 });
        if error != 0 {
            return found;
        }
        let (epoch, end) = log.epoch_end(asked.last_fetched_epoch);
        if asked.last_fetched_epoch >= 0 && (epoch < asked.last_fetched_epoch || end < asked.fetch_offset) {
            return found
                .with_diverging_epoch(EpochEndOffset::default().with_epoch(epoch).with_end_offset(end));
        }
        let mut records = Vec::new();
        for batch in log.batches.iter().filter(|batch| batch.last_offset() >= asked.fetch_offset) {
            records.extend(batch.bytes());
        }
        if log.stuck {
            records.clear();
        }
        let whole = log.batches.iter().find(|batch| batch.last_offset() >= asked.fetch_offset);
        let whole = whole.map_or(0, |batch| batch.bytes().len());
        let most = usize::try_from(asked.partition_max_bytes).unwrap().min(*left);
        if whole > most {
            records.truncate(if *first { whole } else { 0 });
        } else {
            records.truncate(most);
        }
        *first &= records.is_empty();
        *left = left.saturating_sub(records.len());
        found.with_last_stable_offset(log.end()).with_records(Some(records.into()))
    }
}

/// The header of a request, and what follows.
pub fn header(request: &[u8]) -> (Bytes, RequestHeader) {
    let mut body = Bytes::copy_from_slice(&request[4..]);
    let (key, version) = (i16::from_be_bytes([body[0], body[1]]), i16::from_be_bytes([body[2], body[3]]));
    let key = ApiKey::try_from(key).unwrap();
    let header = RequestHeader::decode(&mut body, key.request_header_version(version)).unwrap();
    (body, header)
}
