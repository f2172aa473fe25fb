//! Servers on sockets of this machine: a cluster, or whatever a script says.

use super::*;
use cluster::header;
use kafka_protocol::messages::{
    ApiKey, ResponseHeader, SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest,
    SaslHandshakeResponse,
};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// What a connection is served by.
pub trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// A server that serves each connection by a function of its own thread.
pub struct Server {
    pub port: u16,
    pub connections: Arc<AtomicUsize>,
}

impl Server {
    pub fn new(serve: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let (serve, counted) = (Arc::new(serve), Arc::clone(&connections));
        thread::spawn(move || {
            for stream in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
                let serve = Arc::clone(&serve);
                thread::spawn(move || serve(stream.unwrap()));
            }
        });
        Self { port, connections }
    }

    /// That of a cluster with one broker, which is this server under this name.
    pub fn of_cluster(
        cluster: Cluster,
        host: &'static str,
        secured: impl Fn(TcpStream) -> io::Result<Box<dyn Stream>> + Send + Sync + 'static,
        users: Option<Users>,
    ) -> (Self, Arc<Mutex<Cluster>>) {
        let cluster = Arc::new(Mutex::new(cluster));
        let own = Arc::clone(&cluster);
        let server = Self::new(move |stream| {
            let port = stream.local_addr()?.port();
            own.lock().unwrap().brokers.insert(0, (host.to_owned(), port));
            let mut stream = secured(stream)?;
            let mut user = users.map(|scram| scram());
            loop {
                let request = frame(&mut *stream)?;
                let response = match user.as_mut().and_then(|user| user.respond(&request)) {
                    Some(response) => response,
                    None => own.lock().unwrap().respond(Some(0), &request),
                };
                send(&mut *stream, &response)?;
            }
        });
        (server, cluster)
    }

    pub fn settings(&self, host: &str, given: &[(&str, &str)]) -> Settings {
        let servers = format!("{host}:{}", self.port);
        settings(&[&[("bootstrap.servers", servers.as_str())], given].concat())
    }

    pub fn reader(&self, given: &[(&str, &str)]) -> Reader {
        let spans = spans(2);
        let topics = Topics::alone(cluster::TOPIC, None, &spans);
        Reader::new(self.settings("localhost", given), topics, &spans)
    }
}

/// As it is.
#[allow(clippy::unnecessary_wraps, reason = "others fail")]
pub fn plaintext(stream: TcpStream) -> io::Result<Box<dyn Stream>> {
    Ok(Box::new(stream))
}

/// A request with its length.
pub fn frame(stream: &mut (impl Read + ?Sized)) -> io::Result<Vec<u8>> {
    let mut request = vec![0; 4];
    stream.read_exact(&mut request)?;
    let length = u32::from_be_bytes(*request.first_chunk().unwrap());
    request.resize(4 + length as usize, 0);
    stream.read_exact(&mut request[4..])?;
    Ok(request)
}

pub fn send(stream: &mut (impl Write + ?Sized), response: &[u8]) -> io::Result<()> {
    stream.write_all(&u32::try_from(response.len()).unwrap().to_be_bytes())?;
    stream.write_all(response)?;
    stream.flush()
}

/// Makes the broker's side of a conversation: what it says to each message; an error if it refuses.
pub type Conversation = fn(&[u8], usize) -> Result<Vec<u8>, &'static str>;
pub type Users = fn() -> Authenticated;

/// A connection whose user must show who it is first.
pub struct Authenticated {
    pub mechanism: &'static str,
    pub conversation: Conversation,
    pub steps: usize,
}

impl Authenticated {
    /// The response to what is about the user; `None` for any other request.
    fn respond(&mut self, request: &[u8]) -> Option<Bytes> {
        let (mut body, header) = header(request);
        let (key, version) = (ApiKey::try_from(header.request_api_key).unwrap(), header.request_api_version);
        let mut out = bytes::BytesMut::new();
        let correlation = ResponseHeader::default().with_correlation_id(header.correlation_id);
        correlation.encode(&mut out, key.response_header_version(version)).unwrap();
        match key {
            ApiKey::SaslHandshake => {
                let asked = SaslHandshakeRequest::decode(&mut body, version).unwrap();
                let error = if asked.mechanism.as_str() == self.mechanism { 0 } else { 33 };
                let known = vec![StrBytes::from_static_str(self.mechanism)];
                let response = SaslHandshakeResponse::default().with_error_code(error).with_mechanisms(known);
                response.encode(&mut out, version).unwrap();
            }
            ApiKey::SaslAuthenticate => {
                let asked = SaslAuthenticateRequest::decode(&mut body, version).unwrap();
                let response = match (self.conversation)(&asked.auth_bytes, self.steps) {
                    Ok(said) => SaslAuthenticateResponse::default().with_auth_bytes(said.into()),
                    Err(why) => SaslAuthenticateResponse::default()
                        .with_error_code(58)
                        .with_error_message(Some(StrBytes::from_static_str(why))),
                };
                self.steps += 1;
                response.encode(&mut out, version).unwrap();
            }
            _ => return None,
        }
        Some(out.freeze())
    }
}

pub type Delivered = Result<Vec<(i32, i64, String)>, String>;

/// Reads until so many messages are there, or it hands over; for a minute at most.
pub fn read_all(reader: &mut Reader, messages: usize) -> Delivered {
    let until = Instant::now() + Duration::from_secs(60);
    let mut all = Vec::new();
    while all.len() < messages {
        assert!(Instant::now() < until, "{} messages came", all.len());
        let batch = reader.read(Duration::from_millis(200), ALL).map_err(|why| why.to_string())?;
        all.extend(batch.into_iter().flat_map(|batch| plain(&batch.messages)));
    }
    all.sort();
    Ok(all)
}
