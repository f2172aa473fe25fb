"""The errors of streamreg. Other modules add to this tree; nothing else is raised on purpose.

Estimators alone raise ValueError and TypeError too, for arguments that they cannot take, as scikit-learn's do.

StreamregError
├── ProgramError (TypeError)            found while the program is being written, before any run
│   └── UnknownColumnError (AttributeError)
├── ConfigurationError (ValueError)     a setting, an argument or a key of a job file
├── SourceError                         the topic refuses for good, or is not what the run needs
├── OutputError (OSError)               a file cannot be written, or would be overwritten
├── StateError                          a checkpoint is damaged, in use, newer or of another job
├── CorruptStateError (ValueError)      bytes that are no state, or a damaged one
├── MismatchError (ValueError)          states that do not belong together, or one that a newer streamreg wrote
├── NotFittedError (ValueError, AttributeError)   an estimator has seen no row
├── RangeError (OverflowError)          a count, a sum or a number on the way to a result leaves its range
├── UndefinedError (ValueError, AttributeError)   the rows do not determine the result
├── RejectsError                        more messages were rejected than the run may reject
├── DeadLetterError                     a line of a dead-letter file cannot be read
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


class CorruptStateError(StreamregError, ValueError):
    """Bytes are no state of streamreg, or a damaged one."""


class MismatchError(StreamregError, ValueError):
    """States cannot be put together: they are of other columns, or of a newer version of streamreg."""


class NotFittedError(StreamregError, ValueError, AttributeError):
    """An estimator has seen no row. With scikit-learn installed it is a `sklearn.exceptions.NotFittedError` too."""


class RangeError(StreamregError, OverflowError):
    """A count, a sum or a number on the way to a result leaves the range that it is held in; nothing has changed."""


class UndefinedError(StreamregError, ValueError, AttributeError):
    """The rows do not determine the result; an attribute that depends on it is not there."""


class RejectsError(StreamregError):
    """More messages were rejected than `max_rejects` lets pass; the last epoch is closed."""


class DeadLetterError(StreamregError):
    """A line of a dead-letter file cannot be read; the message names it."""


class WorkerError(StreamregError, RuntimeError):
    """A worker process failed, or died too often."""


class NumericalWarning(UserWarning):
    """Features follow from others but for the roundings of doubles: these roundings decide what is fitted to them."""


def _called_by_the_package(error: type[StreamregError]) -> None:
    for kind in error.__subclasses__():
        _called_by_the_package(kind)
    error.__module__ = "streamreg"  # where programs find it, and what a traceback calls it


_called_by_the_package(StreamregError)
NumericalWarning.__module__ = "streamreg"
