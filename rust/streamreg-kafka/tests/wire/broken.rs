//! Servers that are no brokers, or bad ones.

use super::server::{Server, frame, plaintext, read_all, send};
use super::*;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a reader says of a server that serves its connections so.
fn why(serve: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> String {
    why_with(&[], serve)
}

fn why_with(
    given: &[(&str, &str)],
    serve: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static,
) -> String {
    read_all(&mut Server::new(serve).reader(given), 1).unwrap_err()
}

/// A cluster that answers rightly, but for what is made of its responses.
fn twisted(
    twist: impl Fn(&[u8], Bytes, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
) -> impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static {
    let cluster = std::sync::Mutex::new(Cluster::new(1, 2, 5));
    move |mut stream| {
        let port = stream.local_addr()?.port();
        cluster.lock().unwrap().brokers.insert(0, ("127.0.0.1".to_owned(), port));
        loop {
            let request = frame(&mut stream)?;
            let response = cluster.lock().unwrap().respond(Some(0), &request);
            twist(&request, response, &mut stream)?;
        }
    }
}

fn is_fetch(request: &[u8]) -> bool {
    request[4..6] == [0, 1]
}

/// Another protocol on the port is told at once.
#[test]
fn law_another_protocol_is_no_broker() {
    let answers: [&[u8]; 4] = [
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        // A TLS alert.
        &[0x15, 3, 3, 0, 2, 2, 40],
        &[0xff; 100],
    ];
    for answer in answers {
        let answer = answer.to_vec();
        let began = Instant::now();
        let why = why(move |mut stream| {
            stream.read_exact(&mut [0; 8])?;
            stream.write_all(&answer)
        });
        assert!(why.contains("no Kafka broker"), "{why}");
        assert!(began.elapsed() < Duration::from_secs(2));
    }
}

/// Connections that are closed at once, or in the middle of a response, are tried again for a while, and no longer.
#[test]
fn law_closed_connections_are_given_up() {
    let began = Instant::now();
    why(|_| Ok(()));
    assert!(began.elapsed() < Duration::from_secs(20));
    let half = twisted(|request, response, stream| {
        if !is_fetch(request) {
            return send(stream, &response);
        }
        stream.write_all(&u32::try_from(response.len()).unwrap().to_be_bytes())?;
        stream.write_all(&response[..response.len() / 2])?;
        Err(io::ErrorKind::BrokenPipe.into())
    });
    why(half);
    assert!(began.elapsed() < Duration::from_secs(40));
}

/// The response to another request, or bytes that are none, are handed over.
#[test]
fn law_wrong_responses_are_handed_over() {
    for only_fetch in [false, true] {
        let another = twisted(move |request, response, stream| {
            let mut response = response.to_vec();
            if is_fetch(request) || !only_fetch {
                response[3] ^= 1;
            }
            send(stream, &response)
        });
        assert!(why(another).contains("another request"));
        let cut = twisted(move |request, response, stream| {
            let length = if is_fetch(request) || !only_fetch { response.len() / 2 } else { response.len() };
            send(stream, &response[..length])
        });
        assert!(why(cut).contains("cannot be read"));
    }
}

/// Lengths beyond the limit are refused before anything is read, negative ones too; memory is taken as bytes come.
#[test]
fn law_wrong_lengths_are_refused() {
    for length in [i32::MAX, 100_000_001, -1, i32::MIN] {
        let wrong = twisted(move |_, response, stream| {
            stream.write_all(&length.to_be_bytes())?;
            stream.write_all(&response)
        });
        assert!(why(wrong).contains("receive.message.max.bytes"));
    }
    let small = why_with(
        &[("receive.message.max.bytes", "200"), ("fetch.max.bytes", "100")],
        twisted(|_, response, stream| send(stream, &response)),
    );
    assert!(small.contains("receive.message.max.bytes"), "{small}");
}

/// A broker that sends byte by byte is read.
#[test]
fn law_slow_bytes_are_read() {
    let slow = twisted(|_, response, stream| {
        stream.set_nodelay(true)?;
        let length = u32::try_from(response.len()).unwrap().to_be_bytes();
        length.iter().chain(&response).try_for_each(|byte| stream.write_all(&[*byte]))
    });
    assert_eq!(read_all(&mut Server::new(slow).reader(&[]), 100).unwrap().len(), 100);
}

/// That something comes over a thin line is told while it comes, however little.
#[test]
fn law_little_that_comes_is_heard_of() {
    let (thin, begun) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
    let (line, begins) = (Arc::clone(&thin), Arc::clone(&begun));
    let server = Server::new(twisted(move |request, response, stream| {
        if !is_fetch(request) {
            return send(stream, &response);
        }
        stream.set_nodelay(true)?;
        begins.store(true, Ordering::SeqCst);
        let length = u32::try_from(response.len()).unwrap().to_be_bytes();
        length.iter().chain(&response).try_for_each(|byte| {
            if line.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(20));
            }
            stream.write_all(&[*byte])
        })
    }));
    let mut reader = server.reader(&[]);
    let until = Instant::now() + Duration::from_secs(60);
    let mut heard = u64::MAX;
    while reader.heard() < heard.saturating_add(3) {
        assert!(Instant::now() < until, "heard {} times", reader.heard());
        assert!(reader.read(Duration::from_millis(100), ALL).unwrap().is_none());
        if begun.load(Ordering::SeqCst) {
            heard = heard.min(reader.heard());
        }
    }
    thin.store(false, Ordering::SeqCst);
    assert_eq!(read_all(&mut reader, 100).unwrap().len(), 100);
}

/// A broker without the requests that are needed is handed over by their names.
#[test]
fn law_old_brokers_are_handed_over() {
    let mut cluster = Cluster::new(1, 2, 5);
    cluster.fetch_version = 12;
    let (server, _) = Server::of_cluster(cluster, "localhost", plaintext, None);
    let why = read_all(&mut server.reader(&[]), 1).unwrap_err();
    assert_eq!(why, "the broker has no Fetch request of version 13");
}

/// A damaged batch is handed over; what stands before it is delivered first.
#[test]
fn law_a_damaged_batch_is_handed_over_after_what_comes_before() {
    let damaged = twisted(|request, response, stream| {
        let mut response = response.to_vec();
        if is_fetch(request) {
            // The last bytes are tags, after the last message of the last batch.
            let at = response.len() - 6;
            response[at] ^= 0x20;
        }
        send(stream, &response)
    });
    let server = Server::new(damaged);
    let mut reader = server.reader(&[]);
    assert_eq!(read_all(&mut reader, 90).unwrap().len(), 90);
    let why = read_all(&mut reader, 1).unwrap_err();
    assert!(why.starts_with("partition 1, offset 40: a batch has the checksum"), "{why}");
    assert_eq!(read_all(&mut reader, 1).unwrap_err(), why);
}
