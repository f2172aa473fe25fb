"""Doctor: how a check ends that does not end well."""


class TroubleError(Exception):
    """What is wrong, and which setting to change."""


class NoTlsError(TroubleError):
    """A broker that speaks another language cannot be meant, whatever the certificates."""


class SkipError(Exception):
    """Why there is nothing to look at."""


class NotYetError(SkipError):
    """Why what builds upon it cannot be looked at either, though nothing is wrong."""
