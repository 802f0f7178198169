"""The journal: what a loop was told, decided, planned and published, in an append-only SQLite file.

Every entry carries the SHA-256 digest of itself and of the one before, so that an entry that was changed, left out or
put in breaks the chain. What is large (the instance, schedules) lies beside the entries, once, under its digest. An
append is one transaction: after a crash all of it is there or nothing. Writers know how many entries there are, so that
of two that write one journal the second fails.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias, get_args

from scheduler.errors import Defect, JournalError

Kind: TypeAlias = Literal["opened", "received", "decided", "revised", "planned", "published"]
"""What an entry says; `docs/loop.md` has a section on each."""

KINDS: tuple[Kind, ...] = get_args(Kind)

_APPLICATION = 0x73636A31
_FIRST = "0" * 64
"""Stands for the digest before the first entry."""

_SCHEMA = f"""
CREATE TABLE entries (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    content TEXT REFERENCES contents (digest),
    digest TEXT NOT NULL
);
CREATE TABLE contents (digest TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX entries_by_key ON entries (kind, key, number);
CREATE TRIGGER entries_stay BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
CREATE TRIGGER entries_last BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'entries are never removed'); END;
CREATE TRIGGER contents_stay BEFORE UPDATE ON contents BEGIN SELECT RAISE(ABORT, 'contents are never changed'); END;
CREATE TRIGGER contents_last BEFORE DELETE ON contents BEGIN SELECT RAISE(ABORT, 'contents are never removed'); END;
CREATE VIEW received AS SELECT number, json_extract(body, '$.time') AS time, json_extract(body, '$.text') AS text
    FROM entries WHERE kind = 'received';
CREATE VIEW decisions AS SELECT number, key AS event, json_extract(body, '$.entry') AS entry,
    json_extract(body, '$.verdict') AS verdict, json_extract(body, '$.reason') AS reason,
    json_extract(body, '$.revision') AS revision FROM entries WHERE kind = 'decided';
CREATE VIEW revisions AS SELECT number, CAST(key AS INTEGER) AS revision, json_extract(body, '$.now') AS now,
    json_extract(body, '$.events') AS events FROM entries WHERE kind = 'revised';
CREATE VIEW plans AS SELECT number, CAST(key AS INTEGER) AS revision, json_extract(body, '$.policy') AS policy,
    json_extract(body, '$.objective') AS objective, content FROM entries WHERE kind = 'planned';
CREATE VIEW publications AS SELECT number, CAST(key AS INTEGER) AS revision, json_extract(body, '$.time') AS time,
    json_extract(body, '$.plan') AS plan, json_extract(body, '$.digest') AS digest
    FROM entries WHERE kind = 'published';
