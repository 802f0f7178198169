"""Items of a schedule: an operation keeps its key, whichever way it was made."""

from __future__ import annotations

import pickle
from dataclasses import replace

from scheduler.domain import ScheduledOperation

OPERATION = ScheduledOperation("J", "1", 0, "M", 3, 7)


def test_the_key_follows_from_job_and_operation() -> None:
    assert OPERATION.key == ("J", "1")
    assert replace(OPERATION, job="K").key == ("K", "1")
    assert pickle.loads(pickle.dumps(OPERATION)).key == ("J", "1")


def test_the_key_is_no_field_of_its_own() -> None:
    assert "key" not in repr(OPERATION)
    assert hash(OPERATION) == hash(replace(OPERATION))
    assert replace(OPERATION) == OPERATION
