//! Beside another implementation of the format, the crate `kafka-protocol`: what it writes is read, and what the writer of
//! these tests writes it reads as we do.

use super::*;
use bytes::BytesMut;
use kafka_protocol::records::{
    Compression, Record as Theirs, RecordBatchDecoder, RecordBatchEncoder, RecordEncodeOptions, TimestampType,
};
use proptest::prelude::*;

fn ours(record: &Theirs) -> Message {
    Message {
        partition: 3,
        offset: record.offset,
        timestamp: (record.timestamp >= 0).then_some(record.timestamp),
        key: record.key.as_ref().map(|key| key.to_vec()),
        value: record.value.as_ref().map(|value| value.to_vec()),
        headers: record
            .headers
            .iter()
            .map(|(name, value)| (name.as_bytes().to_vec(), value.as_ref().map(|value| value.to_vec())))
            .collect(),
    }
}

fn theirs() -> impl Strategy<Value = Theirs> {
    let bytes = || prop::option::weighted(0.8, prop::collection::vec(any::<u8>(), 0..300));
    (bytes(), bytes(), 0..1_000_000i64, prop::option::of(("[a-z]{0,5}", bytes()))).prop_map(
        |(key, value, timestamp, header)| Theirs {
            transactional: false,
            control: false,
            delete_horizon: false,
            partition_leader_epoch: 0,
            producer_id: -1,
            producer_epoch: -1,
            timestamp_type: TimestampType::Creation,
            offset: 0,
            sequence: -1,
            timestamp,
            key: key.map(Bytes::from),
            value: value.map(Bytes::from),
            headers: header.into_iter().map(|(name, value)| (name.into(), value.map(Bytes::from))).collect(),
        },
    )
}

proptest! {
    #![proptest_config(config(500))]

    /// Its batches, plain ones.
    #[test]
    fn differential_their_writer(records in prop::collection::vec(theirs(), 1..20), start in 0..1000i64) {
        let records: Vec<_> = (start..).zip(records).map(|(offset, record)| Theirs { offset, sequence: i32::try_from(offset).unwrap(), ..record }).collect();
        let mut bytes = BytesMut::new();
        let options = RecordEncodeOptions { version: 2, compression: Compression::None };
        RecordBatchEncoder::encode(&mut bytes, &records, &options).unwrap();
        let found = read::read(&mut log(start, None), bytes.to_vec(), &[]).unwrap();
        prop_assert_eq!(found, records.iter().map(ours).collect::<Vec<_>>());
    }

    /// Batches of this writer, with gaps and timestamps of either kind.
    #[test]
    fn differential_their_reader(
        records in prop::collection::vec((theirs(), 1..5i64), 1..20),
        base_offset in 0..1000i64,
        append_time: bool,
    ) {
        let mut delta = -1;
        let records: Vec<_> = records
            .iter()
            .map(|(record, step)| {
                delta += step;
                let Message { timestamp, key, value, headers, .. } = ours(record);
                Record { attributes: 0, timestamp_delta: timestamp.unwrap(), offset_delta: delta, key, value, headers }
            })
            .collect();
        let mut batch = Batch::new(base_offset, records);
        if append_time {
            batch.attributes = write::APPEND_TIME;
            // It does not give the one of the batch.
            batch.records.iter_mut().for_each(|record| record.timestamp_delta = 1_000);
        }
        let sets = RecordBatchDecoder::decode_all(&mut Bytes::from(batch.bytes())).unwrap();
        let expected: Vec<_> = sets.iter().flat_map(|set| &set.records).map(ours).collect();
        let found = read::read(&mut log(0, None), batch.bytes(), &[]).unwrap();
        prop_assert_eq!(found, expected);
    }
}
