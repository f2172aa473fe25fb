//! TLS and users.

use super::server::{Authenticated, Server, Stream, Users, plaintext, read_all};
use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use ring::{digest, hmac, pbkdf2};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io;
use std::net::TcpStream;
use std::num::NonZeroU32;
use std::sync::Arc;

/// Those who sign certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

/// A certificate and its key, in PEM.
struct Identity {
    certificate: String,
    key: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    fn sign(&self, host: &str, last_year: i32) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        params.not_after = date_time_ymd(last_year, 1, 1);
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Identity { certificate, key: key.serialize_pem() }
    }
}

/// TLS by this identity; with an authority, for clients with a certificate of it only.
fn tls(
    identity: &Identity,
    clients: Option<&Authority>,
) -> impl Fn(TcpStream) -> io::Result<Box<dyn Stream>> + Send + Sync + 'static {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(authority.certificate.as_bytes()).unwrap()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let chain = vec![CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    let config = Arc::new(builder.with_single_cert(chain, key).unwrap());
    move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
        Ok(Box::new(StreamOwned::new(connection, stream)))
    }
}

/// What comes of reading from a cluster so secured.
fn outcome(
    secured: impl Fn(TcpStream) -> io::Result<Box<dyn Stream>> + Send + Sync + 'static,
    users: Option<Users>,
    given: &[(&str, &str)],
) -> Result<usize, String> {
    let (server, _) = Server::of_cluster(Cluster::new(1, 2, 200), "localhost", secured, users);
    let began = Instant::now();
    let outcome = read_all(&mut server.reader(given), 4000).map(|messages| messages.len());
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    outcome
}

/// A certificate of a known authority for this host is good; of another authority, for another host, or out of date it
/// is not, and is not tried again.
#[test]
fn law_certificates_are_checked() {
    let (known, unknown) = (Authority::new("one"), Authority::new("two"));
    let given = [("security.protocol", "ssl"), ("ssl.ca.pem", known.certificate.as_str())];
    assert_eq!(outcome(tls(&known.sign("localhost", 4000), None), None, &given), Ok(4000));
    for (identity, expected) in [
        (unknown.sign("localhost", 4000), "UnknownIssuer"),
        (known.sign("elsewhere", 4000), "not valid for name"),
        (known.sign("localhost", 2001), "expired"),
    ] {
        let began = Instant::now();
        let why = outcome(tls(&identity, None), None, &given).unwrap_err();
        assert!(why.contains(expected), "{why}");
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    }
}

