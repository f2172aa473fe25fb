//! Settings: which of librdkafka's this reader knows. Any other is left to the client, which knows them all.

mod known;
mod security;

use security::Raw;
use std::fmt;
use std::time::Duration;

/// What a reader needs to know of the user's settings.
#[derive(Clone)]
pub struct Settings {
    /// Hosts and ports of `bootstrap.servers`.
    pub servers: Vec<(String, u16)>,
    /// `client.id`.
    pub client_id: String,
    /// TLS, if `security.protocol` has it.
    pub tls: Option<Tls>,
    /// A user, if it has one.
    pub sasl: Option<Sasl>,
    /// `isolation.level`: whether messages of open and aborted transactions are left out.
    pub read_committed: bool,
    /// `check.crcs`.
    pub check_crcs: bool,
    /// `receive.message.max.bytes`: of a response, and of a batch when it is unpacked.
    pub response_bytes: usize,
    /// `fetch.max.bytes`.
    pub fetch_bytes: Option<usize>,
    /// `fetch.message.max.bytes`: of a partition.
    pub partition_bytes: Option<usize>,
    /// `fetch.min.bytes`.
    pub min_bytes: usize,
    /// `fetch.wait.max.ms`.
    pub wait: Duration,
    /// `socket.connection.setup.timeout.ms`.
    pub connect_timeout: Duration,
    /// `socket.timeout.ms`.
    pub response_timeout: Duration,
    /// `socket.keepalive.enable`.
    pub keepalive: bool,
    /// `broker.address.family`.
    pub family: Family,
}

/// Which addresses of a host are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// All of them.
    Any,
    /// Those of IPv4.
    V4,
    /// Those of IPv6.
    V6,
}

/// Certificates and keys, in PEM.
#[derive(Clone)]
pub struct Tls {
    /// Which authorities are trusted, all of these; none: those of the system.
    pub authorities: Vec<Pem>,
    /// The client's own certificate and key.
    pub identity: Option<(Pem, Pem)>,
}

/// A file in PEM, or its content.
#[derive(Clone)]
pub enum Pem {
    /// Its path.
    File(String),
    /// Its content.
    Text(String),
}

/// How a user shows who it is.
#[derive(Clone)]
pub struct Sasl {
    /// The mechanism.
    pub mechanism: Mechanism,
    /// Its name.
    pub username: String,
    /// Its password.
    pub password: String,
}

/// A SASL mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// RFC 4616.
    Plain,
    /// RFC 7677.
    ScramSha256,
    /// The same with SHA-512.
    ScramSha512,
}

/// Why this reader cannot read with some settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotKnown(String);

impl fmt::Display for NotKnown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for NotKnown {}

impl Settings {
    /// Reads settings by librdkafka's names, in the order in which they are given; of a name and its alias the last counts.
    ///
    /// # Errors
    /// [`NotKnown`] for a name or a value that is left to the client.
    pub fn of<'a>(given: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, NotKnown> {
        let mut raw = Raw::default();
        let mut found = Self::default();
        for (name, value) in given {
            let value = value.trim_start_matches(is_blank);
            if !raw.take(name, value)? && !found.take(name, value)? {
                known::check(name, value)?;
            }
        }
        found.secure(raw)?;
        if found.servers.is_empty() {
            return Err(not_known("bootstrap.servers", "is missing"));
        }
        Ok(found)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<bool, NotKnown> {
        match name {
            "bootstrap.servers" | "metadata.broker.list" => self.servers = servers(name, value)?,
            "client.id" => value.clone_into(&mut self.client_id),
            "isolation.level" => {
                self.read_committed = match value {
                    "read_committed" => true,
                    "read_uncommitted" => false,
                    _ => return Err(other_value(name)),
                }
            }
            "check.crcs" => self.check_crcs = boolean(name, value)?,
            "receive.message.max.bytes" => self.response_bytes = number(name, value)?,
            "fetch.max.bytes" => self.fetch_bytes = Some(number(name, value)?),
            "fetch.message.max.bytes" | "max.partition.fetch.bytes" => {
                self.partition_bytes = Some(number(name, value)?);
            }
            "fetch.min.bytes" => self.min_bytes = number(name, value)?,
            "fetch.wait.max.ms" => self.wait = milliseconds(name, value)?,
            "socket.connection.setup.timeout.ms" => self.connect_timeout = milliseconds(name, value)?,
            "socket.timeout.ms" => self.response_timeout = milliseconds(name, value)?,
            "socket.keepalive.enable" => self.keepalive = boolean(name, value)?,
            "broker.address.family" => {
                self.family = match value {
                    "any" => Family::Any,
                    "v4" => Family::V4,
                    "v6" => Family::V6,
                    _ => return Err(other_value(name)),
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            client_id: "rdkafka".to_owned(),
            tls: None,
            sasl: None,
            read_committed: true,
            check_crcs: true,
            response_bytes: 100_000_000,
            fetch_bytes: None,
            partition_bytes: None,
            min_bytes: 1,
            wait: Duration::from_millis(500),
            connect_timeout: Duration::from_secs(30),
            response_timeout: Duration::from_secs(60),
            keepalive: false,
            family: Family::Any,
        }
    }
}

/// What librdkafka leaves out before a value, and C calls blank.
fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t'..='\r')
}

fn servers(name: &str, value: &str) -> Result<Vec<(String, u16)>, NotKnown> {
    value.split(',').map(str::trim).filter(|server| !server.is_empty()).map(|one| server(name, one)).collect()
}

fn server(name: &str, text: &str) -> Result<(String, u16), NotKnown> {
    // A protocol may stand before it, as in PLAINTEXT://host:9092: librdkafka takes only its own.
    if text.contains("://") {
        return Err(other_value(name));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.starts_with('[') => (host, port),
        _ => (text, "9092"),
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let port = port.parse().map_err(|_| other_value(name))?;
    if host.is_empty() { Err(other_value(name)) } else { Ok((host.to_owned(), port)) }
}

fn boolean(name: &str, value: &str) -> Result<bool, NotKnown> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" => Ok(true),
        "false" | "f" | "0" => Ok(false),
        _ => Err(other_value(name)),
    }
}

fn number(name: &str, value: &str) -> Result<usize, NotKnown> {
    whole(name, value).map(|number| number as usize)
}

fn milliseconds(name: &str, value: &str) -> Result<Duration, NotKnown> {
    whole(name, value).map(|number| Duration::from_millis(number.into()))
}

fn whole(name: &str, value: &str) -> Result<u32, NotKnown> {
    // After a zero librdkafka reads a number as C does: octal, or after 0x hexadecimal.
    if value.len() > 1 && value.starts_with('0') {
        return Err(other_value(name));
    }
    value.parse().map_err(|_| other_value(name))
}

/// The value is not shown: it may be a secret.
fn other_value(name: &str) -> NotKnown {
    not_known(name, "with this value is")
}

fn not_known(name: &str, what: &str) -> NotKnown {
    NotKnown(format!("{name} {what} not known to the native reader"))
}

#[cfg(test)]
mod tests;
