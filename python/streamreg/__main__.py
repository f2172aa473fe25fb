"""The command `streamreg`, and `python -m streamreg`."""

import sys

from streamreg._terminal.end_signals import end_by_signals


def main() -> int:
    """Runs the command; returns its exit code. A signal that comes while the rest is imported ends it too."""
    try:
        end_by_signals()
        from streamreg._cli import main as command

        return command()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":  # spawned workers import this module again
    sys.exit(main())
