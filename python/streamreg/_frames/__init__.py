"""Source, frames: rows held in memory, as columns."""