/// Authorities may be files of a folder, as OpenSSL has them: by their names those that are trusted are known.
#[test]
fn law_authorities_may_be_a_folder() {
    let (known, other) = (Authority::new("one"), Authority::new("two"));
    let folder = std::env::temp_dir().join(format!("streamreg-authorities-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let good = Arc::new(tls(&known.sign("localhost", 4000), None));
    let path = folder.to_str().unwrap().to_owned();
    let given = [("security.protocol", "ssl"), ("ssl.ca.location", path.as_str())];
    let read = || {
        let secured = Arc::clone(&good);
        outcome(move |stream| secured(stream), None, &given)
    };
    for name in ["ca.pem", "0123abcd.r0", "0123abc.0", "0123abcd", "0123abcg.0"] {
        std::fs::write(folder.join(name), &known.certificate).unwrap();
    }
    assert_eq!(read(), Err("there is no certificate authority".to_owned()));
    std::fs::write(folder.join("0123abcd.0"), &other.certificate).unwrap();
    std::fs::write(folder.join("4567abcd.0"), "no certificate").unwrap();
    assert!(read().unwrap_err().contains("UnknownIssuer"));
    std::fs::write(folder.join("0123abcd.1"), &known.certificate).unwrap();
    assert_eq!(read(), Ok(4000));
    std::fs::remove_dir_all(&folder).unwrap();
}

/// A file and a text may both have authorities: all of them are trusted.
#[test]
fn law_authorities_may_be_in_two_places() {
    let (known, other) = (Authority::new("one"), Authority::new("two"));
    let path = std::env::temp_dir().join(format!("streamreg-authority-{}.pem", std::process::id()));
    for (file, text) in [(&known, &other), (&other, &known)] {
        std::fs::write(&path, &file.certificate).unwrap();
        let place = ("ssl.ca.location", path.to_str().unwrap());
        let text = ("ssl.ca.pem", text.certificate.as_str());
        for given in [[place, text], [text, place]] {
            let given = [&[("security.protocol", "ssl")], &given[..]].concat();
            assert_eq!(outcome(tls(&known.sign("localhost", 4000), None), None, &given), Ok(4000));
        }
    }
    std::fs::remove_file(&path).unwrap();
}

/// What cannot be used of certificates and keys is known before anything is read. One that only OpenSSL reads is not left
/// out in silence: it may be the broker's.
#[test]
fn law_unusable_certificates_are_an_obstacle() {
    let authority = Authority::new("one");
    let own = authority.sign("me", 4000);
    let obstacle = |authorities: &str, key: &str| {
        streamreg_kafka::obstacle(&settings(&[
            ("security.protocol", "ssl"),
            ("ssl.ca.pem", authorities),
            ("ssl.certificate.pem", &own.certificate),
            ("ssl.key.pem", key),
        ]))
    };
    let good = &authority.certificate;
    let usual = format!("# a comment\r\n{}{good}", good.replace('\n', "\r\n"));
    assert_eq!(obstacle(&usual, &own.key), None);
    assert_eq!(streamreg_kafka::obstacle(&settings(&[("ssl.ca.pem", "of no use")])), None);
    let marked = format!("\u{feff}{good}");
    let trusted = good.replace(" CERTIFICATE", " TRUSTED CERTIFICATE");
    let old = good.replace(" CERTIFICATE", " X509 CERTIFICATE");
    for unusual in [marked, trusted, old] {
        for text in [unusual.clone(), format!("{good}{unusual}")] {
            let why = obstacle(&text, &own.key).unwrap();
            assert!(why.starts_with("ssl.ca.pem: of "), "{why}");
        }
    }
    let why = obstacle(good, &own.key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY")).unwrap();
    assert!(why.starts_with("ssl.key"), "{why}");
    assert!(obstacle(good, &authority.sign("another", 4000).key).is_some());
}

/// The client's certificate is shown to brokers that ask for one; without one, or with another authority's, they refuse.
#[test]
fn law_a_client_may_have_a_certificate() {
    let (servers, clients) = (Authority::new("one"), Authority::new("two"));
    let server = servers.sign("localhost", 4000);
    let base = [("security.protocol", "ssl"), ("ssl.ca.pem", servers.certificate.as_str())];
    let with = |own: &Identity| {
        let own = [("ssl.certificate.pem", own.certificate.as_str()), ("ssl.key.pem", own.key.as_str())];
        outcome(tls(&server, Some(&clients)), None, &[&base[..], &own[..]].concat())
    };
    assert_eq!(with(&clients.sign("me", 4000)), Ok(4000));
    assert!(with(&servers.sign("me", 4000)).is_err());
    assert!(outcome(tls(&server, Some(&clients)), None, &base).is_err());
}

/// TLS where none is, and none where it is, are told in time; so are files that are none.
#[test]
fn law_what_is_no_tls_is_told() {
    let authority = Authority::new("one");
    let given = [("security.protocol", "ssl"), ("ssl.ca.pem", authority.certificate.as_str())];
    let server = Server::new(|mut stream| {
        use io::{Read, Write};
        stream.read_exact(&mut [0; 8])?;
        stream.write_all(b"\0\0\0\x08\0\0\0\0\0\0\0\0")
    });
    let why = read_all(&mut server.reader(&given), 1).unwrap_err();
    assert!(why.contains("InvalidContentType"), "{why}");
    let why = outcome(tls(&authority.sign("localhost", 4000), None), None, &[]).unwrap_err();
    assert!(why.contains("no Kafka broker"), "{why}");
    for (name, value) in [("ssl.ca.location", "/nowhere"), ("ssl.ca.pem", "none"), ("ssl.ca.location", "/")] {
        let given = [("security.protocol", "ssl"), (name, value)];
        outcome(plaintext, None, &given).unwrap_err();
    }
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let own = authority.sign("me", 4000);
    let own = [("ssl.certificate.pem", own.certificate.as_str()), ("ssl.key.pem", encrypted)];
    let why = outcome(plaintext, None, &[&given[..], &own[..]].concat()).unwrap_err();
    assert!(why.starts_with("ssl.key.location: "), "{why}");
}

const USER: [(&str, &str); 2] = [("sasl.username", "ada"), ("sasl.password", "secret")];

fn plain_user() -> Authenticated {
    let conversation: server::Conversation =
        |said, _| if said == b"\0ada\0secret" { Ok(Vec::new()) } else { Err("wrong password") };
    Authenticated { mechanism: "PLAIN", conversation, steps: 0 }
}

/// A user is let in by PLAIN; a wrong password, or a mechanism that the broker has not, is told at once, without the
/// password.
#[test]
fn law_plain_users_are_let_in() {
    let given = [("security.protocol", "sasl_plaintext"), ("sasl.mechanism", "PLAIN")];
    let right = [&given[..], &USER].concat();
    assert_eq!(outcome(plaintext, Some(plain_user), &right), Ok(4000));
    let wrong = [&right[..], &[("sasl.password", "no secret")]].concat();
    let why = outcome(plaintext, Some(plain_user), &wrong).unwrap_err();
    assert_eq!(why, "SASL_AUTHENTICATION_FAILED: wrong password");
    let other = [&right[..], &[("sasl.mechanism", "SCRAM-SHA-512")]].concat();
    let why = outcome(plaintext, Some(plain_user), &other).unwrap_err();
    assert_eq!(why, "sasl.mechanism SCRAM-SHA-512: UNSUPPORTED_SASL_MECHANISM");
}

/// The server's side of SCRAM-SHA-512, which remembers nothing: its challenge can be made again from the second message.
fn scram(said: &[u8], step: usize, password: &str) -> Result<Vec<u8>, &'static str> {
    const SALT: &[u8] = b"salt of a test";
    let said = std::str::from_utf8(said).unwrap();
    let challenge = |nonce: &str| format!("r={nonce},s={},i=4096", BASE64.encode(SALT));
    if step == 0 {
        let nonce = said.strip_prefix("n,,n=ada,r=").ok_or("no first message")?;
        return Ok(challenge(&format!("{nonce}server")).into_bytes());
    }
    let (without_proof, proof) = said.split_once(",p=").ok_or("no proof")?;
    let nonce = without_proof.strip_prefix("c=biws,r=").ok_or("no nonce")?;
    let own = nonce.strip_suffix("server").ok_or("another nonce")?;
    let mut salted = [0; 64];
    let rounds = NonZeroU32::new(4096).unwrap();
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA512, rounds, SALT, password.as_bytes(), &mut salted);
    let keyed = |key: &[u8], text: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA512, key), text);
    let signed = format!("n=ada,r={own},{},{without_proof}", challenge(nonce));
    let client_key = keyed(&salted, b"Client Key");
    let stored = digest::digest(&digest::SHA512, client_key.as_ref());
    let signature = keyed(stored.as_ref(), signed.as_bytes());
    let proof = BASE64.decode(proof).unwrap();
    let found: Vec<u8> = proof.iter().zip(signature.as_ref()).map(|(one, other)| one ^ other).collect();
    if found != client_key.as_ref() {
        return Err("wrong password");
    }
    let server_key = keyed(&salted, b"Server Key");
    let proven = keyed(server_key.as_ref(), signed.as_bytes());
    Ok(format!("v={}", BASE64.encode(proven)).into_bytes())
}

