"""The empty ways of vehicles with batteries, where ways are to be faster from known ticks on.

A vehicle sets out as late as it can, so it is slow only where it could not be in time otherwise. So what a way takes is
one of a few numbers, by the tick at which it begins or later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from scheduler.cpsat.visits import VisitVars, WayVars
from scheduler.domain.slowdowns import least_travel, lifts, travel_ahead

if TYPE_CHECKING:
    from scheduler.cpsat.carriers import Stand, Turn
    from scheduler.cpsat.context import ModelContext
    from scheduler.cpsat.view import ScheduleView
    from scheduler.domain import Fleet


class Origin(NamedTuple):
    """If ``literal``, a vehicle comes from a ``stand``; ``is_made`` says whether it does in a schedule."""

    literal: Any
    stand: Stand
    is_made: Callable[[ScheduleView], bool]


class Way(NamedTuple):
    """If all ``literals``, the way takes ``travel``, and no less than that, or than ``least`` (None: than that).

    In limited parking what it drains counts with ``travel`` first, and the stands add what it takes more or less.
    """

    literals: tuple[Any, ...]
    travel: Any
    least: Any = None

    @property
    def time(self) -> Any:
        """The time that the way takes at the least."""
        return self.travel if self.least is None else self.least


def origin_of(ctx: ModelContext, vehicle: str, turn: Turn) -> Origin:
    """Return where a vehicle comes from that takes a turn."""
    before, after = turn.before, turn.after

    def is_made(view: ScheduleView) -> bool:
        if ctx.instance.carrier_by_id[vehicle].capacity > 1:
            visit = (before.task, before.is_drop) if isinstance(before, VisitVars) else None
            if after is None:
                return visit is not None and view.is_last_visit(vehicle, *visit)
            return view.visits_next(vehicle, visit, (after, False))
        assert not isinstance(before, VisitVars)
        if after is None:
            return before is not None and view.ends_with(vehicle, before)
        return view.follows(vehicle, before, after)

    return Origin(turn.literal, ctx.carriers.stand(vehicle, before), is_made)


def ways_to(
    ctx: ModelContext,
    vehicle: str,
    origins: Sequence[Origin],
    there: str,
    wanted_at: Any,
    literal: Any,
    name: str,
    told: Callable[[ScheduleView], int],
) -> list[Way]:
    """Return the ways to a place at which a vehicle is wanted, if ``literal``; just one if ways stay as they are.

    In limited parking the stands know when a vehicle sets out (`scheduler.cpsat.stands`).

    Parameters
    ----------
    origins
        Where it may come from.
    told
        When it is wanted in a schedule.
    """
    fleet, battery = ctx.instance.fleet_by_vehicle[vehicle], ctx.instance.battery_by_vehicle[vehicle]

    def total(tick: int | None) -> Any:
        """Return what a way counts that begins then; one that goes on counts no longer than it is."""
        return sum(ctx.carriers.travel_time(vehicle, o.stand, there, tick) * o.literal for o in origins)

    def latest(tick: int) -> Any:
        """Return when a vehicle is there that sets out then."""
        return tick + sum(fleet.travel_time(o.stand.place, there, tick) * o.literal for o in origins)

    ticks = lifts(fleet)
    if not ticks:
        return [Way((), total(None))]
    if fleet.limited:
        return [Way((), total(None), sum(least_travel(fleet, o.stand.place, there) * o.literal for o in origins))]

    def choice(view: ScheduleView) -> int:
        place = next((o.stand.place for o in origins if o.is_made(view)), None)
        if place is None:
            return 0
        in_time = (tick + fleet.travel_time(place, there, tick) <= told(view) for tick in ticks)
        return max((number for number, fits in enumerate(in_time, start=1) if fits), default=0)

    choices = [
        ctx.new_bool(f"sets_out.{name}>={tick}", lambda view, number=number: choice(view) == number)
        for number, tick in enumerate((0, *ticks))
    ]
    ctx.model.add_exactly_one(choices)
    for chosen, tick, following in zip(choices, (None, *ticks), (*ticks, None), strict=True):
        if tick is not None:
            ctx.enforce(ctx.model.add(wanted_at >= latest(tick)), chosen, literal)
        if following is not None and battery.drain_empty < battery.drain_idle:
            # Slow ways would drain less than to wait for fast ones; but it sets out late.
            ctx.enforce(ctx.model.add(wanted_at < latest(following)), chosen, literal)
    return [Way((chosen,), total(tick)) for chosen, tick in zip(choices, (None, *ticks), strict=True)]


def ways_at_once(
    ctx: ModelContext,
    fleet: Fleet,
    ends: tuple[str, str],
    since: Any,
    made: tuple[Any, ...],
    told: Callable[[ScheduleView], int],
) -> list[Way]:
    """Return the ways between two places on which a vehicle sets out at an instant, if all are true that is `made`.

    `told` says which instant that is in a schedule.
    """
    now = 0 if ctx.instance.execution is None else ctx.instance.execution.now
    if isinstance(since, int):
        return [Way((), fleet.travel_time(*ends, max(since, now)))]
    ahead = travel_ahead(fleet, *ends)
    if len(ahead) == 1:
        return [Way((), ahead[0][1])]

    def choice(view: ScheduleView) -> int:
        return max(number for number, (tick, _) in enumerate(ahead) if tick <= max(0, told(view)))

    name = ":".join(literal.name for literal in made)
    choices = [
        ctx.new_bool(f"leaves.{name}>={tick}", lambda view, number=number: choice(view) == number)
        for number, (tick, _) in enumerate(ahead)
    ]
    ctx.model.add_exactly_one(choices)
    for chosen, (tick, _) in zip(choices, ahead, strict=True):
        ctx.enforce(ctx.model.add(since >= tick), chosen, *made)
    return [Way((chosen,), time) for chosen, (_, time) in zip(choices, ahead, strict=True)]


def ways_on_board(ctx: ModelContext, vehicle: str, passed: WayVars, usual: int) -> list[Way]:
    """Return the ways between two visits on which a vehicle has something on board; `usual` is what one at once takes.

    The way of one job is as long as when its move begins, if it is in time so.
    """
    before, after, fleet = passed.before, passed.after, ctx.instance.fleet_by_vehicle[vehicle]
    battery = ctx.instance.battery_by_vehicle[vehicle]
    assert before is not None
    times = [(tick, fleet.travel_time(before.place, after.place, tick)) for tick in lifts(fleet)]
    is_lazy = battery.drain_loaded < battery.drain_idle
    if all(time == usual for _, time in times) or isinstance(after.begin, int):
        return [Way((), usual)]
    times, name = [(0, usual), *times], f"{passed.literal.name}"
    is_direct, found = before.task is after.task and before.task.fixed is None, dict[tuple[int, int], Way]()

    def begins(view: ScheduleView, visit: VisitVars) -> int:
        key: Any = visit.task.key
        return view.leg_end(key) - fleet.drop_time if visit.is_drop else view.leg_start(key)

    def choice(view: ScheduleView) -> tuple[int, int]:
        """Return at which tick (by number) the move begins, and at which the vehicle sets out, if it waits."""
        if not view.visits_next(vehicle, (before.task, before.is_drop), (after.task, after.is_drop)):
            return (0, 0)
        at, start = begins(view, after), begins(view, before)
        latest = max(number for number, (tick, time) in enumerate(times) if tick + time <= at or number == 0)
        if not is_direct:
            return (0, latest)
        begun = max(number for number, (tick, _) in enumerate(times) if tick <= start)
        in_time = start + fleet.pick_up_time + times[begun][1] <= at
        return (begun, begun) if in_time else (begun, latest)

    def add(begun: int, leaves: int) -> Any:
        chosen = ctx.new_bool(f"leaves.{name}:{begun}:{leaves}", lambda view: choice(view) == (begun, leaves))
        found[begun, leaves] = Way((chosen,), times[leaves][1])
        return chosen

    for number, (tick, time) in enumerate(times):
        following = times[number + 1] if number + 1 < len(times) else None
        if not is_direct:
            chosen = add(0, number)
            if tick:
                ctx.enforce(ctx.model.add(after.begin >= tick + time), chosen, passed.literal)
            if following is not None and is_lazy:
                ctx.enforce(ctx.model.add(after.begin < sum(following)), chosen, passed.literal)
            continue
        chosen = add(number, number)
        ctx.enforce(ctx.model.add(before.begin >= tick), chosen, passed.literal)
        ctx.enforce(ctx.model.add(after.begin >= before.end + time), chosen, passed.literal)
        if following is not None and is_lazy:
            ctx.enforce(ctx.model.add(before.begin < following[0]), chosen, passed.literal)
        for later, (lifted_at, shorter) in enumerate(times[number + 1 :], start=number + 1):
            assert following is not None
            chosen = add(number, later)
            ctx.enforce(ctx.model.add(before.begin < following[0]), chosen, passed.literal)
            ctx.enforce(ctx.model.add(after.begin < before.end + time), chosen, passed.literal)
            ctx.enforce(ctx.model.add(after.begin >= lifted_at + shorter), chosen, passed.literal)
    ctx.model.add_exactly_one(literal for way in found.values() for literal in way.literals)
    return list(found.values())
