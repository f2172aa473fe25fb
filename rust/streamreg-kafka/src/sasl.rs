//! Connection, user: who is there, by PLAIN (RFC 4616) or SCRAM (RFC 5802, 7677), of which the server's signature is
//! checked.

use crate::settings::{Mechanism, Sasl};
use rsasl::prelude::{Mechname, SASLClient, SASLConfig, Session, State};

/// One conversation.
pub(crate) struct Talk {
    session: Session,
    running: bool,
}

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

impl Talk {
    /// Begins.
    ///
    /// # Errors
    /// What is wrong, without a secret: if name or password cannot be used with the mechanism.
    pub(crate) fn new(user: &Sasl) -> Result<Self, String> {
        let name = user.mechanism.name();
        let config = SASLConfig::with_credentials(None, user.username.clone(), user.password.clone());
        let config = config.map_err(|error| error.to_string())?;
        let mechanism = Mechname::parse(name.as_bytes()).map_err(|error| error.to_string())?;
        let session =
            SASLClient::new(config).start_suggested(&[mechanism]).map_err(|error| error.to_string())?;
        Ok(Self { session, running: true })
    }

    /// What to say next, to what the broker has said; `None` if nothing more is to be said, and all is well.
    ///
    /// # Errors
    /// What is wrong, without a secret: if the broker does not speak the mechanism, or does not know the password itself.
    pub(crate) fn step(&mut self, said: Option<&[u8]>) -> Result<Option<Vec<u8>>, String> {
        if !self.running {
            return Ok(None);
        }
        let mut out = Vec::new();
        let state = self.session.step(said, &mut out).map_err(|error| error.to_string())?;
        if let State::Finished(_) = state {
            self.running = false;
        }
        Ok((self.running || !out.is_empty()).then_some(out))
    }
}
