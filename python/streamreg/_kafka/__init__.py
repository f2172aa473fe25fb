"""Kafka as a source, and as what the demonstration and the benchmarks send to."""
