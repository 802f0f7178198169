"""Files that are written completely or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from scheduler.errors import Defect, FormatError


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text to a file, see `write_bytes`."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write a file by way of a temporary one in the same folder.

    The file at `path` has either its old content or all of the new one, whatever happens meanwhile. What is not a
    regular file (``/dev/stdout``, a pipe) is written directly.

    Raises
    ------
    FormatError
        If the file can't be written; it is then unchanged.
    """
    target = Path(path)
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            target.write_bytes(content)
        else:
            # A link stays one: what it points to is replaced.
            _replace(Path(os.path.realpath(target)), content)
    except (OSError, ValueError) as error:
        # ValueError: a NUL character in the path.
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        defect = Defect("E132", "file", f"the file can't be written ({reason})", "check the folder and its permissions")
        raise FormatError(str(path), (defect,)) from None


def _replace(target: Path, content: bytes) -> None:
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.tmp")
    # The mode of a new file follows the umask, unlike that of `tempfile`.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.is_file():
            os.chmod(temporary, target.stat().st_mode & 0o777)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
