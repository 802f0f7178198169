"""Files as text: what can go wrong before anything in them is understood."""

from __future__ import annotations

from pathlib import Path

from scheduler.errors import Defect, FormatError
from scheduler.io.limits import MAX_ID_LENGTH

MAX_BYTES = 256 * 2**20
"""Larger files are refused: nobody writes them on purpose, and they would eat the memory."""


def read_text(path: str | Path) -> str:
    """Return the text of a UTF-8 file (a byte order mark is skipped).

    Raises
    ------
    FormatError
        If there is no such file, it can't be opened, is too large, empty, or not UTF-8.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise _file_error(path, "E102", "this is a directory", "name a file in it")
        if path.exists() and not path.is_file():
            raise _file_error(path, "E103", "this is not a regular file", "copy its content to a file first")
        size = path.stat().st_size
        if size > MAX_BYTES:
            cause = f"the file has {size} bytes, more than the {MAX_BYTES} that are read"
            raise _file_error(path, "E104", cause, "split it, or leave out what is not scheduled")
        content = path.read_bytes()
    except FileNotFoundError:
        raise _file_error(path, "E101", "there is no such file", _nearby(path)) from None
    except (OSError, ValueError) as error:
        # ValueError: a NUL character in the path.
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        cause = f"the file can't be opened ({reason})"
        raise _file_error(path, "E103", cause, "check its name and permissions") from None
    return _decoded(path, content)


def instance_name(source: str) -> str:
    """Return the name of an instance whose file names none: the name of the file."""
    printable = "".join(character for character in Path(source).stem if character.isprintable())
    return printable.strip()[:MAX_ID_LENGTH].rstrip() or "instance"


def _decoded(path: Path, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        cause = f"byte 0x{content[error.start]:02x} is not UTF-8 text"
        raise FormatError(str(path), (Defect("E106", f"line {line}", cause, "save the file as UTF-8"),)) from None
    if not text.strip():
        raise _file_error(path, "E105", "the file is empty", "write an instance, or name another file")
    return text


def _nearby(path: Path) -> str:
    if not path.parent.is_dir():
        return f"check the folder: {str(path.parent)!r} does not exist"
    return "check the name"


def _file_error(path: Path, code: str, cause: str, fix: str) -> FormatError:
    return FormatError(str(path), (Defect(code, "file", cause, fix),))
