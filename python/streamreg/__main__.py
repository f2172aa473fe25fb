"""`python -m streamreg` is the command `streamreg`."""

import sys

from streamreg._cli import main

if __name__ == "__main__":  # spawned workers import this module again
    sys.exit(main())
