"""Source, Parquet: files of columns, read by row groups. A file is a partition, a row an offset."""
