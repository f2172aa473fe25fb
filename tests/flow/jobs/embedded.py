"""Forty rows by a run in a process of a pool, which is daemonic; PROCESSES: what the program asks for, if anything."""

import multiprocessing
import os

import streamreg as sr
from streamreg.testing import read
from tests.support.numbered import Point, stream, write_regression


def work() -> str:
    write_regression(read(stream(40, 4), schema=Point, batch=4))
    asked = os.environ.get("PROCESSES")
    try:
        return str(sr.run(processes=None if asked is None else int(asked)).rows)
    except sr.ConfigurationError as error:
        return str(error)


if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.apply(work))
