"""Right shift: keep every assignment and every order of the baseline, and delay only what must be delayed.

All orders are kept: of operations on machines, of robot moves, of trips and the jobs on them, and the modes. What
remains is a longest path problem, solved by label correcting (`scheduler.rescheduling.timing`), in milliseconds. It is
the classic partial repair (Abumaizar & Svestka, Int. J. Production Research 35, 1997) with moves as activities.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from scheduler.constraints import parking, swaps
from scheduler.domain import Instance, Schedule
from scheduler.domain.derive import complete
from scheduler.domain.execution import Wait
from scheduler.domain.happened import execution_of
from scheduler.rescheduling.cascade import Delay, delays_of
from scheduler.rescheduling.charging import Drained, charged_more
from scheduler.rescheduling.concessions import LONG_DWELL, unlimited, with_minimums, without_dwell, without_lags
from scheduler.rescheduling.draft import Draft, draft_of
from scheduler.rescheduling.insertion import with_new_jobs
from scheduler.rescheduling.loose import (
    in_todays_loads,
    lacks_trips,
    loose_operations,
    on_later_trips,
    whole_jobs,
    with_followers,
    without,
)
from scheduler.rescheduling.network import Network
from scheduler.rescheduling.parking import Ways
from scheduler.rescheduling.timing import Stuck, TooLate

Answer = TypeVar("Answer")

_EXTENSIONS = 2
"""How often calendars are unrolled eight times further before something is said to fit nowhere."""


_MOST_CIRCLES = 20
"""Jobs that come after everything else, so that nothing has to swap, before a right shift is given up."""

_MOST_CHARGES = 200
"""Charges that are added or made longer before a right shift is given up."""


@dataclass(frozen=True)
class Shift:
    """A right shift: of the jobs that the baseline has (``kept``), and with the new ones after them (``placed``).

    Both may miss deadlines. Where there is no right shift, or it misses deadlines, ``reason`` tells why. ``delays`` are
    those of what the baseline has, each with what it waits for.
    """

    placed: Schedule | None
    kept: Schedule | None
    reason: str = ""
    delays: tuple[Delay, ...] = ()

    @property
    def schedule(self) -> Schedule | None:
        """The right shift, if it is a schedule."""
        return None if self.reason else self.placed


def right_shift(instance: Instance, baseline: Schedule) -> Schedule | None:
    """Return the baseline shifted to the right, or None; `shift` tells why there is none."""
    return shift(instance, baseline).schedule


def shift(instance: Instance, baseline: Schedule, *, lowest: int | None = None) -> Shift:
    """Shift the baseline to the right as far as the revised instance demands, and no further.

    Started operations and moves stay, pending ones start no earlier than in the baseline and than `now`. A repeated
    operation comes again at its place in the order of its machine; new jobs come after everything else, and so does
    what can't keep its place (`scheduler.rescheduling.loose`).

    Transfers that have lost their vehicle, or their room on it, come behind everything else too. Where that deadlocks,
    since their part is in the way until then, they are made directly after the trips that they were on. Where the part
    of a job is in the way until the rest of it comes, all that is left of the job comes behind everything else.

    There is none if something fixed would have to move (a pin, a maximum lag behind running work), if a deadline
    is missed, or if the kept orders deadlock; other orders may still have a schedule then.

    Parameters
    ----------
    instance
        A revised instance (with `execution`).
    baseline
        The schedule in force, right for the instance before the events.
    lowest
        A level down to which vehicles that can't charge any more run below their minimum, as little as they have to.
    """
    found = _shifted(instance, baseline, lowest)
    if found.placed is None and lacks_trips(instance, baseline):
        again = _shifted(instance, baseline, lowest, on_trips=True)
        found = again if again.placed is not None else found
    if found.placed is None and loose_operations(instance, draft_of(instance, baseline)):
        again = _shifted(instance, baseline, lowest, as_a_whole=True)
        found = again if again.placed is not None else found
    return found


def _shifted(
    instance: Instance, baseline: Schedule, lowest: int | None, on_trips: bool = False, as_a_whole: bool = False
) -> Shift:
    """Return the shift; `on_trips` and `as_a_whole` as in `_drafted`."""
    old = _without_new_jobs(instance, baseline)
    kept = None
    try:
        draft = _without_swaps(old, _drafted(old, baseline, on_trips, as_a_whole), lowest)
        both = _with_new_jobs(instance, old, draft)
        if both is not None:
            return both
        kept, settled = _earliest(old, draft, lowest)
        placed, delays = kept, delays_of(settled)
        if len(old.jobs) < len(instance.jobs):
            placed, _ = _earliest(instance, with_new_jobs(instance, draft), lowest)
        return Shift(placed, kept, _too_late(instance, placed), delays)
    except Stuck as stuck:
        return Shift(None, kept, f"right shift is impossible: {stuck}")


def _with_new_jobs(instance: Instance, old: Instance, draft: Draft) -> Shift | None:
    """Return the shift if one network has both: new jobs come last everywhere, and so delay none of the old ones.

    None where there are no new jobs, where vehicles charge (once more for what is new) or make room for others, and
    where that leads nowhere.
    """
    goes_elsewhere = bool(instance.battery_by_vehicle) or any(fleet.limited for fleet in instance.fleets)
    if len(old.jobs) == len(instance.jobs) or goes_elsewhere:
        return None
    try:
        placed, settled = _earliest(instance, with_new_jobs(instance, draft))
    except Stuck:
        return None
    new = instance.job_by_id.keys() - old.job_by_id.keys()
    operations = [o for o in placed.operations if o.job not in new]
    moves = [m for m in placed.moves if m.job is not None and m.job not in new]
    kept = complete(old, operations, moves)
    return Shift(placed, kept, _too_late(instance, placed), delays_of(settled, old.job_by_id))


def _too_late(instance: Instance, schedule: Schedule) -> str:
    """Return which job misses its deadline first in file order, an empty text if none does."""
    for job in instance.jobs:
        completion = schedule.completions.get(job.id, 0)
        if job.deadline is not None and completion > job.deadline:
            words = f"job {job.id} would be completed at {completion}, after its deadline {job.deadline}"
            return f"right shift is impossible: {words}"
    return ""


def waits_of(instance: Instance, baseline: Schedule) -> tuple[Wait, ...]:
    """Return how long robots and vehicles under way have to wait in front of machines not ready for their part.

    A breakdown may keep a part on the machine, or the place before it, to which a robot or vehicle is already carrying
    the next one. It then stands still for as long as it has to, before it puts the part down: a downtime, which
    lengthens the move. One that has to take another part off first waits before that. Where limits that may be broken
    are in the way (a part in a bath, which would be fetched too late then), it waits all the same: it can't do anything
    else. Nothing waits where waiting does not help.
    """
    soaking = tuple(without_dwell(without_lags(job), LONG_DWELL) for job in instance.jobs)
    for limited in (instance, replace(instance, jobs=soaking), unlimited(instance)):
        try:
            draft = _drafted(_without_new_jobs(limited, baseline), baseline)
            waits = Network(limited, draft, _latest(limited, draft), carriers_wait=True).waits()
            break
        except Stuck:
            continue
    else:
        return ()
    found, now = [], execution_of(instance).now
    for move, ticks in waits.items():
        begin = move.end - max(instance.group_by_carrier[move.mover].drop_time, 1)
        others = (
            m for m in baseline.by_mover.get(move.mover, ()) if m.job is not None and m.origin == move.destination
        )
        begin = max(now, min((m.start for m in others if now <= m.start < begin), default=begin))
        begin = min(begin, move.end - 1)  # one that would arrive this very instant
        found.append(Wait(move.mover, move.job or "", move.destination, begin, begin + ticks))
    return tuple(found)


def _without_new_jobs(instance: Instance, baseline: Schedule) -> Instance:
    known = {operation.job for operation in baseline.operations}
    if known.issuperset(instance.job_by_id):
        return instance
    return replace(instance, jobs=tuple(job for job in instance.jobs if job.id in known))


def _drafted(instance: Instance, baseline: Schedule, on_trips: bool = False, as_a_whole: bool = False) -> Draft:
    """Return what is left of the baseline, with what can't keep its place behind everything else.

    With `on_trips` transfers that lack a trip do not lose their place, but have another one, directly after it; with
    `as_a_whole` jobs come behind everything else with all that is left of them.
    """
    draft = in_todays_loads(instance, draft_of(instance, baseline))
    draft = on_later_trips(instance, draft) if on_trips else draft
    loose = loose_operations(instance, draft)
    loose = whole_jobs(instance, loose) if as_a_whole else loose
    draft = without(instance, draft, loose) if loose else draft
    draft = on_later_trips(instance, draft)
    return with_new_jobs(instance, draft) if loose else draft


def _without_swaps(instance: Instance, draft: Draft, lowest: int | None = None) -> Draft:
    """Return the draft in which no parts have to swap on machines that don't allow it.

    The orders of the baseline need no swap, unless parts passed in no time that now stay. The job of such a part, if
    its machine is still to come, comes after everything else.

    Raises
    ------
    Stuck
        If the parts are already where they could only swap.
    """
    for _ in range(_MOST_CIRCLES if swaps.applies(instance) else 0):
        schedule, _ = _earliest(instance, draft, lowest)
        circle = next(swaps.circles(instance, schedule), None)
        if circle is None:
            break
        where = {stay.operation.key for stay in circle}
        before = {
            (job.id, p.predecessor) for job in instance.jobs for p in job.precedences if (job.id, p.successor) in where
        }
        loose = with_followers(instance, before)
        last = max((o for o in draft.operations if o.key in loose & before), key=lambda o: o.start, default=None)
        if last is None:
            names = " and ".join(sorted({f"operation {key[1]} of job {key[0]}" for key in where}))
            raise Stuck(f"{names} could take their machines only by swapping")
        draft = with_new_jobs(instance, without(instance, draft, with_followers(instance, [last.key])))
    return draft


def _earliest(instance: Instance, draft: Draft, lowest: int | None = None) -> tuple[Schedule, Network]:
    """Return the earliest schedule of a draft and its network.

    Where vehicles would run down, charges last longer, or there are more of them; where nothing helps, vehicles run
    below their minimum, down to the `lowest` level (None: never).
    """
    for _ in range(_MOST_CHARGES):
        schedule, network = _settled(instance, draft)
        better = None
        while instance.battery_by_vehicle:
            try:
                better = charged_more(instance, draft, schedule)
                break
            except Drained as drained:
                if lowest is None:
                    raise
                instance = _lowered(instance, draft, schedule, drained, lowest)
        if better is None:
            return schedule, network
        draft = better
    raise Stuck("batteries run down again and again")


def _lowered(instance: Instance, draft: Draft, schedule: Schedule, drained: Drained, lowest: int) -> Instance:
    """Return the instance with the minimum of a vehicle as little lower as lets it charge, or do without.

    Raises
    ------
    Drained
        If it would have to be lower than the lowest level.
    """
    vehicle = drained.vehicle
    minimum = instance.battery_by_vehicle[vehicle].minimum
    least, most = 1, min(drained.units, minimum - lowest)
    if most < least:
        raise drained
    while least < most:
        middle = (least + most) // 2
        try:
            charged_more(with_minimums(instance, {vehicle: minimum - middle}), draft, schedule)
            is_enough = True
        except Drained as other:
            is_enough = other.vehicle != vehicle
        least, most = (least, middle) if is_enough else (middle + 1, most)
    return with_minimums(instance, {vehicle: minimum - most})


def _settled(instance: Instance, draft: Draft) -> tuple[Schedule, Network]:
    """Return the earliest schedule of a draft and its network.

    Where vehicles with the empty moves of the baseline would be in the way of one another for ever, all of them leave
    limited places as soon as they can, and come there in the order in which they would if there were room for all.
    """
    try:
        return _roomy(instance, draft, "planned")
    except Stuck as stuck:
        if not any(fleet.limited for fleet in instance.fleets):
            raise
        try:
            retimed, _ = _extended(instance, draft, "none", Network.retimed)
            return _roomy(instance, retimed, "anew")
        except Stuck:
            raise stuck from None


def _roomy(instance: Instance, draft: Draft, ways: Ways) -> tuple[Schedule, Network]:
    schedule, network = _extended(instance, draft, ways, Network.schedule)
    return _with_room(instance, schedule), network


def _extended(instance: Instance, draft: Draft, ways: Ways, ask: Callable[[Network], Answer]) -> tuple[Answer, Network]:
    """Return the answer of a network whose calendars reach as far as they have to, and the network."""
    latest = _latest(instance, draft)
    for _ in range(_EXTENSIONS):
        network = Network(instance, draft, latest, ways=ways)
        try:
            return ask(network), network
        except TooLate:
            latest *= 8
    network = Network(instance, draft, latest, ways=ways)
    return ask(network), network


def _with_room(instance: Instance, schedule: Schedule) -> Schedule:
    """Return the schedule if its vehicles have room where they stand.

    Raises
    ------
    Stuck
        If they have not.
    """
    crowded = next(parking.violations(instance, schedule), None)
    if crowded is not None:
        raise Stuck(f"{crowded.where}: {crowded.detail}")
    return schedule


def _latest(instance: Instance, draft: Draft) -> int:
    """Return a tick that the shifted schedule hardly passes: all that is left, after the last end or change."""
    calendars = [machine.calendar for machine in instance.machines]
    calendars += [carrier.calendar for carrier in instance.carrier_by_id.values()]
    calendars += [lane.calendar for lane in instance.lanes]
    known = [operation.end for operation in draft.operations] + [move.end for move in draft.moves]
    known.append(execution_of(instance).now)
    known += [calendar.settled for calendar in calendars]
    known += [tick for machine in instance.machines for tick in machine.tempo.ends]
    left = sum(instance.mode(o.key, o.mode).duration for o in draft.operations)
    left += sum(move.end - move.start for move in draft.moves)
    left += sum(charge.end - charge.start for charge in draft.charges)
    periods = [calendar.pattern.period for calendar in calendars if calendar.pattern is not None]
    periods += [lane.transit_times.period for lane in instance.lanes if lane.transit_times is not None]
    return 2 * max(known) + left + 4 * max(periods, default=0) + 1
