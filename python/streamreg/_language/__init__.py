"""Language: schemas, expressions, tables, and the outputs that a program asks for."""
