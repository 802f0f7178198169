"""Text files of numbers: read row by row, with errors that name the line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from scheduler.errors import Defect, FormatError
from scheduler.io.limits import MAX_TICK

_LOOKED_AT = 100_000
"""Characters at the begin of a text from which its format is guessed."""


@dataclass(slots=True)
class Row:
    """The tokens of one line, read from left to right."""

    source: str
    line: int
    tokens: list[str]
    position: int = field(default=0, init=False)

    @property
    def left(self) -> int:
        """Number of tokens not yet read."""
        return len(self.tokens) - self.position

    def integer(self, what: str, least: int = 0, most: int = MAX_TICK) -> int:
        """Return the next token, a whole number from `least` to `most`; `what` says what it stands for.

        Raises
        ------
        FormatError
            If there is no token left, it is no whole number, or it is out of range.
        """
        if self.position == len(self.tokens):
            cause = f"the line ends where {what} is expected"
            raise self.error("E122", cause, "compare the counts in the line with what follows them")
        token = self.tokens[self.position]
        value = _whole(token)
        if value is None:
            raise self.error("E121", f"{token[:40]!r} ({what}) is not a whole number", "write a whole number")
        if not least <= value <= most:
            raise self.error("E123", f"{what} is {value}", f"write a number from {least} to {most}")
        self.position += 1
        return value

    def integers(self, count: int, what: str, least: int = 0, most: int = MAX_TICK) -> list[int]:
        """Return the next `count` whole numbers, see `integer`."""
        return [self.integer(what, least, most) for _ in range(count)]

    def end(self) -> None:
        """Raise a FormatError if there are tokens left."""
        if self.left:
            token = self.tokens[self.position]
            cause = f"the line should end before its number {self.position + 1}, {token[:40]!r}"
            raise self.error("E124", cause, "compare the counts in the line with what follows them")

    def error(self, code: str, cause: str, fix: str) -> FormatError:
        """Return an error that names this line."""
        return FormatError(self.source, (Defect(code, f"line {self.line}", cause, fix),))


class Rows:
    """The rows of a text, without blank lines and ``#`` comments, read from top to bottom."""

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        self._rows = list(_tokens(text))
        self._position = 0

    @property
    def left(self) -> int:
        """Number of rows not yet read."""
        return len(self._rows) - self._position

    @property
    def line(self) -> int:
        """Line of the row read last."""
        return self._rows[self._position - 1][0] if self._position else 1

    def next(self, what: str) -> Row:
        """Return the next row; `what` says what it holds.

        Raises
        ------
        FormatError
            If there is none.
        """
        if not self.left:
            cause = f"the file ends where {what} is expected"
            raise self.error("E122", cause, "add what is missing, or correct the counts in the first line")
        line, tokens = self._rows[self._position]
        self._position += 1
        return Row(self.source, line, tokens)

    def block(
        self, what: str, num_rows: int, num_columns: int, least: int = 0, most: int = MAX_TICK
    ) -> list[list[int]]:
        """Return the whole numbers of a rectangle, see `Row.integer`."""
        block = []
        for number in range(1, num_rows + 1):
            row = self.next(f"row {number} of {num_rows} ({what})")
            block.append(row.integers(num_columns, what, least, most))
            row.end()
        return block

    def heading(self, words: str) -> None:
        """Read a row that begins with these words (in any case, with or without colon).

        Raises
        ------
        FormatError
            If the next row is another, or there is none.
        """
        row = self.next(f"the heading {words!r}")
        if not is_heading(row.tokens, words):
            raise row.error("E125", f"the heading {words!r} is expected", "add it, or check the rows before it")

    def end(self) -> None:
        """Raise a FormatError if there are rows left."""
        if self.left:
            row = self.next("the end")
            raise row.error("E124", "the file should end before this line", "check the counts in the first line")

    def error(self, code: str, cause: str, fix: str) -> FormatError:
        """Return an error that names the line read last."""
        return FormatError(self.source, (Defect(code, f"line {self.line}", cause, fix),))


def first_rows(text: str) -> list[list[str]]:
    """Return the tokens of the first rows, enough of them to guess the format."""
    return [tokens for _, tokens in _tokens(text[:_LOOKED_AT])]


def are_integers(tokens: list[str]) -> bool:
    """Return whether all tokens are whole numbers."""
    return all(_whole(token) is not None for token in tokens)


def is_heading(tokens: list[str], words: str) -> bool:
    """Return whether the tokens are these words, in any case, with or without colon."""
    return " ".join(tokens).lower().removesuffix(":").rstrip() == words.lower()


def _tokens(text: str) -> Iterator[tuple[int, list[str]]]:
    for line, content in enumerate(text.split("\n"), start=1):
        tokens = content.split("#", 1)[0].split()
        if tokens:
            yield line, tokens


def _whole(token: str) -> int | None:
    """Return the value of a whole number, also when it is written like ``4.0``."""
    digits = token.removeprefix("-")
    if digits.isdecimal() and digits.isascii():
        return int(token) if len(token) < 20 else None
    whole, point, zeros = token.partition(".")
    return _whole(whole) if point and zeros.strip("0") == "" else None
