"""Source, files: lines of text on disk, read as a topic is: a file is a partition, a byte an offset."""
