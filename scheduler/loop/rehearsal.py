"""Rehearsal: a repair that nobody sees, so that the first event does not wait for solvers and compiled code to load."""

from __future__ import annotations

import sys
from contextlib import suppress

from scheduler.domain.collector import IdleCollector, settle_collector
from scheduler.domain.events import MachineBreakdown
from scheduler.errors import DefectsError
from scheduler.io.json_text import dump_json
from scheduler.loop.planning import Settings
from scheduler.loop.state import State
from scheduler.rescheduling import repair

SECONDS = 1.5
"""Most that it may take: loading solver and compiled code takes about a second."""
_TURN = 0.0005
"""Seconds after which a thread that computes in Python gives way to one that waits, a tenth of what is usual: a plan is
journalled and published in some twenty steps, each of which may have to wait for the threads of the search."""


def rehearse(state: State, settings: Settings) -> None:
    """Repair the schedule in force as if the machine with most to do broke down now, for a tick, and forget it.

    Nothing is journalled or published. Where the compiled code is not on this machine yet, a process that compiles has
    begun when this returns. What has been loaded is out of the garbage collector's sight from then on, and
    Python looks for old garbage no more by itself: the loop does, when it has the time. Threads take turns more often.
    """
    _repair(state, settings)
    settle_collector()
    IdleCollector.take_over()
    sys.setswitchinterval(_TURN)


def _repair(state: State, settings: Settings) -> None:
    pending = [o for o in state.schedule.operations if o.start >= state.now]
    if not pending:
        return
    work: dict[str, int] = {}
    for operation in pending:
        work[operation.machine] = work.get(operation.machine, 0) + operation.end - operation.start
    busiest = max(sorted(work), key=lambda machine: work[machine])
    first = min(o.start for o in pending if o.machine == busiest)
    down = MachineBreakdown(id="rehearsal", at=state.now, machine=busiest, until=first + 1)
    with suppress(DefectsError):  # say, an event of this id is there already: what matters is loaded all the same
        found = repair(
            state.instance,
            state.schedule,
            [down],
            policy=settings.policy,
            objective=settings.objective,
            time_limit=SECONDS,
            workers=settings.workers,
            is_checked=True,
            broken=state.broken,
        )
        dump_json({"report": None if found.report is None else found.report.as_json()})
