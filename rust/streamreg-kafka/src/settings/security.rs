//! Settings: those of TLS and of users, which belong together.

use super::{Mechanism, NotKnown, Pem, Sasl, Settings, Tls, not_known, other_value};

/// What becomes known only when all is there.
pub(super) struct Raw {
    protocol: String,
    mechanism: Option<String>,
    username: Option<String>,
    password: Option<String>,
    authorities: One,
    certificate: One,
    key: One,
}

/// What may be given as a file and as its content.
#[derive(Default)]
struct One {
    file: Option<Pem>,
    text: Option<Pem>,
}

impl One {
    /// The one that was given.
    ///
    /// # Errors
    /// If it was given in both ways: which of them counts, the client knows.
    fn only(self, name: &str) -> Result<Option<Pem>, NotKnown> {
        match (self.file, self.text) {
            (Some(_), Some(_)) => Err(not_known(name, "as a file and as text is")),
            (file, text) => Ok(file.or(text)),
        }
    }
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            protocol: "plaintext".to_owned(),
            mechanism: None,
            username: None,
            password: None,
            authorities: One::default(),
            certificate: One::default(),
            key: One::default(),
        }
    }
}

impl Raw {
    /// Takes a setting, if it is one of these; whether it is.
    pub(super) fn take(&mut self, name: &str, value: &str) -> Result<bool, NotKnown> {
        let file = || Some(Pem::File(value.to_owned()));
        let text = || Some(Pem::Text(value.to_owned()));
        match name {
            "security.protocol" => value.clone_into(&mut self.protocol),
            "sasl.mechanism" | "sasl.mechanisms" => self.mechanism = Some(value.to_owned()),
            "sasl.username" => self.username = Some(value.to_owned()),
            "sasl.password" => self.password = Some(value.to_owned()),
            // "probe" looks where systems have theirs.
            "ssl.ca.location" if value == "probe" => self.authorities.file = None,
            "ssl.ca.location" => self.authorities.file = file(),
            "ssl.ca.pem" => self.authorities.text = text(),
            "ssl.certificate.location" => self.certificate.file = file(),
            "ssl.certificate.pem" => self.certificate.text = text(),
            "ssl.key.location" => self.key.file = file(),
            "ssl.key.pem" => self.key.text = text(),
            _ => return Ok(false),
        }
        if value.is_empty() {
            return Err(other_value(name));
        }
        Ok(true)
    }
}

impl Settings {
    /// Puts it together.
    pub(super) fn secure(&mut self, raw: Raw) -> Result<(), NotKnown> {
        let protocol = raw.protocol.to_ascii_lowercase();
        let (tls, sasl) = match protocol.as_str() {
            "plaintext" => (false, false),
            "ssl" => (true, false),
            "sasl_plaintext" => (false, true),
            "sasl_ssl" => (true, true),
            _ => return Err(other_value("security.protocol")),
        };
        if tls {
            let (certificate, key) = (raw.certificate.only("ssl.certificate")?, raw.key.only("ssl.key")?);
            let identity = match (certificate, key) {
                (None, None) => None,
                (Some(certificate), Some(key)) => Some((certificate, key)),
                _ => {
                    return Err(not_known(
                        "ssl.certificate.location",
                        "without ssl.key.location, or the other way round,",
                    ));
                }
            };
            let authorities = [raw.authorities.file, raw.authorities.text].into_iter().flatten().collect();
            self.tls = Some(Tls { authorities, identity });
        }
        if sasl {
            let mechanism = match raw.mechanism.as_deref() {
                Some("PLAIN") => Mechanism::Plain,
                Some("SCRAM-SHA-256") => Mechanism::ScramSha256,
                Some("SCRAM-SHA-512") => Mechanism::ScramSha512,
                _ => return Err(other_value("sasl.mechanism")),
            };
            let (Some(username), Some(password)) = (raw.username, raw.password) else {
                return Err(not_known("sasl.username", "or sasl.password is missing, which"));
            };
            self.sasl = Some(Sasl { mechanism, username, password });
        }
        Ok(())
    }
}
