//! Decode, json: the places of wanted values in an object as most producers write it: flat, with numbers, literals, and
//! strings and keys without escapes. What is found is found as by the general walk; whatever is otherwise is left to it.

use super::levels::{Level, Slots};

/// Notes the places of the wanted values; None where the object is not so simple, or not well-formed. Then the places
/// are those of a part of it.
pub(super) fn find<'a>(level: &Level, text: &'a str, found: &mut Slots<'a>) -> Option<()> {
    let mut walk = Walk { text, bytes: text.as_bytes(), at: 0 };
    walk.space();
    walk.expect(b'{')?;
    walk.space();
    // Messages of one producer mostly have their keys in one order, often the schema's.
    let mut guess = 0;
    loop {
        let guessed = level.quoted(guess).is_some_and(|name| walk.pass(name));
        let place = if guessed { Some(guess) } else { level.place(walk.key()?) };
        walk.space();
        walk.expect(b':')?;
        walk.space();
        let start = walk.at;
        walk.value()?;
        if let Some(place) = place {
            found[level.slot(place)] = Some(text.get(start..walk.at)?);
            guess = place + 1;
        }
        walk.space();
        match walk.next()? {
            b',' => walk.space(),
            b'}' => break,
            _ => return None,
        }
    }
    walk.space();
    (walk.at == text.len()).then_some(())
}

struct Walk<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn expect(&mut self, wanted: u8) -> Option<()> {
        (self.next()? == wanted).then_some(())
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Whether this stands here; then it is passed.
    fn pass(&mut self, wanted: &[u8]) -> bool {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let there = rest.len() >= wanted.len() && rest.iter().zip(wanted).all(|(one, other)| one == other);
        if there {
            self.at += wanted.len();
        }
        there
    }

    /// The key that stands here.
    fn key(&mut self) -> Option<&'a str> {
        let start = self.at + 1;
        self.string()?;
        self.text.get(start..self.at - 1)
    }

    /// A string without escapes.
    fn string(&mut self) -> Option<()> {
        self.expect(b'"')?;
        let rest = self.bytes.get(self.at..)?;
        let end = memchr::memchr2(b'"', b'\\', rest)?;
        // Without a branch for each byte: the compiler takes many at once.
        let least = rest[..end].iter().copied().fold(u8::MAX, u8::min);
        self.at += end + 1;
        (rest[end] == b'"' && least >= b' ').then_some(())
    }

    fn value(&mut self) -> Option<()> {
        match self.peek()? {
            b'-' | b'0'..=b'9' => self.number(),
            b'"' => self.string(),
            b't' => self.pass(b"true").then_some(()),
            b'f' => self.pass(b"false").then_some(()),
            b'n' => self.pass(b"null").then_some(()),
            _ => None,
        }
    }

    /// A number by the grammar of RFC 8259, section 6.
    fn number(&mut self) -> Option<()> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek()? == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    /// One digit or more.
    fn digits(&mut self) -> Option<()> {
        let rest = self.bytes.get(self.at..)?;
        let (eights, _) = rest.as_chunks::<8>();
        let whole = 8 * eights.iter().take_while(|eight| all_digits(**eight)).count();
        let more = rest.get(whole..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += whole + more;
        (whole + more > 0).then_some(())
    }
}

/// Whether all eight bytes are digits: those of which the upper half is 3, also when 6 is added to the lower.
fn all_digits(bytes: [u8; 8]) -> bool {
    let word = u64::from_le_bytes(bytes);
    word & word.wrapping_add(0x0606_0606_0606_0606) & 0xF0F0_F0F0_F0F0_F0F0 == 0x3030_3030_3030_3030
}
