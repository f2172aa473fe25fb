//! Which settings are known, and what is said of the others.

#![allow(clippy::unwrap_used, reason = "a test stops where it is wrong")]

use super::*;

const SERVER: (&str, &str) = ("bootstrap.servers", "one:9092");

fn why(given: &[(&str, &str)]) -> String {
    Settings::of([SERVER].iter().chain(given).copied()).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn servers_are_hosts_with_ports() {
    let of = |text| Settings::of([("metadata.broker.list", text)]).map(|found| found.servers);
    let host = |name: &str, port| (name.to_owned(), port);
    assert_eq!(of("one:9093, two ,[::1]:5,"), Ok(vec![host("one", 9093), host("two", 9092), host("::1", 5)]));
    assert_eq!(of("fe80::1"), Ok(vec![host("fe80::1", 9092)]));
    for text in ["", "one:x", ":1", "one:70000", "SSL://one:1"] {
        assert!(of(text).is_err(), "{text}");
    }
}

#[test]
fn all_that_is_not_known_is_left_to_the_client_by_its_name() {
    assert_eq!(
        why(&[("sasl.kerberos.keytab", "x")]),
        "sasl.kerberos.keytab is not known to the native reader"
    );
    let secret = why(&[("client.rack", "secret")]);
    assert_eq!(secret, "client.rack with this value is not known to the native reader");
    for (name, value) in [
        ("security.protocol", "other"),
        ("ssl.endpoint.identification.algorithm", "none"),
        ("enable.ssl.certificate.verification", "false"),
        ("isolation.level", "other"),
        ("check.crcs", "perhaps"),
        ("fetch.max.bytes", "-1"),
        ("fetch.max.bytes", "0100"),
        ("fetch.max.bytes", "0x100"),
        ("ssl.key.password", "x"),
        ("ssl.keystore.location", "x"),
        ("ssl.cipher.suites", "x"),
        ("debug", "all"),
    ] {
        assert!(why(&[(name, value)]).contains(name), "{name}");
    }
}

#[test]
fn users_and_certificates() {
    let user = [SERVER, ("sasl.username", "u"), ("sasl.password", "p"), ("security.protocol", "SASL_SSL")];
    for (name, mechanism) in [
        ("PLAIN", Mechanism::Plain),
        ("SCRAM-SHA-256", Mechanism::ScramSha256),
        ("SCRAM-SHA-512", Mechanism::ScramSha512),
    ] {
        let found = Settings::of(user.into_iter().chain([("sasl.mechanisms", name)])).unwrap();
        assert_eq!(found.sasl.unwrap().mechanism, mechanism);
        assert!(found.tls.unwrap().authorities.is_empty());
    }
    assert!(Settings::of(user.into_iter().chain([("sasl.mechanism", "OAUTHBEARER")])).is_err());
    assert!(Settings::of(user).is_err());
    assert!(why(&[("security.protocol", "ssl"), ("ssl.key.pem", "x")]).contains("ssl.certificate.location"));
}

/// librdkafka leaves out what is blank before a value, not what is after it.
#[test]
fn blanks_before_a_value_are_none_of_it() {
    let given = [
        SERVER,
        ("sasl.username", " \t\n\u{b}u "),
        ("sasl.password", "  p"),
        ("security.protocol", " sasl_plaintext"),
        ("sasl.mechanism", "\rPLAIN"),
    ];
    let found = Settings::of(given).unwrap().sasl.unwrap();
    assert_eq!((found.username.as_str(), found.password.as_str()), ("u ", "p"));
    assert!(why(&[("sasl.username", " ")]).contains("sasl.username"));
    let kept = Settings::of([SERVER, ("client.id", "\u{a0}x")]).unwrap();
    assert_eq!(kept.client_id, "\u{a0}x");
}

#[test]
fn certificates_in_two_ways_at_once() {
    let both = [("security.protocol", "ssl"), ("ssl.ca.location", "a"), ("ssl.ca.pem", "b")];
    let found = Settings::of([SERVER].into_iter().chain(both)).unwrap().tls.unwrap();
    assert!(matches!(&found.authorities[..], [Pem::File(_), Pem::Text(_)]));
    let key = [("security.protocol", "ssl"), ("ssl.key.pem", "x"), ("ssl.key.location", "x")];
    assert!(why(&key).contains("ssl.key"));
}

#[test]
fn what_does_not_concern_reading_does_not_matter() {
    let given =
        [SERVER, ("group.id", "g"), ("auto.offset.reset", "latest"), ("client.rack", ""), ("linger.ms", "5")];
    let found = Settings::of(given).unwrap();
    assert!(found.read_committed && found.check_crcs);
    assert_eq!(found.response_bytes, 100_000_000);
}
