//! Writes batches as brokers have them, right or wrong: every field can be set.

use super::pack::Packing;

/// A batch of records.
#[derive(Clone, Debug)]
pub struct Batch {
    pub base_offset: i64,
    /// `None`: that of the last record, or 0.
    pub last_delta: Option<i32>,
    pub leader_epoch: i32,
    pub packing: Packing,
    /// Beside the codec: [`TRANSACTIONAL`], [`CONTROL`], [`APPEND_TIME`].
    pub attributes: u8,
    pub base_timestamp: i64,
    pub max_timestamp: i64,
    pub producer_id: i64,
    pub records: Vec<Record>,
    /// `None`: as many as there are.
    pub count: Option<i32>,
}

pub const APPEND_TIME: u8 = 1 << 3;
pub const TRANSACTIONAL: u8 = 1 << 4;
pub const CONTROL: u8 = 1 << 5;

/// A record of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    pub attributes: u8,
    pub timestamp_delta: i64,
    pub offset_delta: i64,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl Record {
    /// With nothing but a value.
    pub fn new(offset_delta: i64, value: &[u8]) -> Self {
        Self { offset_delta, value: Some(value.to_vec()), ..Self::default() }
    }

    /// With its length before it.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        let mut body = vec![self.attributes];
        varint(self.timestamp_delta, &mut body);
        varint(self.offset_delta, &mut body);
        nullable(self.key.as_deref(), &mut body);
        nullable(self.value.as_deref(), &mut body);
        varint(self.headers.len() as i64, &mut body);
        for (name, value) in &self.headers {
            nullable(Some(name), &mut body);
            nullable(value.as_deref(), &mut body);
        }
        varint(body.len() as i64, bytes);
        bytes.extend(body);
    }
}

impl Batch {
    /// One that is not compressed, of these records.
    pub fn new(base_offset: i64, records: Vec<Record>) -> Self {
        Self {
            base_offset,
            last_delta: None,
            leader_epoch: 0,
            packing: Packing::Plain,
            attributes: 0,
            base_timestamp: 1_000,
            max_timestamp: 2_000,
            producer_id: -1,
            records,
            count: None,
        }
    }

    /// The values at successive offsets.
    pub fn of_values(base_offset: i64, values: &[&[u8]]) -> Self {
        let records = (0..).zip(values).map(|(delta, value)| Record::new(delta, value));
        Self::new(base_offset, records.collect())
    }

    /// The end of a transaction.
    pub fn marker(base_offset: i64, producer_id: i64, committed: bool) -> Self {
        let key = Some(vec![0, 0, 0, u8::from(committed)]);
        let record = Record { key, value: Some(vec![0, 0, 0, 0, 0, 5]), ..Record::default() };
        Self { attributes: TRANSACTIONAL | CONTROL, producer_id, ..Self::new(base_offset, vec![record]) }
    }

    pub fn last_offset(&self) -> i64 {
        let of_records = self.records.last().map_or(0, |record| record.offset_delta);
        self.base_offset + self.last_delta.map_or(of_records, i64::from)
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut records = Vec::new();
        self.records.iter().for_each(|record| record.write(&mut records));
        let last_delta = self.last_delta.unwrap_or_else(|| (self.last_offset() - self.base_offset) as i32);
        let mut checked = vec![0, self.attributes | self.packing.codec()];
        checked.extend(last_delta.to_be_bytes());
        checked.extend(self.base_timestamp.to_be_bytes());
        checked.extend(self.max_timestamp.to_be_bytes());
        checked.extend(self.producer_id.to_be_bytes());
        checked.extend([0; 2]);
        checked.extend((-1i32).to_be_bytes());
        checked.extend(self.count.unwrap_or(self.records.len() as i32).to_be_bytes());
        if !records.is_empty() {
            checked.extend(self.packing.pack(&records));
        }
        let mut bytes = self.base_offset.to_be_bytes().to_vec();
        bytes.extend((checked.len() as i32 + 9).to_be_bytes());
        bytes.extend(self.leader_epoch.to_be_bytes());
        bytes.push(2);
        bytes.extend(checksum(&checked).to_be_bytes());
        bytes.extend(checked);
        bytes
    }
}

/// Makes the checksum of a batch right again.
pub fn sign(batch: &mut [u8]) {
    let sum = checksum(&batch[21..]);
    batch[17..21].copy_from_slice(&sum.to_be_bytes());
}

pub fn varint(value: i64, bytes: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while rest >= 0x80 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

fn nullable(value: Option<&[u8]>, bytes: &mut Vec<u8>) {
    varint(value.map_or(-1, |value| value.len() as i64), bytes);
    bytes.extend(value.unwrap_or_default());
}

/// CRC-32C (Castagnoli), bit by bit.
fn checksum(bytes: &[u8]) -> u32 {
    let folded = bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ ((sum & 1) * 0x82F6_3B78))
    });
    !folded
}
