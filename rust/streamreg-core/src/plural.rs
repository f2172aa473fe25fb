//! Counts in messages: `1 row`, `2 rows`.

use std::fmt::Display;

/// A count with its noun, `many` unless it is one.
pub(crate) fn plural(count: impl Display, one: &str, many: &str) -> String {
    let count = count.to_string();
    let noun = if count == "1" { one } else { many };
    format!("{count} {noun}")
}
