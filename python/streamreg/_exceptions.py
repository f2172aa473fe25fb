"""The errors of streamreg. Other modules add to this tree; nothing else is raised on purpose.

StreamregError
├── ProgramError (TypeError)            found while the program is being written, before any run
│   └── UnknownColumnError (AttributeError)
├── ConfigurationError (ValueError)     a setting, an argument or a key of a job file
├── SourceError                         the topic refuses for good, or is not what the run needs
├── OutputError (OSError)               a file cannot be written, or would be overwritten
├── StateError                          a checkpoint is damaged, in use, newer or of another job
├── RejectsError                        more messages were rejected than the run may reject
├── DeadLetterError                         a file of rejects is not one
└── WorkerError (RuntimeError)          a worker process failed; with its traceback

NumericalWarning (UserWarning)          what follows from the data is decided by their last digits
"""


class StreamregError(Exception):
    """Base of every error that streamreg raises on purpose."""


class ProgramError(StreamregError, TypeError):
    """The program makes no sense: an unknown type, rows that do not match, a missing name."""


class UnknownColumnError(ProgramError, AttributeError):
    """A table has no such column. An `AttributeError`, so that `hasattr(table, name)` works."""


class ConfigurationError(StreamregError, ValueError):
    """A setting is missing, misspelt or out of range; the message names it."""


class SourceError(StreamregError):
    """The topic cannot be read and trying again would not help; the message names the setting."""


class OutputError(StreamregError, OSError):
    """An output cannot be written, or holds what the run would overwrite."""


class StateError(StreamregError):
    """A state directory cannot be used; the message says what to do."""


class RejectsError(StreamregError):
    """More messages were rejected than `max_rejects` lets pass; the last epoch is closed."""


class DeadLetterError(StreamregError):
    """A line of a file of rejects is not one; the message names it."""


class WorkerError(StreamregError, RuntimeError):
    """A worker process failed, or died too often."""


class NumericalWarning(UserWarning):
    """Features follow from others but for the roundings of doubles: these roundings decide what is fitted to them."""
