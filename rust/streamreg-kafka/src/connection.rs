//! Connection: one broker, by a thread that waits for it: a request goes out, its response comes back.

use crate::dial::{self, Way};
use crate::protocol::{Api, Code, api_versions, sasl};
use crate::sasl::Talk;
use crate::settings::Settings;
use bytes::Bytes;
use rustls::ClientConfig;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// What came of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The response, without its length.
    Response(Bytes),
    /// The connection is lost, or never came about: why.
    Lost(String),
    /// The broker is not one for this reader: why.
    Unfit(String),
}

/// What all connections of a reader share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) tls: Option<Arc<ClientConfig>>,
}

/// A broker's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// The reader's end of a connection. The thread ends when this is dropped, or with its outcome if that is no response.
pub(crate) struct Connection {
    requests: Sender<Vec<u8>>,
    socket: Arc<Mutex<Socket>>,
}

/// What there is to be shut down.
enum Socket {
    None,
    Open(TcpStream),
    Closed,
}

impl Connection {
    /// Begins; outcomes are told with this name.
    ///
    /// # Errors
    /// If the system has no thread left.
    pub(crate) fn open<N: Copy + Send + 'static>(
        address: Address,
        name: N,
        shared: Arc<Shared>,
        outcomes: Sender<(N, Outcome)>,
    ) -> io::Result<Self> {
        let (requests, asked) = channel();
        let socket = Arc::new(Mutex::new(Socket::None));
        let own = Arc::clone(&socket);
        thread::Builder::new().name("streamreg-fetch".to_owned()).spawn(move || {
            let tell = |outcome| outcomes.send((name, outcome)).is_ok();
            match Line::open(&address, &shared, &own) {
                Ok(mut line) => line.serve(&asked, tell),
                Err(outcome) => {
                    tell(outcome);
                }
            }
        })?;
        Ok(Self { requests, socket })
    }

    /// Sends a request. If the connection is lost, the outcome says so.
    pub(crate) fn send(&self, request: Vec<u8>) {
        // Without a receiver the thread has told its last outcome.
        drop(self.requests.send(request));
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        if let Socket::Open(stream) = &*socket {
            // It may be closed already.
            drop(stream.shutdown(Shutdown::Both));
        }
        *socket = Socket::Closed;
    }
}

/// The thread's end.
struct Line<'a> {
    way: Way,
    most: usize,
    shared: &'a Shared,
}

impl<'a> Line<'a> {
    /// Connects, and shows who is there.
    fn open(address: &Address, shared: &'a Shared, socket: &Mutex<Socket>) -> Result<Self, Outcome> {
        let lost = |error: io::Error| Outcome::Lost(error.to_string());
        let settings = &shared.settings;
        let stream = dial::socket(&address.host, address.port, settings).map_err(lost)?;
        {
            let mut socket = socket.lock().unwrap_or_else(PoisonError::into_inner);
            if matches!(*socket, Socket::Closed) {
                return Err(Outcome::Lost("it is closed".to_owned()));
            }
            *socket = Socket::Open(stream.try_clone().map_err(lost)?);
        }
        let way = dial::way(stream, &address.host, shared.tls.as_ref()).map_err(lost)?;
        let mut line = Self { way, most: settings.response_bytes, shared };
        line.greet()?;
        Ok(line)
    }

    fn greet(&mut self) -> Result<(), Outcome> {
        let user = self.shared.settings.sasl.as_ref();
        let body = self.ask(Api::API_VERSIONS, |_| ())?;
        let secured = [Api::FETCH, Api::METADATA, Api::SASL_HANDSHAKE, Api::SASL_AUTHENTICATE];
        let needed = if user.is_some() { &secured[..] } else { &secured[..2] };
        if let Some(api) = api_versions::missing(body, needed).map_err(malformed)? {
            return Err(Outcome::Unfit(format!(
                "the broker has no {} request of version {}",
                api.name, api.version
            )));
        }
        let Some(user) = user else { return Ok(()) };
        let mechanism = user.mechanism.name();
        let body = self.ask(Api::SASL_HANDSHAKE, |writer| sasl::write_handshake(writer, mechanism))?;
        let code = sasl::read_handshake(body).map_err(malformed)?;
        if code != Code::NONE {
            return Err(Outcome::Unfit(format!("sasl.mechanism {mechanism}: {}", code.name())));
        }
        let mut talk = Talk::new(user).map_err(Outcome::Unfit)?;
        let mut said: Option<Bytes> = None;
        while let Some(next) = talk.step(said.as_deref()).map_err(Outcome::Unfit)? {
            let body = self.ask(Api::SASL_AUTHENTICATE, |writer| sasl::write_authenticate(writer, &next))?;
            match sasl::read_authenticate(body).map_err(malformed)? {
                Ok(bytes) => said = Some(bytes),
                Err((code, text)) => return Err(Outcome::Unfit(format!("{}: {text}", code.name()))),
            }
        }
        Ok(())
    }

    fn ask(
        &mut self,
        api: Api,
        write: impl FnOnce(&mut crate::protocol::wire::Writer),
    ) -> Result<crate::protocol::wire::Reader, Outcome> {
        let request = api.request(0, &self.shared.settings.client_id, write);
        let frame = self.exchange(&request).map_err(|error| Outcome::Lost(error.to_string()))?;
        api.response(0, frame).map_err(malformed)
    }

    /// Answers requests until nobody is left to make any.
    fn serve(&mut self, asked: &Receiver<Vec<u8>>, tell: impl Fn(Outcome) -> bool) {
        while let Ok(request) = asked.recv() {
            let outcome = match self.exchange(&request) {
                Ok(frame) => Outcome::Response(frame),
                Err(error) => Outcome::Lost(error.to_string()),
            };
            let lost = matches!(outcome, Outcome::Lost(_));
            if !tell(outcome) || lost {
                return;
            }
        }
    }

    /// Sends a request and reads its response.
    fn exchange(&mut self, request: &[u8]) -> io::Result<Bytes> {
        self.way.write_all(request)?;
        self.way.flush()?;
        let mut length = [0; 4];
        self.way.read_exact(&mut length)?;
        let length = usize::try_from(i32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > self.most {
            return Err(io::Error::other(
                "a response is larger than receive.message.max.bytes, or no Kafka broker is there",
            ));
        }
        // Memory is taken as bytes come: a length is not believed at once.
        let mut frame = Vec::new();
        while frame.len() < length {
            let filled = frame.len();
            frame.resize(length.min(filled + STEP), 0);
            self.way.read_exact(&mut frame[filled..])?;
        }
        Ok(frame.into())
    }
}

/// Bytes for which room is made before they come.
const STEP: usize = 8 * 1024 * 1024;

fn malformed(what: crate::protocol::Malformed) -> Outcome {
    Outcome::Lost(format!("a response cannot be read: {}", what.0))
}