PRAGMA application_id = {_APPLICATION};
"""


@dataclass(frozen=True)
class Draft:
    """An entry to be; `content` is stored beside it."""

    kind: Kind
    key: str
    body: Mapping[str, Any] = field(default_factory=dict)
    content: bytes | None = None


@dataclass(frozen=True)
class Entry:
    """An entry of the journal.

    Attributes
    ----------
    number
        Place in the journal, from 1.
    kind, key, body
        What it says, and about what: see `docs/loop.md`.
    content
        Digest of what is stored beside it, if anything is.
    digest
        SHA-256 of all this and of the digest before.
    """

    number: int
    kind: Kind
    key: str
    body: Mapping[str, Any]
    content: str | None
    digest: str


class Journal:
    """An open journal; use it as a context.

    Parameters
    ----------
    path
        The file; it is made if there is none, unless `only_read`.
    only_read
        Entries can't be appended, and another process may write meanwhile.

    Raises
    ------
    JournalError
        If the file is no journal or can't be opened.
    """

    def __init__(self, path: str | Path, *, only_read: bool = False) -> None:
        self.path = Path(path)
        if only_read and not self.path.is_file():
            raise self._error("E701", "there is no such journal", "name the file given to `run --journal`")
        with self._translated():
            self._connection = sqlite3.connect(self.path, timeout=10.0, isolation_level=None)
        try:
            self._prepare(only_read)
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self, only_read: bool) -> None:
        with self._translated():
            tables = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            application = self._connection.execute("PRAGMA application_id").fetchone()[0]
            if (tables or only_read) and application != _APPLICATION:
                raise self._error("E701", "this is no journal of a loop", "name another file")
            if only_read:
                self._connection.execute("PRAGMA query_only = ON")
            else:
                # FULL: what is committed survives the loss of power, not only the end of the process.
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = FULL")
            if not tables:
                with self._transaction():
                    for statement in _statements(_SCHEMA):
                        self._connection.execute(statement)
            last = self._connection.execute("SELECT number, digest FROM entries ORDER BY number DESC LIMIT 1")
            number, digest = last.fetchone() or (0, _FIRST)
        self._number: int = number
        self._digest: str = digest

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __len__(self) -> int:
        return self._number

    @property
    def head(self) -> str:
        """Digest of the last entry."""
        return self._digest

    def append(self, *drafts: Draft) -> tuple[Entry, ...]:
        """Append entries, all or none; they are on disk when this returns.

        Raises
        ------
        JournalError
            If the file can't be written, or another process has appended something.
        """
        number, digest, entries = self._number, self._digest, []
        with self._translated(), self._transaction():
            for draft in drafts:
                body, content, number = json.dumps(draft.body), None, number + 1
                if draft.content is not None:
                    content = hashlib.sha256(draft.content).hexdigest()
                    data = zlib.compress(draft.content, 1)
                    self._connection.execute("INSERT OR IGNORE INTO contents VALUES (?, ?)", (content, data))
                digest = _digest(number, draft.kind, draft.key, body, content, digest)
                row = (number, draft.kind, draft.key, body, content, digest)
                try:
                    self._connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)", row)
                except sqlite3.IntegrityError:
                    fix = "let one process write to a journal"
                    raise self._error("E704", "another process has written to this journal", fix) from None
                entries.append(Entry(number, draft.kind, draft.key, json.loads(body), content, digest))
        self._number, self._digest = number, digest
        return tuple(entries)

    def entries(self, *kinds: Kind, key: str | None = None, after: int = 0) -> Iterator[Entry]:
        """Yield the entries of these kinds (none: of all) and this key, in order, those after a number only."""
        marks = ",".join("?" * len(kinds or KINDS))
        query = f"SELECT * FROM entries WHERE kind IN ({marks}) AND number > ?"
        query += "" if key is None else " AND key = ?"
        given = [*(kinds or KINDS), after, *([] if key is None else [key])]
        with self._translated():
            for row in self._connection.execute(f"{query} ORDER BY number", given):
                yield _entry(row)

    def last(self, kind: Kind, key: str | None = None) -> Entry | None:
        """Return the last entry of a kind and key."""
        query = "SELECT * FROM entries WHERE kind = ?" + ("" if key is None else " AND key = ?")
        given = [kind, *([] if key is None else [key])]
        with self._translated():
            row = self._connection.execute(f"{query} ORDER BY number DESC LIMIT 1", given).fetchone()
        return None if row is None else _entry(row)

    def entry(self, number: int) -> Entry:
        """Return the entry with this number.

        Raises
        ------
        JournalError
            If there is none.
        """
        with self._translated():
            row = self._connection.execute("SELECT * FROM entries WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise self._error("E702", f"there is no entry {number}", "restore the journal from a copy")
        return _entry(row)

    def content(self, digest: str) -> bytes:
        """Return what is stored under a digest.

        Raises
        ------
        JournalError
            If nothing is, or something else.
        """
        with self._translated():
            row = self._connection.execute("SELECT data FROM contents WHERE digest = ?", (digest,)).fetchone()
        try:
            data = zlib.decompress(row[0]) if row is not None else b""
        except zlib.error:
            data = b""
        if hashlib.sha256(data).hexdigest() != digest:
            raise self._error("E702", f"content {digest[:12]} is missing or changed", "restore the journal from a copy")
        return data

    def breaks(self) -> tuple[Defect, ...]:
        """Return where the chain is broken: entries missing, changed or put in, and contents that are not theirs."""
        found: list[Defect] = []
        expected, before = 1, _FIRST
        with self._translated():
            for number, kind, key, body, content, digest in self._connection.execute(
                "SELECT * FROM entries ORDER BY number"
            ):
                where, fix = f"entry {number}", "restore the journal from a copy"
                if number != expected:
                    found.append(Defect("E702", where, f"entry {expected} is missing", fix))
                elif digest != _digest(number, kind, key, body, content, before):
                    found.append(Defect("E702", where, "it or the one before is not what was written", fix))
                if content is not None:
                    try:
                        self.content(content)
                    except JournalError as error:
                        found += [Defect(d.code, where, d.cause, d.fix) for d in error.defects]
                expected, before = number + 1, digest
        return tuple(found)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn what SQLite complains of into an error with a way out."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise self._error("E703", f"the journal can't be used ({error})", "check file, folder and disk") from None

    def _error(self, code: str, cause: str, fix: str) -> JournalError:
        return JournalError(str(self.path), (Defect(code, "journal", cause, fix),))


def _entry(row: tuple[Any, ...]) -> Entry:
    number, kind, key, body, content, digest = row
    return Entry(number, kind, key, json.loads(body), content, digest)


def _digest(number: int, kind: str, key: str, body: str, content: str | None, before: str) -> str:
    return hashlib.sha256(json.dumps([number, kind, key, body, content, before]).encode()).hexdigest()


def _statements(script: str) -> Sequence[str]:
    """Return the statements of a script; `executescript` would end the transaction."""
    found, statement = [], ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            found.append(statement)
            statement = ""
    return found
