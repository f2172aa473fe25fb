"""Epoch: the parent's part of the flow: merge partials, score rows, solve, append what changed, commit."""
