//! Protocol: the few requests that a reader makes, and their responses, as bytes.
//!
//! Of [Kafka's protocol](https://kafka.apache.org/protocol) that is `ApiVersions` (version 0), `Metadata` (12), `Fetch`
//! (13), `SaslHandshake` (1) and `SaslAuthenticate` (1). Whatever the bytes of a response are, it is an error or a value
//! no larger than they: no count that they tell is believed before as many items are there.

pub(crate) mod api_versions;
pub(crate) mod fetch;
pub(crate) mod metadata;
pub(crate) mod sasl;
pub(crate) mod wire;

use bytes::Bytes;
use wire::{Reader, Writer};

/// Which request, in which version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Api {
    pub(crate) name: &'static str,
    pub(crate) key: i16,
    pub(crate) version: i16,
    /// Whether its headers end with tagged fields (KIP-482).
    flexible: bool,
}

impl Api {
    /// All that this reader uses.
    pub(crate) const FETCH: Self = Self { name: "Fetch", key: 1, version: 13, flexible: true };
    pub(crate) const METADATA: Self = Self { name: "Metadata", key: 3, version: 12, flexible: true };
    pub(crate) const SASL_HANDSHAKE: Self =
        Self { name: "SaslHandshake", key: 17, version: 1, flexible: false };
    pub(crate) const API_VERSIONS: Self = Self { name: "ApiVersions", key: 18, version: 0, flexible: false };
    pub(crate) const SASL_AUTHENTICATE: Self =
        Self { name: "SaslAuthenticate", key: 36, version: 1, flexible: false };

    /// A whole request, with its length before it.
    pub(crate) fn request(self, correlation: i32, client: &str, body: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.i32(0);
        writer.i16(self.key);
        writer.i16(self.version);
        writer.i32(correlation);
        writer.string(client);
        if self.flexible {
            writer.no_tags();
        }
        body(&mut writer);
        let mut bytes = writer.finish();
        let length = u32::try_from(bytes.len() - 4).unwrap_or(u32::MAX);
        bytes[..4].copy_from_slice(&length.to_be_bytes());
        bytes
    }

    /// The body of a response, which came without its length.
    ///
    /// # Errors
    /// [`Malformed`] if it is none to this request.
    pub(crate) fn response(self, correlation: i32, frame: Bytes) -> Result<Reader, Malformed> {
        let mut reader = Reader::new(frame);
        if reader.i32()? != correlation {
            return Err(Malformed("it belongs to another request"));
        }
        if self.flexible {
            reader.skip_tags()?;
        }
        Ok(reader)
    }
}

/// Bytes that are no response: what is wrong with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// What an error code means (<https://kafka.apache.org/protocol#protocol_error_codes>); 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) i16);

impl Code {
    pub(crate) const NONE: Self = Self(0);

    /// Whether another leader, or the same one a little later, would respond.
    pub(crate) fn passes(self) -> bool {
        // UNKNOWN_TOPIC_OR_PARTITION, LEADER_NOT_AVAILABLE, NOT_LEADER_OR_FOLLOWER, REPLICA_NOT_AVAILABLE,
        // KAFKA_STORAGE_ERROR, FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH, OFFSET_NOT_AVAILABLE, UNKNOWN_TOPIC_ID,
        // INCONSISTENT_TOPIC_ID: a broker that has just started does not know yet which topics there are.
        matches!(self.0, 3 | 5 | 6 | 9 | 56 | 74 | 75 | 78 | 100 | 103)
    }

    /// Its name, or its number.
    pub(crate) fn name(self) -> String {
        let name = match self.0 {
            1 => "OFFSET_OUT_OF_RANGE",
            3 => "UNKNOWN_TOPIC_OR_PARTITION",
            5 => "LEADER_NOT_AVAILABLE",
            6 => "NOT_LEADER_OR_FOLLOWER",
            9 => "REPLICA_NOT_AVAILABLE",
            29 => "TOPIC_AUTHORIZATION_FAILED",
            33 => "UNSUPPORTED_SASL_MECHANISM",
            34 => "ILLEGAL_SASL_STATE",
            35 => "UNSUPPORTED_VERSION",
            56 => "KAFKA_STORAGE_ERROR",
            58 => "SASL_AUTHENTICATION_FAILED",
            74 => "FENCED_LEADER_EPOCH",
            75 => "UNKNOWN_LEADER_EPOCH",
            78 => "OFFSET_NOT_AVAILABLE",
            100 => "UNKNOWN_TOPIC_ID",
            103 => "INCONSISTENT_TOPIC_ID",
            code => return format!("error {code}"),
        };
        name.to_owned()
    }
}
