"""Runs in processes of their own: `python -m MODULE ...` that prints a JSON document as the last line of its output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0
"""Seconds after twice the time limit at which a process that has not ended is killed."""


class Crashed(Exception):
    """The process was killed or ended with an error."""


def run_module(module: str, *arguments: object, time_limit: float) -> dict[str, Any]:
    """Run a module in a fresh process and return the document that it prints.

    Raises
    ------
    Crashed
        If it ends with an error, or not within `PATIENCE` after twice the time limit.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path}
    try:
        process = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=2 * time_limit + PATIENCE
        )
    except subprocess.TimeoutExpired as error:
        raise Crashed(f"killed after {error.timeout:.0f} s") from None
    if process.returncode != 0:
        last = (process.stderr.strip().splitlines() or [""])[-1]
        raise Crashed(f"exit code {process.returncode}: {last}")
    document: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    return document
