"""Schedules as they lie in the journal: every field of every item comes back."""

from __future__ import annotations

import json

from scheduler.domain import Charge, Move, Schedule, ScheduledOperation, Setup
from scheduler.loop.packing import packed, packed_operations, unpacked, unpacked_operations

OPERATION = ScheduledOperation("J", "1", 2, "M", 3, 7, "R")
LOAD = Move("J", "A", "B", "L#0", "transfer", 7, 9, "1", "2", load=1, units=4)
SCHEDULE = Schedule((OPERATION,), (LOAD,), (Setup("M", "J", "1", "a", "b", 1, 3),), (Charge("V", "C", 1, 4, 20, 80),))


def test_a_schedule_comes_back_whole() -> None:
    assert unpacked(packed(SCHEDULE)) == SCHEDULE
    assert json.loads(packed(SCHEDULE))["operations"] == [["J", "1", 2, "M", 3, 7, "R"]]
    assert unpacked_operations(json.loads(json.dumps(packed_operations((OPERATION,))))) == (OPERATION,)


def test_what_was_packed_when_items_had_fewer_fields_is_read() -> None:
    document = json.loads(packed(SCHEDULE))
    document["moves"] = [values[:9] for values in document["moves"]]
    del document["charges"]
    (move,) = unpacked(json.dumps(document).encode()).moves
    assert (move.successor, move.load, move.units) == ("2", 0, None)
