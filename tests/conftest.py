"""Fixtures for all tests."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from importlib import import_module

import helpers
import pytest

from scheduler.domain import Instance, Schedule

SEARCHES = ("tabu", "cyclic", "blocking", "decode")
"""Packages of the compiled searches, so that two processes that take turns compile for about as long."""


@pytest.fixture(scope="session")
def complete_instance() -> Instance:
    """A small factory that has every feature at once (frozen, hence shared)."""
    return helpers.complete_instance()


@pytest.fixture(scope="session")
def complete_schedule() -> Schedule:
    """A right schedule of `complete_instance`, made by hand."""
    return helpers.complete_schedule()


@pytest.fixture(scope="session", autouse=True)
def shared_compiling(request: pytest.FixtureRequest) -> None:
    """Share the compiling of what the tests of this run call among its processes, where there are several.

    With an empty cache each would compile what it comes to, which is the same in all of them. Where compiling fails,
    the tests that call it tell.
    """
    process, count = os.environ.get("PYTEST_XDIST_WORKER"), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if process is not None and count > 1:
        modules = {item.getparent(pytest.Module) for item in request.session.items}
        called = [search for search in SEARCHES if any(search in searches_of(module) for module in modules)]
        for search in called[int(process.removeprefix("gw")) :: count]:
            if not is_compiled(search):
                subprocess.run([sys.executable, "-m", f"scheduler.search.{search}.warm"], check=False)


@pytest.fixture(scope="module", autouse=True)
def compiled(request: pytest.FixtureRequest, shared_compiling: None) -> None:
    """Wait for the process of the run that compiles what the tests of a module call, or be that process."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        for search in searches_of(request.node):
            compile_once(search)


@cache
def searches_of(module: pytest.Module | None) -> tuple[str, ...]:
    """Return the searches that a module of tests imports."""
    if module is None:
        return ()
    homes = {str(getattr(value, "__module__", "")) for value in vars(module.obj).values()}
    return tuple(search for search in SEARCHES if any(home.startswith(f"scheduler.search.{search}.") for home in homes))


@cache
def compile_once(search: str) -> None:
    """Compile a search, unless another process has done so; while one does, wait."""
    warm = import_module(f"scheduler.search.{search}.warm")
    warm.KERNELS.compile_alone(lambda: None if is_compiled(search) else warm.compile_here())


def is_compiled(search: str) -> bool:
    """Return whether the cache holds what a search compiles last."""
    kernels = import_module(f"scheduler.search.{search}.warm").KERNELS
    return bool(kernels.are_cached(kernels.last))
