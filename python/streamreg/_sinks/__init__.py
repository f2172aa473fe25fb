"""Sinks, the last stage: where the changes of a table are written."""
