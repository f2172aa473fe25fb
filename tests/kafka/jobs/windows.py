"""Events by windows of several kinds, with a state; the test says by environment what it reads, and which windows."""

import os

import streamreg as sr
from tests.support.kafka import windows

sr.run(outputs=windows.outputs(os.environ), state=windows.STATE, rejects=windows.REJECTS)
