//! Connection, the way: TCP, and TLS on it.

use crate::settings::{Family, Pem, Settings, Tls};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use socket2::{SockRef, TcpKeepalive};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A way to a broker.
pub(crate) enum Way {
    Plain(TcpStream),
    Encrypted(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Read for Way {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(into),
            Self::Encrypted(stream) => stream.read(into),
        }
    }
}

impl Write for Way {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Encrypted(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Encrypted(stream) => stream.flush(),
        }
    }
}

/// Sockets take no timeout of nothing.
const LEAST_TIMEOUT: Duration = Duration::from_millis(1);

/// Opens the socket: of the addresses of the host the first that takes it.
///
/// # Errors
/// If none does within the time for connections.
pub(crate) fn socket(host: &str, port: u16, settings: &Settings) -> io::Result<TcpStream> {
    let wanted = |address: &SocketAddr| match settings.family {
        Family::Any => true,
        Family::V4 => address.is_ipv4(),
        Family::V6 => address.is_ipv6(),
    };
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no such address");
    for address in (host, port).to_socket_addrs()?.filter(wanted) {
        match TcpStream::connect_timeout(&address, settings.connect_timeout.max(LEAST_TIMEOUT)) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                // A broker may wait for messages before it responds.
                let timeout = settings.response_timeout.max(LEAST_TIMEOUT) + settings.wait;
                stream.set_read_timeout(Some(timeout))?;
                stream.set_write_timeout(Some(timeout))?;
                if settings.keepalive {
                    SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new())?;
                }
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Makes a way of a socket.
///
/// # Errors
/// If the broker cannot show that it is this host.
pub(crate) fn way(stream: TcpStream, host: &str, tls: Option<&Arc<ClientConfig>>) -> io::Result<Way> {
    let Some(config) = tls else { return Ok(Way::Plain(stream)) };
    let name = ServerName::try_from(host.to_owned()).map_err(wrong)?;
    let connection = ClientConnection::new(Arc::clone(config), name).map_err(wrong)?;
    let mut stream = StreamOwned::new(connection, stream);
    // At once, so that what is wrong is told for what it is.
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(Way::Encrypted(Box::new(stream)))
}

/// It will not be right at another time.
fn wrong(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// What TLS is to be like.
///
/// # Errors
/// What is wrong with a certificate or a key; of a key that is encrypted too.
pub(crate) fn tls(settings: &Tls) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(authorities(&settings.authorities)?);
    let config = match &settings.identity {
        None => config.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates("ssl.certificate.location", certificate)?;
            let key = PrivateKeyDer::from_pem_slice(&read("ssl.key.location", key)?)
                .map_err(|error| format!("ssl.key.location: {error}"))?;
            config.with_client_auth_cert(chain, key).map_err(|error| format!("ssl.key.location: {error}"))?
        }
    };
    Ok(Arc::new(config))
}

fn authorities(given: &[Pem]) -> Result<RootCertStore, String> {
    let mut trusted = RootCertStore::empty();
    if given.is_empty() {
        // Of those of a system some may be too old to be read; the others count.
        trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    for pem in given {
        match pem {
            Pem::File(path) if Path::new(path).is_dir() => {
                trusted.add_parsable_certificates(of_folder(path)?);
            }
            Pem::File(_) => trust_all("ssl.ca.location", pem, &mut trusted)?,
            Pem::Text(_) => trust_all("ssl.ca.pem", pem, &mut trusted)?,
        }
    }
    if trusted.is_empty() { Err("there is no certificate authority".to_owned()) } else { Ok(trusted) }
}

/// Trusts all certificates that stand there: the broker's may be any of them.
///
/// # Errors
/// If one cannot be read, or is written in a way that only OpenSSL reads.
fn trust_all(setting: &str, pem: &Pem, trusted: &mut RootCertStore) -> Result<(), String> {
    let text = read(setting, pem)?;
    // They may be called TRUSTED, X509 or neither.
    let begins = |line: &&str| line.contains("-----BEGIN ") && line.contains("CERTIFICATE-----");
    let begun = String::from_utf8_lossy(&text).lines().filter(begins).count();
    let found: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("{setting}: {error}"))?;
    let (added, _) = trusted.add_parsable_certificates(found);
    if added == begun {
        return Ok(());
    }
    Err(format!("{setting}: of {begun} certificates {added} can be read"))
}

/// All that OpenSSL would find there, which looks for one by the hash of its name when it needs it.
fn of_folder(path: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let failed = |error: io::Error| format!("ssl.ca.location: {path}: {error}");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().to_str().is_some_and(is_hashed)
            // One that cannot be read is of no matter if the broker's is another: if it is not, that is told.
            && let Ok(text) = std::fs::read(entry.path())
        {
            found.extend(CertificateDer::pem_slice_iter(&text).filter_map(Result::ok));
        }
    }
    Ok(found)
}

/// Whether a file is called as `openssl rehash` calls certificates: eight digits of a hash, and a number.
fn is_hashed(name: &str) -> bool {
    name.split_once('.').is_some_and(|(hash, number)| {
        hash.len() == 8
            && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn certificates(setting: &str, pem: &Pem) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_slice_iter(&read(setting, pem)?)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("{setting}: {error}"))
}

fn read(setting: &str, pem: &Pem) -> Result<Vec<u8>, String> {
    match pem {
        Pem::Text(text) => Ok(text.clone().into_bytes()),
        Pem::File(path) => std::fs::read(path).map_err(|error| format!("{setting}: {path}: {error}")),
    }
}
