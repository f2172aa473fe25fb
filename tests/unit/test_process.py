"""How a process treats its memory."""

from __future__ import annotations

import json
import platform
import subprocess
import sys

import pytest

PROGRAM = """
import json, resource
from streamreg._process import keep_freed_memory

def touched(act):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    act()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def block():
    bytearray(8 << 20)

print(json.dumps([touched(keep_freed_memory), touched(block), touched(block), touched(block)]))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of the GNU C library")
def test_freed_memory_is_kept_and_none_is_touched_for_it() -> None:
    """A large block is made of new pages once; that it is so costs no pages itself."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True)
    itself, first, *again = json.loads(done.stdout)
    assert itself < 200
    assert first > 1000
    assert max(again) < 200
