"""Rejects: the messages that do not fit, and the dead-letter file that keeps them."""
