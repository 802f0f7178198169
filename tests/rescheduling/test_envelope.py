"""The envelope of events: one that comes again counts once, one that is superseded is undone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers import at, factory, flagged, machine, schedule, simple_job
from repair_cases import flow_shop, flow_shop_baseline, revised, robot_cell, robot_cell_baseline

from scheduler import repair
from scheduler.domain import Downtime, Instance, Schedule
from scheduler.domain.events import (
    Event,
    JobCancelled,
    MachineBreakdown,
    MachineDegraded,
    OperationDelayed,
    Retraction,
    Revision,
    RobotDown,
    RushOrder,
    revise,
)
from scheduler.domain.happened import execution_of
from scheduler.errors import EventError
from scheduler.io.events_file import event_document, parse_events
from scheduler.rescheduling.right_shift import right_shift


def then(instance: Instance, now: int, *events: Event, baseline: Schedule | None = None) -> Instance:
    """Return the instance after a later revision, with the right shift of the earlier one in force."""
    if baseline is None:
        baseline = right_shift(instance, execution_of(instance).baseline)
        assert baseline is not None
    return revise(instance, Revision(now, 0, events, baseline))


def downtimes(instance: Instance, machine: str) -> list[tuple[int, int]]:
    return [(d.start, d.end) for d in instance.machine_by_id[machine].calendar.downtimes]


def refused(instance: Instance, now: int, *events: Event) -> list[str]:
    with pytest.raises(EventError) as caught:
        then(instance, now, *events)
    return [str(defect) for defect in caught.value.defects]


# --- once --------------------------------------------------------------------------------------------------------


def test_an_event_counts_once() -> None:
    event = OperationDelayed("E", 1, "J2", "2", delay=2)
    once = revised(flow_shop(), flow_shop_baseline(), 1, event)
    assert revised(flow_shop(), flow_shop_baseline(), 1, event, event) == once
    again = then(once, 2, replace(event, received_at=2))
    assert again.jobs == once.jobs
    assert execution_of(again).log == execution_of(once).log
    assert (execution_of(once).revision, execution_of(again).revision) == (1, 2)


def test_another_event_of_the_same_id_is_refused() -> None:
    once = revised(flow_shop(), flow_shop_baseline(), 1, OperationDelayed("E", 1, "J2", "2", delay=2))
    assert refused(once, 2, OperationDelayed("E", 1, "J2", "2", delay=3)) == [
        """E604 at $.events[?@.id=="E"].id: two events have the id E; give each its own"""
    ]


def test_events_of_a_source_count_in_the_order_of_their_numbers() -> None:
    # By id the cancellation (A) came first, and there would be no job to cancel.
    rush = RushOrder("B", 1, simple_job("R", ("M1", 1), release_date=1), source="erp", sequence=4)
    after = revised(flow_shop(), flow_shop_baseline(), 1, JobCancelled("A", 1, "R", source="erp", sequence=5), rush)
    assert list(after.job_by_id) == ["J1", "J2"]


# --- when it counts ----------------------------------------------------------------------------------------------


def test_an_event_counts_from_when_it_is_known() -> None:
    event = MachineBreakdown("E", 1, "M2", 9, detected_at=2, received_at=4)
    assert event.known_at == 4
    found = repair(flow_shop(), flow_shop_baseline(), [event], policy="right-shift")
    assert found.revisions[0].now == 4
    assert downtimes(found.instance, "M2") == [(4, 9)]
    # J1.2 [3, 7) on M2 pauses in [4, 9) and ends at 12, J2.2 follows.
    assert found.result.schedule is not None
    assert [(o.start, o.end) for o in found.result.schedule.by_machine["M2"]] == [(3, 12), (12, 15)]


def test_events_may_be_answered_together_later() -> None:
    events = [MachineBreakdown("E", 1, "M2", 9), OperationDelayed("F", 2, "J2", "1", delay=1)]
    found = repair(flow_shop(), flow_shop_baseline(), events, now=2, policy="right-shift")
    assert [revision.now for revision in found.revisions] == [2]


def test_what_is_over_when_it_becomes_known_is_refused() -> None:
    with pytest.raises(EventError, match="the downtime ends at 3, not after its begin at 4"):
        revised(flow_shop(), flow_shop_baseline(), 4, MachineBreakdown("E", 1, "M2", 3, received_at=4))


def test_times_of_the_envelope_out_of_order_are_refused() -> None:
    with pytest.raises(EventError) as caught:
        revised(flow_shop(), flow_shop_baseline(), 4, MachineBreakdown("E", 4, "M2", 9, detected_at=3, received_at=2))
    assert [str(defect) for defect in caught.value.defects] == [
        """E603 at $.events[?@.id=="E"].detected_at: detected_at 3 is before at 4; write 4 or later""",
        """E603 at $.events[?@.id=="E"].received_at: received_at 2 is before detected_at 4; write 4 or later""",
    ]


def test_a_revision_to_come_is_refused() -> None:
    with pytest.raises(EventError, match="there is no revision 1 yet, the schedule in force is 0"):
        revised(flow_shop(), flow_shop_baseline(), 4, MachineBreakdown("E", 4, "M2", 9, base_revision=1))


# --- corrections -------------------------------------------------------------------------------------------------


def test_a_retracted_breakdown_ends_now() -> None:
    once = revised(flow_shop(), flow_shop_baseline(), 4, MachineBreakdown("E", 4, "M2", 20))
    after = then(once, 6, Retraction("F", 6, supersedes="E"))
    assert downtimes(after, "M2") == [(4, 6)]
    # J1.2 [3, 7) has paused in [4, 6) and ends at 9.
    result = right_shift(after, execution_of(after).baseline)
    assert result is not None
    assert flagged(after, result) == []
    assert next((o.start, o.end) for o in result.by_machine["M2"]) == (3, 9)


def test_a_new_estimate_replaces_the_old_one() -> None:
    once = revised(flow_shop(), flow_shop_baseline(), 4, MachineBreakdown("E", 4, "M2", 20))
    after = then(once, 6, MachineBreakdown("F", 6, "M2", 9, supersedes="E"))
    assert after.machine_by_id["M2"].calendar.blocked(99) == (Downtime(4, 9, "breakdown"),)
    retracted = then(after, 7, Retraction("G", 7, supersedes="F"))
    assert after.machine_by_id["M2"].calendar.blocked(99) != retracted.machine_by_id["M2"].calendar.blocked(99)
    assert retracted.machine_by_id["M2"].calendar.blocked(99) == (Downtime(4, 7, "breakdown"),)


def test_what_comes_with_its_correction_never_counts() -> None:
    first, second = MachineBreakdown("Z", 4, "M2", 20), Retraction("A", 4, supersedes="Z")
    nothing = revised(flow_shop(), flow_shop_baseline(), 4)
    both = revised(flow_shop(), flow_shop_baseline(), 4, first, second)
    assert (both.machines, both.jobs) == (nothing.machines, nothing.jobs)
    updated = MachineBreakdown("A", 4, "M2", 9, supersedes="Z")
    only = revised(flow_shop(), flow_shop_baseline(), 4, MachineBreakdown("A", 4, "M2", 9))
    assert revised(flow_shop(), flow_shop_baseline(), 4, first, updated).machines == only.machines


def test_another_event_s_change_stays() -> None:
    events = OperationDelayed("A", 1, "J2", "2", delay=2), OperationDelayed("B", 1, "J2", "2", delay=5)
    once = revised(flow_shop(), flow_shop_baseline(), 1, *events)
    after = then(once, 2, Retraction("C", 2, supersedes="A"))
    assert [mode.duration for mode in after.operation_by_key["J2", "2"].modes] == [8, 10]


def test_what_is_done_of_an_operation_stays() -> None:
    # J1.2 [3, 7) takes 10 instead of 4; at 9 it has been worked on for 6 ticks.
    once = revised(flow_shop(), flow_shop_baseline(), 4, OperationDelayed("E", 4, "J1", "2", delay=6))
    after = then(once, 9, Retraction("F", 9, supersedes="E"))
    assert after.operation_by_key["J1", "2"].modes[0].duration == 6
    late = then(once, 14, Retraction("F", 14, supersedes="E"))  # it is completed
    assert late.operation_by_key["J1", "2"].modes[0].duration == 10


def test_a_retracted_order_is_cancelled_and_a_retracted_cancellation_brings_the_job_back() -> None:
    rush = revised(flow_shop(), flow_shop_baseline(), 1, RushOrder("A", 1, simple_job("R", ("M3", 1), release_date=2)))
    assert list(then(rush, 2, Retraction("B", 2, supersedes="A")).job_by_id) == ["J1", "J2"]
    assert "R" in then(rush, 4, Retraction("B", 4, supersedes="A")).job_by_id  # it has begun: only its rest goes
    cancelled = revised(flow_shop(), flow_shop_baseline(), 1, JobCancelled("A", 1, "J2"))
    assert then(cancelled, 2, Retraction("B", 2, supersedes="A")).jobs == flow_shop().jobs


def test_a_robot_that_works_again_finishes_its_move() -> None:
    once = revised(robot_cell(), robot_cell_baseline(), 11, RobotDown("E", 11, "R1", 21))
    after = then(once, 15, Retraction("F", 15, supersedes="E"))
    # Its move [9, 13) has stood still in [11, 15).
    assert [(m.start, m.end) for m in execution_of(after).moves] == [(0, 4), (9, 17)]


def test_lost_work_stays_lost() -> None:
    once = revised(flow_shop(), flow_shop_baseline(), 4, MachineBreakdown("E", 4, "M2", 20, "repeat"))
    after = then(once, 6, Retraction("F", 6, supersedes="E"))
    assert execution_of(after).aborted == (at("J1.2", "M2", 3, 4),)


def test_what_can_t_be_superseded() -> None:
    once = revised(flow_shop(), flow_shop_baseline(), 4, MachineBreakdown("E", 4, "M2", 20))
    twice = then(once, 5, MachineBreakdown("F", 5, "M2", 30, supersedes="E"))
    assert refused(twice, 6, Retraction("G", 6, supersedes="X")) == [
        """E601 at $.events[?@.id=="G"].supersedes: there is no event 'X'; write F"""
    ]
    assert refused(twice, 6, Retraction("G", 6, supersedes="E")) == [
        """E602 at $.events[?@.id=="G"].supersedes: event E was superseded by F; write F"""
    ]
    again = MachineBreakdown("G", 7, "M2", 30, supersedes="F")
    assert refused(then(twice, 6, Retraction("H", 6, supersedes="F")), 7, again) == [
        """E602 at $.events[?@.id=="G"].supersedes: event F was retracted by H; tell it as an event of its own"""
    ]
    slow = then(once, 5, MachineDegraded("H", 5, "M1", 50, 8))
    assert refused(then(slow, 9), 10, Retraction("G", 10, supersedes="H")) == [
        """E602 at $.events[?@.id=="G"].supersedes: event H expired at 8; leave it out"""
    ]
    assert refused(twice, 6, RobotDown("G", 6, "R", 9, supersedes="F")) == [
        """E603 at $.events[?@.id=="G"].supersedes: event F is of type machine_breakdown, not robot_down; """
        "retract it instead"
    ]
    assert refused(twice, 6, Retraction("G", 6)) == [
        """E603 at $.events[?@.id=="G"].supersedes: a retraction names no event; write the id of the event"""
    ]


def test_of_old_events_only_the_id_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.domain.events.revision.MOST_UNDOABLE", 1)
    instance = factory(machine("M1"), machine("M2"), simple_job("J", ("M1", 9)))
    baseline = schedule(at("J.1", "M1", 0, 9))
    events = [MachineBreakdown(id, 4, "M2", 20 + number) for number, id in enumerate("ABC")]
    log = execution_of(revised(instance, baseline, 4, *events)).log
    assert [(applied.event.id, len(applied.changes)) for applied in log.entries] == [("A", 0), ("B", 0), ("C", 1)]


# --- files -------------------------------------------------------------------------------------------------------


def test_the_envelope_comes_back_from_a_document() -> None:
    event = MachineBreakdown(
        "E",
        5,
        "M1",
        9,
        detected_at=6,
        received_at=7,
        source="mes",
        sequence=3,
        base_revision=2,
        supersedes="D",
        note="?",
    )
    assert parse_events([event_document(event)], "events.json") == (event,)
    assert event_document(MachineBreakdown("E", 5, "M1", 9)) == {
        "type": "machine_breakdown",
        "id": "E",
        "at": 5,
        "machine": "M1",
        "until": 9,
    }


def test_a_status_may_be_written_if_it_is_right() -> None:
    document = {"type": "job_cancelled", "id": "E", "at": 5, "job": "J1"}
    assert parse_events([{**document, "status": "asserted"}], "f") == (JobCancelled("E", 5, "J1"),)
    updated = {**document, "status": "updated", "supersedes": "D"}
    assert parse_events([updated], "f")[0].status == "updated"
    retracted = {"type": "retraction", "id": "E", "at": 5, "supersedes": "D", "status": "retracted"}
    assert parse_events([retracted], "f")[0].status == "retracted"
    with pytest.raises(EventError, match='status "retracted" is not the one of this event, which is asserted'):
        parse_events([{**document, "status": "retracted"}], "f")


def test_an_event_that_stands_twice_in_a_file_is_read_once() -> None:
    document = {"type": "job_cancelled", "id": "E", "at": 5, "job": "J1"}
    assert parse_events([document, {**document, "received_at": 6}], "f") == (JobCancelled("E", 5, "J1"),)
