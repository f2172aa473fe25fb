"""Serve: metrics, health and the live result of a run over HTTP, by a process of its own that no epoch waits for."""