/// Over TLS, a user is let in by SCRAM; not with a wrong password; and a broker that does not know the password, but lets
/// anyone in, is not believed.
#[test]
fn law_scram_users_are_let_in_by_those_who_know_them() {
    let authority = Authority::new("one");
    let given = [
        ("security.protocol", "sasl_ssl"),
        ("sasl.mechanism", "SCRAM-SHA-512"),
        ("ssl.ca.pem", authority.certificate.as_str()),
    ];
    let given = [&given[..], &USER].concat();
    let identity = authority.sign("localhost", 4000);
    let with = |conversation| -> Users {
        match conversation {
            0 => || {
                let conversation: server::Conversation = |said, step| scram(said, step, "secret");
                Authenticated { mechanism: "SCRAM-SHA-512", conversation, steps: 0 }
            },
            1 => || {
                let conversation: server::Conversation = |said, step| scram(said, step, "other");
                Authenticated { mechanism: "SCRAM-SHA-512", conversation, steps: 0 }
            },
            _ => || {
                let conversation: server::Conversation =
                    |said, step| if step == 0 { scram(said, 0, "") } else { Ok(b"v=AAAA".to_vec()) };
                Authenticated { mechanism: "SCRAM-SHA-512", conversation, steps: 0 }
            },
        }
    };
    assert_eq!(outcome(tls(&identity, None), Some(with(0)), &given), Ok(4000));
    let why = outcome(tls(&identity, None), Some(with(1)), &given).unwrap_err();
    assert_eq!(why, "SASL_AUTHENTICATION_FAILED: wrong password");
    let why = outcome(tls(&identity, None), Some(with(2)), &given).unwrap_err();
    assert_eq!(why, "the broker does not show that it knows the password");
}
