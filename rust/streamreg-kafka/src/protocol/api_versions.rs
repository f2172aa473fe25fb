//! Protocol: which requests a broker takes.

use super::wire::Reader;
use super::{Api, Code, Malformed};

/// The first of these that the broker does not take; `None` if it takes all.
///
/// # Errors
/// [`Malformed`] if the body is none of such a response.
pub(crate) fn missing(mut body: Reader, needed: &[Api]) -> Result<Option<Api>, Malformed> {
    if Code(body.i16()?) != Code::NONE {
        return Err(Malformed("the broker does not say which versions it takes"));
    }
    let count = usize::try_from(body.i32()?).unwrap_or(0);
    let known = body.items(count, |item| Ok((item.i16()?, item.i16()?, item.i16()?)))?;
    let takes = |api: &Api| {
        known.iter().any(|&(key, least, most)| key == api.key && (least..=most).contains(&api.version))
    };
    Ok(needed.iter().find(|api| !takes(api)).copied())
}
