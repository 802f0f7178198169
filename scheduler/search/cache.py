"""A place for compiled code where numba finds none by itself.

Numba keeps compiled functions beside their source, else below the home of the user, and refuses to compile with a cache
where neither can be written (a read-only container, a service account without home).
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"
PACKAGE = Path(__file__).parent


def ensure_cache_folder() -> None:
    """Give numba a folder of our own if it would not find any; call it before anything is compiled."""
    if os.environ.get(VARIABLE) or is_writable(PACKAGE) or is_writable(user_cache()):
        return
    folder = str(temporary_folder(Path(tempfile.gettempdir())))
    os.environ[VARIABLE] = folder  # for numba when it is imported, and for the process that compiles
    if "numba" in sys.modules:
        import numba

        numba.config.CACHE_DIR = folder  # type: ignore[attr-defined]


def user_cache() -> Path:
    """Return the folder below which numba keeps the code of packages that can't be written."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home()))
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def is_writable(folder: Path) -> bool:
    """Return whether a folder can be written, or made and then written."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK | os.X_OK)


def temporary_folder(parent: Path) -> Path:
    """Return a folder that only this user can write: the one of earlier runs if there is one, else a new one.

    Cached code is executed, so that a folder that somebody else may have filled is not taken.
    """
    if hasattr(os, "getuid"):
        folder = parent / f"scheduler-numba-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        if folder.is_dir() and not folder.is_symlink() and status.st_uid == os.getuid() and not status.st_mode & 0o077:
            return folder
    return Path(tempfile.mkdtemp(prefix="scheduler-numba-", dir=parent))
