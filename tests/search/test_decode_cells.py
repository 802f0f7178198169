"""Arrays as pointers: compiled to look for wrong indices, each of them is found."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
import numpy as np
from numba import njit
from scheduler.search.decode.cells import POISON, Cells, get

@njit
def number(cells, place):
    return cells[place]

@njit
def write(cells, place):
    cells[place] = 7

@njit
def entry(data, row, column):
    return get(data, 0, row, column)

def found(function, *arguments):
    try:
        return function(*arguments)
    except IndexError:
        return "wrong"

column = Cells(np.array([5, 6, POISON]))
print([found(number, column, place) for place in (-1, 0, 1, 2, 3)])
print([found(write, column, place) for place in (-1, 1, 2)], column.array[1])
# A table of two rows of two behind its header, at the end of which the next table begins.
table = Cells(np.array([3, 2, 7, 1, 2, 3, 4, 9, 9]), constant=True)
print([found(entry, table, row, column) for row, column in ((0, 0), (1, 1), (-1, 1), (2, 0), (0, 2))])
"""


def test_wrong_indices_are_found() -> None:
    environment = {**os.environ, "SCHEDULER_CHECKED": "1"}
    run = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == [
        "['wrong', 5, 6, 'wrong', 'wrong']",
        "['wrong', None, 'wrong'] 7",
        "[1, 4, 'wrong', 'wrong', 'wrong']",
    ]
