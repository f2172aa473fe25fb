"""A run: from the outputs of a program to a flow that goes on until it ends or is stopped."""
