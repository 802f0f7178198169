"""Capacity: a machine holds at most ``capacity`` parts at any time.

For every machine *m* and instant *t*::

    |{o on m : from(o) <= t < until(o)}| <= capacity_m

``[from, until)`` is the occupation (`docs/rules.md`): from start to end, but on a machine without input buffer from the
moment a mover begins to put the part down (the earliest part), and on one without output buffer (*blocking*) until the
part has been taken up (the latest, when several leave) or, where no move takes it, the job's next operation starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heappush, heapreplace
from typing import TYPE_CHECKING

from scheduler.constraints.facts import Stay, name, occupations, place
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Instance, Machine, Schedule

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext


def applies(instance: Instance) -> bool:
    """Return True: every machine has a capacity."""
    return True


# --- checker -----------------------------------------------------------------------------------------------------


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    for machine_id, held in occupations(instance, schedule).items():
        yield from _overloads(instance.machine_by_id[machine_id], held)


def _overloads(machine: Machine, held: Iterable[Stay]) -> Iterator[Violation]:
    """Give each part, in order of occupation, the place that is free first; the machine has `capacity` places."""
    places: list[tuple[int, str]] = []  # a heap: (when it is free, the operation of the part on it)
    for begin, until, _, _, operation in held:
        if begin >= until:
            continue
        taken = (until, name(operation))
        if places and places[0][0] <= begin:
            heapreplace(places, taken)
        elif len(places) < machine.capacity:
            heappush(places, taken)
        else:
            free_at, holder = places[0]
            capacity = f", capacity {machine.capacity}" if machine.capacity > 1 else ""
            detail = f"takes the machine at {begin}, which {holder} leaves at {free_at}{capacity}"
            yield Violation("capacity", place(operation), detail, min(free_at, until) - begin)
            heapreplace(places, max(places[0], taken))


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Post that the occupations of every machine keep its capacity."""
    for machine in ctx.instance.machines:
        occupations, may_be_empty = [], False
        for key, mode in ctx.operations_on(machine.id):
            occupation = ctx.occupation(key, mode)
            # Work of no length takes no place, unless the part is loaded, waits, or the machine is set up for it.
            may_stay = machine.cell is not None or occupation.is_loaded or occupation.is_held or occupation.taker
            if ctx.instance.mode(key, mode).duration > 0 or may_stay or machine.setups is not None:
                occupations.append(occupation.interval)
                may_be_empty |= ctx.instance.mode(key, mode).duration == 0 and machine.setups is None
        # What takes no time takes no place; in a no-overlap it would still need a gap.
        if machine.capacity == 1 and not may_be_empty:
            ctx.model.add_no_overlap(occupations)
        else:
            ctx.model.add_cumulative(occupations, [1] * len(occupations), machine.capacity)


RULE = Rule("capacity", applies, violations, post)
