//! The whole reader over sockets.

use super::server::{Server, frame, plaintext, read_all, send};
use super::*;
use std::sync::atomic::Ordering;

fn expected(cluster: &Cluster) -> Vec<(i32, i64, String)> {
    fetching::sorted(fetching::Driven::new(cluster.clone(), &[]).expected())
}

/// All is read, with the progress that belongs to it; then nothing comes until something does, at once.
#[test]
fn law_all_is_read_and_a_lone_message_comes_at_once() {
    let (server, cluster) = Server::of_cluster(Cluster::new(1, 2, 300), "localhost", plaintext, None);
    let all = expected(&cluster.lock().unwrap());
    let mut reader = server.reader(&[]);
    let mut next = [0; 2];
    let (mut found, room) = (Vec::new(), Room { messages: 700, bytes: 1 << 20 });
    while found.len() < all.len() {
        let Some(batch) = reader.read(Duration::from_secs(5), room).unwrap() else { continue };
        assert!(batch.messages.len() <= 700);
        for (partition, from, to) in batch.progress {
            let index = usize::try_from(partition).unwrap();
            assert_eq!(next[index], from);
            next[index] = to;
            assert!(batch.leader_epochs.contains(&(partition, 0)));
        }
        found.extend(plain(&batch.messages));
    }
    found.sort();
    assert_eq!(found, all);
    assert_eq!(next, [3000, 3000]);
    assert!(reader.read(Duration::ZERO, room).unwrap().is_none());
    let began = Instant::now();
    assert!(reader.read(Duration::from_millis(120), room).unwrap().is_none());
    assert!(began.elapsed() >= Duration::from_millis(120));
    cluster.lock().unwrap().logs.get_mut(&1).unwrap().append(1, 1);
    let batch = reader.read(Duration::from_secs(30), room).unwrap().unwrap();
    assert_eq!(plain(&batch.messages), [(1, 3000, "1/3000".to_owned())]);
    assert_eq!(reader.log_ends(), &[(0, 3000), (1, 3001)].into());
}

/// A connection that is closed after each response, and at once the first times, does not stop it.
#[test]
fn law_closed_connections_are_opened_again() {
    let cluster = std::sync::Arc::new(std::sync::Mutex::new(Cluster::new(1, 2, 30)));
    let all = expected(&cluster.lock().unwrap());
    let opened = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::new(move |mut stream| {
        let port = stream.local_addr()?.port();
        if opened.fetch_add(1, Ordering::SeqCst) % 3 == 1 {
            return Ok(());
        }
        cluster.lock().unwrap().brokers.insert(0, ("127.0.0.1".to_owned(), port));
        for _ in 0..2 {
            let request = frame(&mut stream)?;
            let response = cluster.lock().unwrap().respond(Some(0), &request);
            send(&mut stream, &response)?;
        }
        Ok(())
    });
    assert_eq!(read_all(&mut server.reader(&[("fetch.max.bytes", "3000")]), all.len()).unwrap(), all);
    assert!(server.connections.load(Ordering::SeqCst) > 3);
}

/// A reader that is closed while it waits ends its connections, and their threads.
#[test]
fn law_closing_ends_connections() {
    let (ends, ended) = std::sync::mpsc::channel();
    let cluster = std::sync::Mutex::new(Cluster::new(1, 2, 0));
    let server = Server::new(move |mut stream| {
        let port = stream.local_addr()?.port();
        cluster.lock().unwrap().brokers.insert(0, ("127.0.0.1".to_owned(), port));
        loop {
            match frame(&mut stream) {
                // A request for messages is never answered.
                Ok(request) if request[4..6] == [0, 1] => {}
                Ok(request) => {
                    let response = cluster.lock().unwrap().respond(Some(0), &request);
                    send(&mut stream, &response)?;
                }
                Err(error) => {
                    ends.send(error.kind()).ok();
                    return Ok(());
                }
            }
        }
    });
    let mut reader = server.reader(&[]);
    assert!(reader.read(Duration::from_millis(300), ALL).unwrap().is_none());
    // That to the server that told of the leaders is closed already; that to the leader is not.
    ended.recv_timeout(Duration::from_secs(30)).unwrap();
    reader.close();
    ended.recv_timeout(Duration::from_secs(30)).unwrap();
}

/// Nobody is there: it hands over in some seconds, and says what it met.
#[test]
fn law_nobody_there_is_handed_over() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let spans = spans(1);
    let settings = settings(&[("bootstrap.servers", &format!("127.0.0.1:{port}"))]);
    let mut reader = Reader::new(settings, Topics::alone("t", None, &spans), &spans);
    let began = Instant::now();
    let why = read_all(&mut reader, 1).unwrap_err();
    assert!(why.contains("refused"), "{why}");
    assert!((3..20).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}
