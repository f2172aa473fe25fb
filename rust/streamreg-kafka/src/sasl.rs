//! Connection, user: who is there, by PLAIN (RFC 4616) or SCRAM (RFC 5802, 7677).
//!
//! As Kafka's brokers and librdkafka do it: names and passwords are taken as they are (no `SASLprep`), and there is no
//! channel binding. The server must show that it knows the password too.

use crate::settings::{Mechanism, Sasl};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac, pbkdf2};
use std::num::NonZeroU32;

/// No more rounds are made for a server, which is not known yet.
const MOST_ROUNDS: u32 = 1_000_000;
/// What says that there is no channel binding, and no other name to act for.
const NO_BINDING: &str = "n,,";

impl Mechanism {
    /// Its registered name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

/// One conversation.
pub(crate) struct Talk<'a> {
    user: &'a Sasl,
    state: State,
}

enum State {
    /// Nothing was said.
    Begun,
    /// PLAIN was said: the server has only to agree.
    Plain,
    /// The first message of SCRAM was said, with this nonce.
    First(Hash, String),
    /// The proof was given; this is what the server must sign with.
    Proven(hmac::Key, String),
    Done,
}

impl<'a> Talk<'a> {
    pub(crate) fn new(user: &'a Sasl) -> Self {
        Self { user, state: State::Begun }
    }

    /// What to say next, to what the server has said; `None` if nothing more is to be said, and all is well.
    ///
    /// # Errors
    /// What is wrong, without a secret: if the server does not speak the mechanism, or does not know the password itself.
    pub(crate) fn step(&mut self, said: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let (state, next) = match std::mem::replace(&mut self.state, State::Done) {
            State::Begun => self.begin(nonce()?),
            State::First(hash, nonce) => self.prove(hash, &nonce, text(said)?)?,
            State::Proven(key, signed) => {
                verify(&key, &signed, text(said)?)?;
                (State::Done, None)
            }
            State::Plain | State::Done => (State::Done, None),
        };
        self.state = state;
        Ok(next)
    }

    fn begin(&self, nonce: String) -> (State, Option<Vec<u8>>) {
        let hash = match self.user.mechanism {
            Mechanism::Plain => {
                let said = format!("\0{}\0{}", self.user.username, self.user.password);
                return (State::Plain, Some(said.into_bytes()));
            }
            Mechanism::ScramSha256 => Hash::SHA256,
            Mechanism::ScramSha512 => Hash::SHA512,
        };
        let said = format!("{NO_BINDING}{}", self.first(&nonce));
        (State::First(hash, nonce), Some(said.into_bytes()))
    }

    /// The first message, without what stands before it.
    fn first(&self, nonce: &str) -> String {
        let name = self.user.username.replace('=', "=3D").replace(',', "=2C");
        format!("n={name},r={nonce}")
    }

    fn prove(&self, hash: Hash, nonce: &str, said: &str) -> Result<(State, Option<Vec<u8>>), String> {
        let challenge = Challenge::read(said, nonce)?;
        let salted = hash.salted(&self.user.password, &challenge);
        let client_key = hash.keyed(&salted, b"Client Key");
        let stored_key = digest::digest(hash.digest, client_key.as_ref());
        let server_key = hash.keyed(&salted, b"Server Key");
        let without_proof = format!("c={},r={}", BASE64.encode(NO_BINDING), challenge.nonce);
        let signed = format!("{},{said},{without_proof}", self.first(nonce));
        let signature = hash.keyed(stored_key.as_ref(), signed.as_bytes());
        let proof: Vec<u8> =
            client_key.as_ref().iter().zip(signature.as_ref()).map(|(one, other)| one ^ other).collect();
        let next = format!("{without_proof},p={}", BASE64.encode(proof));
        let key = hmac::Key::new(hash.hmac, server_key.as_ref());
        Ok((State::Proven(key, signed), Some(next.into_bytes())))
    }
}

/// The functions of a mechanism.
#[derive(Clone, Copy)]
struct Hash {
    digest: &'static digest::Algorithm,
    hmac: hmac::Algorithm,
    pbkdf2: pbkdf2::Algorithm,
}

impl Hash {
    const SHA256: Self =
        Self { digest: &digest::SHA256, hmac: hmac::HMAC_SHA256, pbkdf2: pbkdf2::PBKDF2_HMAC_SHA256 };
    const SHA512: Self =
        Self { digest: &digest::SHA512, hmac: hmac::HMAC_SHA512, pbkdf2: pbkdf2::PBKDF2_HMAC_SHA512 };

    fn salted(self, password: &str, challenge: &Challenge) -> Vec<u8> {
        let mut salted = vec![0; self.digest.output_len()];
        pbkdf2::derive(self.pbkdf2, challenge.rounds, &challenge.salt, password.as_bytes(), &mut salted);
        salted
    }

    fn keyed(self, key: &[u8], bytes: &[u8]) -> hmac::Tag {
        hmac::sign(&hmac::Key::new(self.hmac, key), bytes)
    }
}

/// The server's first message.
struct Challenge {
    nonce: String,
    salt: Vec<u8>,
    rounds: NonZeroU32,
}

impl Challenge {
    fn read(said: &str, own: &str) -> Result<Self, String> {
        let mut fields = said.split(',');
        let nonce = fields.next().and_then(|field| field.strip_prefix("r="));
        let salt = fields.next().and_then(|field| field.strip_prefix("s="));
        let rounds = fields.next().and_then(|field| field.strip_prefix("i="));
        let (Some(nonce), Some(salt), Some(rounds)) = (nonce, salt, rounds) else {
            return Err("the broker does not speak SCRAM".to_owned());
        };
        if !nonce.starts_with(own) || nonce.len() == own.len() {
            return Err("the broker does not continue the nonce of SCRAM".to_owned());
        }
        let salt = BASE64.decode(salt).map_err(|_| "the broker gives no salt of SCRAM".to_owned())?;
        match rounds.parse::<NonZeroU32>() {
            Ok(rounds) if rounds.get() <= MOST_ROUNDS => Ok(Self { nonce: nonce.to_owned(), salt, rounds }),
            _ => Err(format!("the broker asks for {rounds:?} rounds of SCRAM")),
        }
    }
}

/// Whether the server's last message is signed by one that knows the password.
fn verify(key: &hmac::Key, signed: &str, said: &str) -> Result<(), String> {
    if let Some(error) = said.strip_prefix("e=") {
        return Err(format!("the broker refuses: {error}"));
    }
    let signature = said.strip_prefix("v=").and_then(|rest| rest.split(',').next());
    let signature = signature.and_then(|signature| BASE64.decode(signature).ok()).unwrap_or_default();
    hmac::verify(key, signed.as_bytes(), &signature)
        .map_err(|_| "the broker does not show that it knows the password".to_owned())
}

fn nonce() -> Result<String, String> {
    let mut bytes = [0; 24];
    SystemRandom::new().fill(&mut bytes).map_err(|_| "the system gives no random numbers".to_owned())?;
    Ok(BASE64.encode(bytes))
}

fn text(said: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(said).map_err(|_| "the broker says what is no text".to_owned())
}

#[cfg(test)]
mod tests;
