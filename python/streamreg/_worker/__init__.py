"""Worker: the worker processes, from batches of messages to partials, and the pipes and the pool around them."""
