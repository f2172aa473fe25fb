//! Decode, csv: where the records of a text end.
//!
//! A line end between quotes ends none. A quote opens where a field begins, and nowhere else: one within a field is an
//! error of that record alone. A quote that is not closed soon, or by the end of the text, costs its own line: the next
//! record begins at the next line, so that a stray quote does not take all that follows for one record.

use crate::decode::{Span, without_mark};
use memchr::{memchr, memchr2, memchr3, memrchr, memrchr2};

/// What ends a record, and what a field.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    /// What stands between fields.
    pub delimiter: u8,
    /// Whether a CR alone ends a record, as LF does.
    pub returns: bool,
}

/// Where a walk stands behind the last byte that it may see.
enum Found {
    /// A record ends behind this line end.
    End(usize),
    /// No line end came outside quotes.
    Outside,
    Inside,
}

impl Ends {
    /// The end of each record of a text, behind its line end. A record is no longer than `most` bytes, or one line.
    ///
    /// `last` says that the text ends here; otherwise what may go on behind it is left out. What a record is depends
    /// on the bytes from its beginning on alone, however long a text is seen.
    #[must_use]
    pub fn of(self, text: &[u8], most: usize, last: bool) -> Vec<usize> {
        let mut ends = Vec::new();
        let mut at = 0;
        // A line that ends between quotes before here is followed by such lines alone up to here: no line is walked
        // through again and again.
        let mut inside = 0;
        while at < text.len() {
            let Some(line) = self.line_end(&text[at..]).map(|end| at + end + 1) else {
                if last {
                    ends.push(text.len());
                }
                break;
            };
            let seen = text.len().min(at.saturating_add(most));
            let end = if memchr(b'"', &text[at..line]).is_none() {
                line
            } else {
                let found = self.walked(&text[..seen], at, line, inside);
                if !matches!(found, Found::End(_)) {
                    inside = inside.max(self.last_line_end(&text[..seen]).map_or(0, |end| end + 1));
                }
                match found {
                    Found::End(end) => end,
                    Found::Outside if last && seen == text.len() => seen,
                    // A line that is longer than a record may be is one all the same.
                    _ if last || text.len() - at > most => line,
                    _ => break,
                }
            };
            ends.push(end);
            at = end;
        }
        ends
    }

    /// The end of the record that begins at `begin`, whose first line ends at `line`.
    fn walked(self, text: &[u8], begin: usize, line: usize, inside: usize) -> Found {
        let mut at = begin;
        loop {
            if text.get(at) == Some(&b'"') {
                at += 1;
                loop {
                    let Some(quote) = text.get(at..).and_then(|rest| memchr(b'"', rest)) else {
                        return Found::Inside;
                    };
                    if at < line && line <= at + quote && line < inside {
                        at = inside;
                        continue;
                    }
                    at += quote + 1;
                    if text.get(at) != Some(&b'"') {
                        break;
                    }
                    at += 1; // It is doubled.
                }
            }
            let Some(end) = text.get(at..).and_then(|rest| self.field_end(rest)) else {
                return Found::Outside;
            };
            at += end + 1;
            if text[at - 1] != self.delimiter {
                return Found::End(at);
            }
        }
    }

    fn line_end(self, text: &[u8]) -> Option<usize> {
        if self.returns { memchr2(b'\n', b'\r', text) } else { memchr(b'\n', text) }
    }

    fn last_line_end(self, text: &[u8]) -> Option<usize> {
        if self.returns { memrchr2(b'\n', b'\r', text) } else { memrchr(b'\n', text) }
    }

    fn field_end(self, text: &[u8]) -> Option<usize> {
        if self.returns {
            memchr3(self.delimiter, b'\n', b'\r', text)
        } else {
            memchr2(self.delimiter, b'\n', text)
        }
    }
}

/// The records of a value that holds many, but for empty ones. If there is none, the whole value is one, which will not
/// fit.
pub(super) fn lines(value: &[u8], delimiter: u8, spans: &mut Vec<Span>) {
    let mark = value.len() - without_mark(value).len();
    let mut start = 0;
    for end in (Ends { delimiter, returns: true }).of(&value[mark..], usize::MAX, true) {
        let end = end + mark;
        let ended = value[end - 1] == b'\n' || value[end - 1] == b'\r';
        put_line(value, start..end - usize::from(ended), spans);
        start = end;
    }
    if spans.is_empty() {
        spans.push(0..value.len());
    }
}

fn put_line(value: &[u8], line: Span, spans: &mut Vec<Span>) {
    if !without_mark(&value[line.clone()]).trim_ascii().is_empty() {
        spans.push(line);
    }
}
