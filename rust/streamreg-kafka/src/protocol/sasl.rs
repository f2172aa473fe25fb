//! Protocol: how a user shows who it is.

use super::wire::{Reader, Writer};
use super::{Code, Malformed};
use bytes::Bytes;

/// The body of a request for a mechanism.
pub(crate) fn write_handshake(writer: &mut Writer, mechanism: &str) {
    writer.string(mechanism);
}

/// Whether the broker has the mechanism.
///
/// # Errors
/// [`Malformed`] if the body is none of such a response.
pub(crate) fn read_handshake(mut body: Reader) -> Result<Code, Malformed> {
    body.i16().map(Code)
}

/// The body of a request with what the mechanism says.
pub(crate) fn write_authenticate(writer: &mut Writer, said: &[u8]) {
    writer.bytes(said);
}

/// What the broker says to that: an error and its text, or what the mechanism says.
///
/// # Errors
/// [`Malformed`] if the body is none of such a response.
pub(crate) fn read_authenticate(mut body: Reader) -> Result<Result<Bytes, (Code, String)>, Malformed> {
    let (code, text) = (Code(body.i16()?), body.text()?);
    if code != Code::NONE {
        return Ok(Err((code, text)));
    }
    body.bytes().map(Ok)
}
