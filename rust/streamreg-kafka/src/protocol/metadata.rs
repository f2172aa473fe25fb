//! Protocol: the brokers of a cluster, and who leads the partitions of topics.

use super::wire::{Reader, Writer};
use super::{Code, Malformed};

/// A cluster, and topics of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cluster {
    pub(crate) throttle_ms: i32,
    pub(crate) brokers: Vec<Broker>,
    pub(crate) topics: Vec<Topic>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Topic {
    pub(crate) code: Code,
    pub(crate) name: String,
    pub(crate) id: [u8; 16],
    pub(crate) partitions: Vec<Partition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broker {
    pub(crate) id: i32,
    pub(crate) host: String,
    pub(crate) port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Partition {
    pub(crate) code: Code,
    pub(crate) index: i32,
    /// -1 if it has none.
    pub(crate) leader: i32,
    pub(crate) leader_epoch: i32,
}

/// The body of a request about topics of these names.
pub(crate) fn write<'a>(writer: &mut Writer, topics: impl ExactSizeIterator<Item = &'a str>) {
    writer.count(topics.len());
    for topic in topics {
        writer.raw(&[0; 16]);
        writer.compact_string(topic);
        writer.no_tags();
    }
    // A topic must not be made by being asked about; no one asks who may do what.
    writer.u8(0);
    writer.u8(0);
    writer.no_tags();
}

/// Reads the response.
///
/// # Errors
/// [`Malformed`] if the body is none of such a response.
pub(crate) fn read(mut body: Reader) -> Result<Cluster, Malformed> {
    let throttle_ms = body.i32()?;
    let brokers = body.compact_items(|item| {
        let (id, host, port) = (item.i32()?, item.compact_text()?, item.i32()?);
        item.compact_bytes()?; // Its rack.
        item.skip_tags()?;
        let port = u16::try_from(port).map_err(|_| Malformed("a broker has no such port"))?;
        Ok(Broker { id, host, port })
    })?;
    body.compact_bytes()?; // The id of the cluster.
    body.i32()?; // Its controller.
    let topics = body.compact_items(|item| {
        let code = Code(item.i16()?);
        let (name, id) = (item.compact_text()?, item.uuid()?);
        item.u8()?; // Whether it is internal.
        let partitions = item.compact_items(partition)?;
        item.i32()?; // Who may do what.
        item.skip_tags()?;
        Ok(Topic { code, name, id, partitions })
    })?;
    Ok(Cluster { throttle_ms, brokers, topics })
}

fn partition(item: &mut Reader) -> Result<Partition, Malformed> {
    let code = Code(item.i16()?);
    let (index, leader, leader_epoch) = (item.i32()?, item.i32()?, item.i32()?);
    for _ in 0..3 {
        item.compact_items(Reader::i32)?; // Replicas, those in sync, those offline.
    }
    item.skip_tags()?;
    Ok(Partition { code, index, leader, leader_epoch })
}
