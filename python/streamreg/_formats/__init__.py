"""Formats: how the bytes of a message become columns, and what must be known before the first one is read."""
