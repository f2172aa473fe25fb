#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use super::*;

fn user(mechanism: Mechanism, username: &str, password: &str) -> Sasl {
    Sasl { mechanism, username: username.to_owned(), password: password.to_owned() }
}

/// A conversation with a given nonce: what is said to the server's first message, and the talk.
fn proof<'a>(user: &'a Sasl, nonce: &str, first: &str) -> Result<(Talk<'a>, String), String> {
    let mut talk = Talk::new(user);
    let (state, _) = talk.begin(nonce.to_owned());
    talk.state = state;
    let said = talk.step(first.as_bytes())?.unwrap();
    Ok((talk, String::from_utf8(said).unwrap()))
}

const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
const FIRST: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

/// The conversation of RFC 7677, section 3, is said word by word.
#[test]
fn oracle_the_conversation_of_rfc_7677() {
    let user = user(Mechanism::ScramSha256, "user", "pencil");
    let (_, begun) = Talk::new(&user).begin(NONCE.to_owned());
    assert_eq!(begun.unwrap(), b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    let (mut talk, said) = proof(&user, NONCE, FIRST).unwrap();
    assert_eq!(
        said,
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
         p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    );
    assert_eq!(talk.step(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").unwrap(), None);
}

const PROOF_512: &str =
    "gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==";
const SIGNATURE_512: &str =
    "ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw==";

/// With SHA-512, the conversation is the one that Python's `hashlib` and `hmac` give.
#[test]
fn oracle_sha_512_as_python_has_it() {
    let user = user(Mechanism::ScramSha512, "user", "pencil");
    let (mut talk, said) = proof(&user, NONCE, FIRST).unwrap();
    assert_eq!(said.split_once(",p=").unwrap().1, PROOF_512);
    assert_eq!(talk.step(format!("v={SIGNATURE_512}").as_bytes()).unwrap(), None);
}

/// A server that does not know the password is found out, whatever it says instead of a signature.
#[test]
fn law_the_server_must_sign() {
    let user = user(Mechanism::ScramSha256, "user", "pencil");
    for said in ["", "v=", "v=AAAA", "v=!", "e=other-error", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5="]
    {
        let (mut talk, _) = proof(&user, NONCE, FIRST).unwrap();
        assert!(talk.step(said.as_bytes()).is_err(), "{said:?}");
    }
}

/// First messages that are none, or that would keep the client at work for ever, are refused at once.
#[test]
fn law_a_hostile_first_message_is_refused() {
    let user = user(Mechanism::ScramSha256, "user", "pencil");
    for said in [
        "",
        "e=unknown-user",
        "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "r=another,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "r=rOprNGfwEbeRWgbNEkqOx,s=!,i=4096",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4294967295",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==",
    ] {
        assert!(proof(&user, NONCE, said).is_err(), "{said:?}");
    }
}

/// PLAIN says name and password once, and is content if the server is; a comma in a name of SCRAM is written otherwise.
#[test]
fn law_names_and_passwords_are_said_as_they_are() {
    let plain = user(Mechanism::Plain, "ü,=", "p w");
    let mut talk = Talk::new(&plain);
    assert_eq!(talk.step(b"").unwrap().unwrap(), "\0ü,=\0p w".as_bytes());
    assert_eq!(talk.step(b"").unwrap(), None);
    let scram = user(Mechanism::ScramSha256, "a,b=c", "p");
    let said = Talk::new(&scram).begin("N".to_owned()).1.unwrap();
    assert_eq!(said, b"n,,n=a=2Cb=3Dc,r=N");
}

/// Each conversation has a nonce of its own.
#[test]
fn law_nonces_differ() {
    assert_ne!(nonce().unwrap(), nonce().unwrap());
}
