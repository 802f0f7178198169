"""The journal: what is in it stays, and what does not is noticed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from shop import answer_all, opened

from scheduler.errors import JournalError
from scheduler.loop import Journal
from scheduler.loop.replay import flaws


def forged(path: Path, *statements: str) -> None:
    """Change a journal behind its back, without the triggers that protect it."""
    connection = sqlite3.connect(path)
    for name in ("entries_stay", "entries_last", "contents_stay", "contents_last"):
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def codes(folder: Path) -> list[str]:
    with Journal(folder / "journal.db", only_read=True) as journal:
        return [defect.code for defect in flaws(journal, folder)]


def test_a_whole_journal_has_no_flaw(tmp_path: Path) -> None:
    answer_all(tmp_path)
    assert codes(tmp_path) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET body = replace(body, 'accepted', 'quarantined') WHERE kind = 'decided'",
        "UPDATE entries SET key = '7' WHERE kind = 'revised'",
        "DELETE FROM entries WHERE number = 5",
        "DELETE FROM contents WHERE digest IN (SELECT content FROM entries WHERE number = 2)",
        "UPDATE contents SET data = (SELECT data FROM contents LIMIT 1)",
        "INSERT INTO entries SELECT 100, kind, key, body, content, digest FROM entries WHERE number = 5",
    ],
)
def test_a_change_is_noticed(statement: str, tmp_path: Path) -> None:
    answer_all(tmp_path)
    forged(tmp_path / "journal.db", statement)
    assert set(codes(tmp_path)) == {"E702"}


def test_a_cut_end_is_noticed_by_what_was_published(tmp_path: Path) -> None:
    answer_all(tmp_path)
    with Journal(tmp_path / "journal.db", only_read=True) as journal:
        last = journal.last("revised")
    assert last is not None
    forged(tmp_path / "journal.db", f"DELETE FROM entries WHERE number >= {last.number - 1}")
    assert codes(tmp_path) == ["E706"]


def test_entries_can_not_be_changed_by_accident(tmp_path: Path) -> None:
    answer_all(tmp_path)
    connection = sqlite3.connect(tmp_path / "journal.db")
    for statement in ("UPDATE entries SET key = ''", "DELETE FROM entries", "DELETE FROM contents"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            connection.execute(statement)
    connection.close()


def test_views_are_for_people(tmp_path: Path) -> None:
    answer_all(tmp_path)
    connection = sqlite3.connect(tmp_path / "journal.db")
    assert connection.execute("SELECT event, verdict, revision FROM decisions").fetchall() == [
        (f"E{n}", "accepted", n) for n in (1, 2, 3, 4)
    ]
    assert connection.execute("SELECT revision, now FROM revisions").fetchall() == [(1, 1), (2, 4), (3, 5), (4, 8)]
    assert len(connection.execute("SELECT plan, digest FROM publications").fetchall()) == 5
    assert len(connection.execute("SELECT policy, content FROM plans").fetchall()) == 5
    assert len(connection.execute("SELECT time, text FROM received").fetchall()) == 4
    connection.close()


def nothing(path: Path) -> None:
    pass


def text(path: Path) -> None:
    path.write_text("no database", encoding="utf-8")


def other_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (x)")
    connection.close()


@pytest.mark.parametrize(("make", "code"), [(nothing, "E701"), (text, "E703"), (other_database, "E701")])
def test_what_is_no_journal_is_refused(make: Callable[[Path], None], code: str, tmp_path: Path) -> None:
    make(tmp_path / "journal.db")
    with pytest.raises(JournalError, match=code):
        Journal(tmp_path / "journal.db", only_read=True)


def test_a_reader_may_look_while_the_loop_runs(tmp_path: Path) -> None:
    with opened(tmp_path), Journal(tmp_path / "journal.db", only_read=True) as journal:
        assert [entry.kind for entry in journal.entries()] == ["opened", "planned", "published"]
