//! Reads ranges of offsets of Kafka topics, as fast as the brokers send.
//!
//! What is usual it does itself; whatever is not (an unknown codec, a damaged batch, a setting that it does not know, an
//! error of a broker that needs an answer) it hands over: whoever asked goes on at the next offset with another client.
//! So it need not be complete to be right.

mod aborted;
mod batch;
mod codec;
mod connection;
mod dial;
pub mod fetcher;
mod log;
mod messages;
mod opened;
mod protocol;
mod reader;
mod record;
mod sasl;
mod segment;
pub mod settings;
mod unusual;

pub use aborted::Aborted;
pub use codec::Unpacker;
pub use fetcher::Topics;
pub use log::{Isolation, Options, PartitionLog, Pushed, Room, Span};
pub use messages::{Headers, Messages};
pub use reader::{Batch, HandOver, Reader, obstacle};
pub use unusual::Unusual;
