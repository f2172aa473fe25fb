"""Evaluate: runs the steps of a program on columns, on single values, by key, and with missing values."""
