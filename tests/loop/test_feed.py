"""Where events come from: files, streams, bursts, and lines that can't be read."""

from __future__ import annotations

import json
import os
from io import BytesIO
from pathlib import Path

import pytest
from shop import breakdown, opened, verdicts

from scheduler.errors import FormatError
from scheduler.loop import Line, Recording, Stream
from scheduler.loop.feed import MAX_LINE_BYTES, MOST_IN_BURST, lines_of

EVENTS = [breakdown("E1", 1, 3), breakdown("E2", 1, 4, "M2"), breakdown("E3", 9, 12), breakdown("E4", 5, 14)]


def ids(burst: tuple[Line, ...]) -> list[str]:
    return [json.loads(line.text)["id"] for line in burst]


def recorded(path: Path, text: str, **how: object) -> Recording:
    path.write_text(text, encoding="utf-8")
    return Recording(path, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"events": EVENTS}),
        json.dumps(EVENTS, indent=2),
        "\n\n".join(json.dumps(event) for event in EVENTS),
    ],
)
def test_a_file_comes_in_bursts_of_one_instant(text: str, tmp_path: Path) -> None:
    bursts = [ids(burst) for burst in recorded(tmp_path / "events.json", text).bursts()]
    assert bursts == [["E1", "E2"], ["E3", "E4"], []]  # E4 stands after E3, so it comes at 9 at the earliest


def test_a_file_is_played_back_at_its_speed(tmp_path: Path) -> None:
    waits: list[float] = []
    text = json.dumps(EVENTS)
    recording = recorded(tmp_path / "events.json", text, speed=0.01, debounce=300.0, sleep=waits.append)
    assert [ids(burst) for burst in recording.bursts()] == [["E1", "E2"], ["E3", "E4"], []]
    assert [round(wait, -1) for wait in waits] == [300, 1100]  # 3 ticks to wait for more, 8 between the bursts


def test_what_the_journal_has_is_passed_over(tmp_path: Path) -> None:
    recording = recorded(tmp_path / "e.jsonl", json.dumps(EVENTS[0]) + "\nnonsense\n")
    recording.pass_over(lambda line: "E1" in line.text)
    assert list(recording.bursts()) == [(Line("nonsense"),), ()]


def test_a_burst_has_an_end(tmp_path: Path) -> None:
    events = [breakdown(f"E{n}", 1, 3) for n in range(MOST_IN_BURST + 1)]
    bursts = list(recorded(tmp_path / "events.json", json.dumps(events)).bursts())
    assert [len(burst) for burst in bursts] == [MOST_IN_BURST, 1, 0]


@pytest.mark.parametrize(("text", "code"), [("", "E105"), ("nonsense", "E107"), ('{"jobs": []}', "E1")])
def test_a_file_of_something_else_is_refused(text: str, code: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=code):
        recorded(tmp_path / "events.json", text)


def test_lines_that_can_not_be_read_say_why() -> None:
    long = b"x" * (3 * MAX_LINE_BYTES)
    lines = list(lines_of(BytesIO(b'\xef\xbb\xbf{"id": 1}\r\n\n' + long + b"\n\xff\xfe\nend")))
    assert [line.defect.code if line.defect is not None else line.text for line in lines] == [
        '{"id": 1}',
        "E611",
        "E106",
        "end",
    ]
    assert len(lines[1].text) == 1_000


def test_a_stream_comes_in_bursts() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb", buffering=0) as sink:
        stream = Stream(source, debounce=0.2)
        bursts = stream.bursts()
        sink.write(b"one\ntwo\n")
        assert [line.text for line in next(bursts)] == ["one", "two"]
        assert next(bursts) == ()  # silence
        assert not stream.is_waiting()
        sink.write(b"three\n")
        assert [line.text for line in next(bursts)] == ["three"]
        sink.close()
        assert set(bursts) <= {()}


def test_a_loop_runs_until_its_stream_ends(tmp_path: Path) -> None:
    content = "\n".join([json.dumps(EVENTS[0]), "nonsense", json.dumps(EVENTS[1])]).encode()
    with opened(tmp_path) as loop:
        loop.run(Stream(BytesIO(content), debounce=0.05))
        assert loop.state.revision == 1
    assert sorted(verdicts(tmp_path).values()) == ["accepted", "accepted", "quarantined"]
