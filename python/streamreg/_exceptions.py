"""What streamreg raises.

StreamregError
└── ConfigurationError   a setting, a key of a job file or an argument that cannot be used
"""


class StreamregError(Exception):
    """Base of every error that streamreg raises on purpose."""


class ConfigurationError(StreamregError):
    """A setting, a key of a job file or an argument cannot be used."""
