"""Measuring: the contenders' programs, each run by its path with a job as JSON on its standard input.

Those of peers import nothing of streamreg: they may run in an environment without it.
"""
