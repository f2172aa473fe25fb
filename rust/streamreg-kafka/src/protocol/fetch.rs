//! Protocol: messages of partitions of topics, from given offsets on.

use super::wire::{Reader, Writer};
use super::{Code, Malformed};
use crate::aborted::Aborted;
use bytes::Bytes;

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) wait_ms: i32,
    pub(crate) min_bytes: i32,
    pub(crate) max_bytes: i32,
    pub(crate) read_committed: bool,
    pub(crate) topics: Vec<Topic<Wanted>>,
}

/// What is asked for, or came, of a topic.
#[derive(Clone, Debug)]
pub(crate) struct Topic<Of> {
    pub(crate) id: [u8; 16],
    pub(crate) partitions: Vec<Of>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) partition: i32,
    /// As the metadata had it: an older or newer leader refuses.
    pub(crate) leader_epoch: i32,
    pub(crate) offset: i64,
    /// Of the message before the offset, -1 if it is not known: a leader whose log differs says so.
    pub(crate) fetched_epoch: i32,
    pub(crate) max_bytes: i32,
}

/// The body of the request, of no fetch session.
pub(crate) fn write(writer: &mut Writer, request: &Request) {
    writer.i32(-1); // A consumer, and no replica.
    writer.i32(request.wait_ms);
    writer.i32(request.min_bytes);
    writer.i32(request.max_bytes);
    writer.u8(u8::from(request.read_committed));
    writer.i32(0);
    writer.i32(-1);
    writer.count(request.topics.len());
    for topic in &request.topics {
        writer.raw(&topic.id);
        writer.count(topic.partitions.len());
        for wanted in &topic.partitions {
            writer.i32(wanted.partition);
            writer.i32(wanted.leader_epoch);
            writer.i64(wanted.offset);
            writer.i32(wanted.fetched_epoch);
            writer.i64(-1); // Where its log begins, which replicas tell.
            writer.i32(wanted.max_bytes);
            writer.no_tags();
        }
        writer.no_tags();
    }
    writer.count(0); // Partitions to be forgotten.
    writer.compact_string(""); // The rack.
    writer.no_tags();
}

/// What came.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) throttle_ms: i32,
    pub(crate) code: Code,
    pub(crate) topics: Vec<Topic<Fetched>>,
}

/// Of one partition.
#[derive(Clone, Debug)]
pub(crate) struct Fetched {
    pub(crate) partition: i32,
    pub(crate) code: Code,
    /// The end of the log, as consumers see it.
    pub(crate) high_watermark: i64,
    /// Where transactions that are not over yet begin; -1 if nobody asked.
    pub(crate) last_stable: i64,
    pub(crate) aborted: Vec<Aborted>,
    /// Whether the log before the offset is another one.
    pub(crate) diverges: bool,
    pub(crate) records: Bytes,
}

impl Fetched {
    /// The offset before which there is something to read.
    pub(crate) fn readable(&self, read_committed: bool) -> i64 {
        if read_committed && self.last_stable >= 0 {
            self.high_watermark.min(self.last_stable)
        } else {
            self.high_watermark
        }
    }
}

/// Reads the response.
///
/// # Errors
/// [`Malformed`] if the body is none of such a response.
pub(crate) fn read(mut body: Reader) -> Result<Response, Malformed> {
    let (throttle_ms, code) = (body.i32()?, Code(body.i16()?));
    body.i32()?; // The fetch session.
    let topics = body.compact_items(|item| {
        let (id, partitions) = (item.uuid()?, item.compact_items(fetched)?);
        item.skip_tags()?;
        Ok(Topic { id, partitions })
    })?;
    Ok(Response { throttle_ms, code, topics })
}

/// The tag of the field that says where a log has diverged.
const DIVERGING_EPOCH: u32 = 0;

fn fetched(item: &mut Reader) -> Result<Fetched, Malformed> {
    let (partition, code, high_watermark) = (item.i32()?, Code(item.i16()?), item.i64()?);
    let last_stable = item.i64()?;
    item.i64()?; // Where the log begins.
    let aborted = item.compact_items(|item| {
        let (producer_id, first_offset) = (item.i64()?, item.i64()?);
        item.skip_tags()?;
        Ok(Aborted { producer_id, first_offset })
    })?;
    item.i32()?; // A replica to read from, which is for those with a rack.
    let records = item.compact_bytes()?;
    let mut diverges = false;
    item.tags(|tag, _| {
        diverges |= tag == DIVERGING_EPOCH;
        Ok(())
    })?;
    Ok(Fetched { partition, code, high_watermark, last_stable, aborted, diverges, records })
}
