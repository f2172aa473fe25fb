//! Windows: what a windowed reduction is asked for.

use super::moment::{Moment, TimeKind};
use crate::error::Error;
use crate::wire::Writer;

/// Most windows of a grid that one row can be in.
pub const MOST_PANES: i64 = 1_000_000;

/// Which windows there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Window {
    /// Window k is [origin + k·hop, origin + k·hop + duration).
    Grid {
        /// Where window 0 begins.
        origin: Moment,
        /// From the start of a window to that of the next one.
        hop: Moment,
        /// The length of a window.
        duration: Moment,
    },
    /// Rows of an instance of which each is less than this away from the next one.
    Session {
        /// The least time between two sessions.
        max_gap: Moment,
    },
    /// So many greatest rows of an instance by time, partition, offset and index within the message.
    Last {
        /// How many.
        rows: u64,
    },
}

/// Which windows there are, when their results are given, and when they are closed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spec {
    /// Which windows there are.
    pub window: Window,
    /// From the start of a window to its first result.
    pub delay: Option<Moment>,
    /// From the end of a window to its closing, by the time of the rows; never closed without.
    pub cutoff: Option<Moment>,
    /// Whether a window gets its one result when it is closed.
    pub is_final: bool,
    /// Whether the last closed window of each instance is kept, for scoring.
    pub keep_closed: bool,
    /// Whether the last of the keys is a label: windows are formed without it, and their results have a row for each.
    pub labelled: bool,
}

impl Spec {
    /// Checks all of it.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a time or length is not of this kind, or what must be above zero is not, or for a final
    /// result of windows that are never closed.
    pub(super) fn checked(mut self, kind: TimeKind) -> Result<Self, Error> {
        for moment in [&mut self.delay, &mut self.cutoff].into_iter().flatten() {
            *moment = kind.checked(*moment)?;
        }
        match &mut self.window {
            Window::Grid { origin, hop, duration } => {
                *origin = kind.checked(*origin)?;
                *hop = length(kind, *hop, "hop")?;
                *duration = length(kind, *duration, "duration")?;
            }
            Window::Session { max_gap } => *max_gap = length(kind, *max_gap, "max_gap")?,
            Window::Last { rows: 0 } => {
                return Err(Error::Invalid("the last 0 rows are no window: ask for one or more".to_owned()));
            }
            Window::Last { .. } => {}
        }
        if self.is_final && self.cutoff.is_none() {
            return Err(Error::Invalid("a final result needs a cutoff: else no window is closed".to_owned()));
        }
        Ok(self)
    }

    /// What a partial depends on, as its bytes say it.
    pub(super) fn write(&self, writer: &mut Writer) {
        match self.window {
            Window::Grid { origin, hop, duration } => {
                writer.byte(0);
                for moment in [origin, hop, duration] {
                    write(moment, writer);
                }
            }
            Window::Session { max_gap } => {
                writer.byte(1);
                write(max_gap, writer);
            }
            Window::Last { rows } => {
                writer.byte(2);
                writer.unsigned(rows);
            }
        }
        writer.byte(u8::from(self.labelled));
        writer.byte(u8::from(self.cutoff.is_some()));
        self.cutoff.into_iter().for_each(|moment| write(moment, writer));
    }
}

fn length(kind: TimeKind, moment: Moment, name: &str) -> Result<Moment, Error> {
    let checked = kind.checked(moment)?;
    let zero =
        matches!(checked, Moment::Int(..=0)) || matches!(checked, Moment::Float(value) if value <= 0.0);
    if zero { Err(Error::Invalid(format!("{name} is above zero, not {moment:?}"))) } else { Ok(checked) }
}

/// Eight bytes: all of them are written by one kind.
pub(super) fn write(moment: Moment, writer: &mut Writer) {
    writer.word(match moment {
        Moment::Int(value) => value.cast_unsigned(),
        Moment::Float(value) => value.to_bits(),
    });
}
