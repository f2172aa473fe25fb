"""Spark as an engine: batches of offset ranges, planned by the parent, processed by tasks on executors, merged by the parent."""
