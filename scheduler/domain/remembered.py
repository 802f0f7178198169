"""What was said of the instance or schedule that was looked at last: several ask for the same facts in turn."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar
from weakref import ref

P = ParamSpec("P")
Fact = TypeVar("Fact")


def remembered(function: Callable[P, Fact]) -> Callable[P, Fact]:
    """Return a function of frozen objects that keeps what it has returned last; nobody may change that.

    The same objects have the same facts for ever; they are not kept alive.
    """
    last: list[tuple[tuple[Callable[[], object], ...], Fact]] = []

    @wraps(function)
    def known(*args: P.args, **kwargs: P.kwargs) -> Fact:
        for of_what, fact in last[:1]:
            if all(reference() is arg for reference, arg in zip(of_what, args, strict=True)):
                return fact
        found = function(*args, **kwargs)
        last[:] = [(tuple(ref(arg) for arg in args), found)]
        return found

    return known
