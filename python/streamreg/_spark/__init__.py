"""Spark as an engine: the parent plans batches of ranges and merges what tasks on executors make of them."""
