"""How a process treats its memory, and what it imports."""

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


IMPORTS = """
import sys
from streamreg._process import imported_when_used

with imported_when_used("colorsys"):
    exec("import colorsys", first := {})  # as a module that is imported meanwhile
assert "colorsys" not in sys.modules
import colorsys
assert first["colorsys"] is not colorsys
assert first["colorsys"].rgb_to_hsv is colorsys.rgb_to_hsv
with imported_when_used("colorsys"):
    exec("import colorsys", second := {})
assert second["colorsys"] is colorsys

with imported_when_used("xml"):
    from xml import dom  # uses it
    import xml.sax
assert sys.modules["xml"].__file__ and dom is sys.modules["xml.dom"] and xml.sax.make_parser

with imported_when_used("no_such_module"):
    import no_such_module
try:
    no_such_module.anything
except ModuleNotFoundError:
    print("told")
"""


def test_a_module_is_imported_when_it_is_used() -> None:
    """Who was imported meanwhile finds all of it, others the module itself; and an error comes where it is used."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS], check=True, capture_output=True, text=True
    )
    assert done.stdout == "told\n"


CLIENT = """
import sys
from streamreg._process import imported_when_used

with imported_when_used("asyncio"):
    import confluent_kafka.admin
assert "asyncio" not in sys.modules
import asyncio
from confluent_kafka.aio import AIOProducer

async def main():
    producer = AIOProducer({"bootstrap.servers": "127.0.0.1:1", "log_level": 0})
    await producer.close()

asyncio.run(main())
"""


def test_the_client_works_with_asyncio_afterwards() -> None:
    """A program that uses the client's asynchronous interface beside a run finds it as it is."""
    subprocess.run([sys.executable, "-c", CLIENT], check=True, timeout=120)
