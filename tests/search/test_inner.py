"""Functions without machine code of their own are linked into those that Python calls, whoever calls whom."""

from __future__ import annotations

import numpy as np
from numba import njit

from scheduler.search.inner import inner


@inner
def squares(num: int) -> int:
    numbers = np.empty(num, np.int64)
    for k in range(num):
        numbers[k] = k * k
    return numbers.sum()


@inner
def both(num: int) -> int:
    return squares(num) + squares(num + 1)


@njit
def outer(num: int) -> int:
    return both(num) + squares(2)


@njit
def mostly_dead(num: int) -> int:
    if num < 0 < num:
        return both(num)
    return squares(num)


@njit
def above(num: int) -> int:
    return outer(num) + squares(num)


def test_inner_functions_call_one_another() -> None:
    assert outer(3) == (0 + 1 + 4) + (0 + 1 + 4 + 9) + (0 + 1)


def test_a_call_that_the_compiler_takes_out_leaves_the_others_linked() -> None:
    assert mostly_dead(4) == 0 + 1 + 4 + 9


def test_a_function_that_python_calls_may_be_called_by_compiled_ones_too() -> None:
    assert above(3) == outer(3) + 5
