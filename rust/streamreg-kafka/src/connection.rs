//! Connection: one broker, by a thread that waits for it: a request goes out, its response comes back.

use crate::dial::{self, Way};
use crate::protocol::wire::{Reader, Writer};
use crate::protocol::{Api, Code, Malformed, api_versions, sasl};
use crate::sasl::Talk;
use crate::settings::{Sasl, Settings};
use bytes::Bytes;
use rustls::ClientConfig;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What comes of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The response, without its length.
    Response(Bytes),
    /// There is something of the response, or of what comes before it, and more is to come. Told once in a while.
    Arriving,
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
            match Line::open(&address, &shared, &own, &tell) {
                Ok(mut line) => line.serve(&asked),
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
    shared: &'a Shared,
    /// Tells an outcome; whether anyone is left to hear it.
    tell: &'a dyn Fn(Outcome) -> bool,
}

impl<'a> Line<'a> {
    /// Connects, and shows who is there.
    fn open(
        address: &Address,
        shared: &'a Shared,
        socket: &Mutex<Socket>,
        tell: &'a dyn Fn(Outcome) -> bool,
    ) -> Result<Self, Outcome> {
        let stream = dial::socket(&address.host, address.port, &shared.settings)?;
        {
            let mut socket = socket.lock().unwrap_or_else(PoisonError::into_inner);
            if matches!(*socket, Socket::Closed) {
                return Err(Outcome::Lost("it is closed".to_owned()));
            }
            *socket = Socket::Open(stream.try_clone()?);
        }
        let way = dial::way(stream, &address.host, shared.tls.as_ref())?;
        let mut line = Self { way, shared, tell };
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
        user.map_or(Ok(()), |user| self.authenticate(user))
    }

    fn authenticate(&mut self, user: &Sasl) -> Result<(), Outcome> {
        let mechanism = user.mechanism.name();
        let body = self.ask(Api::SASL_HANDSHAKE, |writer| sasl::write_handshake(writer, mechanism))?;
        let code = sasl::read_handshake(body).map_err(malformed)?;
        if code != Code::NONE {
            return Err(Outcome::Unfit(format!("sasl.mechanism {mechanism}: {}", code.name())));
        }
        let mut talk = Talk::new(user);
        let mut said = Bytes::new();
        while let Some(next) = talk.step(&said).map_err(Outcome::Unfit)? {
            let body = self.ask(Api::SASL_AUTHENTICATE, |writer| sasl::write_authenticate(writer, &next))?;
            said = match sasl::read_authenticate(body).map_err(malformed)? {
                Ok(said) => said,
                Err((code, text)) => return Err(Outcome::Unfit(format!("{}: {text}", code.name()))),
            };
        }
        Ok(())
    }

    fn ask(&mut self, api: Api, write: impl FnOnce(&mut Writer)) -> Result<Reader, Outcome> {
        let request = api.request(0, &self.shared.settings.client_id, write);
        let frame = self.exchange(&request)?;
        (self.tell)(Outcome::Arriving);
        api.response(0, frame).map_err(malformed)
    }

    /// Answers requests until nobody is left to make any.
    fn serve(&mut self, asked: &Receiver<Vec<u8>>) {
        while let Ok(request) = asked.recv() {
            let (outcome, ends) = match self.exchange(&request) {
                Ok(frame) => (Outcome::Response(frame), false),
                Err(outcome) => (outcome, true),
            };
            if !(self.tell)(outcome) || ends {
                return;
            }
        }
    }

    /// Sends a request and reads its response.
    fn exchange(&mut self, request: &[u8]) -> Result<Bytes, Outcome> {
        self.way.write_all(request)?;
        self.way.flush()?;
        let mut length = [0; 4];
        self.way.read_exact(&mut length)?;
        match usize::try_from(i32::from_be_bytes(length)) {
            Ok(length) if length <= self.shared.settings.response_bytes => self.frame(length),
            _ => Err(Outcome::Unfit(format!(
                "a response of {} bytes is larger than receive.message.max.bytes ({}), or what is there is no Kafka broker",
                u32::from_be_bytes(length),
                self.shared.settings.response_bytes
            ))),
        }
    }

    /// Reads a frame. Memory is taken as bytes come: the length is not believed at once.
    fn frame(&mut self, length: usize) -> Result<Bytes, Outcome> {
        let mut frame = Vec::with_capacity(length.min(STEP));
        let arriving = Arriving { way: &mut self.way, tell: self.tell, told: Instant::now() };
        arriving.take(length as u64).read_to_end(&mut frame)?;
        if frame.len() < length {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        Ok(frame.into())
    }
}

/// What comes over a way, and is told while it comes, however little at a time.
struct Arriving<'a> {
    way: &'a mut Way,
    tell: &'a dyn Fn(Outcome) -> bool,
    told: Instant,
}

impl Read for Arriving<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.way.read(into)?;
        if self.told.elapsed() > TELL_AGAIN {
            self.told = Instant::now();
            (self.tell)(Outcome::Arriving);
        }
        Ok(read)
    }
}

/// Bytes for which room is made before any has come.
const STEP: usize = 8 * 1024 * 1024;
/// After which it is told again that bytes come.
const TELL_AGAIN: Duration = Duration::from_secs(1);

impl From<io::Error> for Outcome {
    /// Bytes that are no TLS, or a certificate that does not fit, are not lost but wrong.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::InvalidData {
            Self::Unfit(error.to_string())
        } else {
            Self::Lost(error.to_string())
        }
    }
}

fn malformed(what: Malformed) -> Outcome {
    Outcome::Unfit(format!("a response cannot be read: {}", what.0))
}
