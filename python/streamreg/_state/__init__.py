"""The state of a run on disk: what it must know to go on after any crash."""
