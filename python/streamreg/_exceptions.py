"""The errors of streamreg. Other modules add to this tree; nothing else is raised on purpose.

StreamregError
├── ProgramError (TypeError)            found while the program is being written, before any run
│   └── UnknownColumnError (AttributeError)
└── ConfigurationError (ValueError)     a setting, an argument or a key of a job file
"""


class StreamregError(Exception):
    """Base of every error that streamreg raises on purpose."""


class ProgramError(StreamregError, TypeError):
    """The program makes no sense: an unknown type, rows that do not match, a missing name."""


class UnknownColumnError(ProgramError, AttributeError):
    """A table has no such column. An `AttributeError`, so that `hasattr(table, name)` works."""


class ConfigurationError(StreamregError, ValueError):
    """A setting is missing, misspelt or out of range; the message names it."""
