"""Compile: makes the plan of the processes out of the tables that a program writes."""
