"""Where a vehicle in limited parking stands after a task, as variables: when it leaves, and over which stop it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from scheduler.domain import Fleet, Instance
from scheduler.domain.parking import FOREVER, Gap, stand_at
from scheduler.domain.slowdowns import lifts, travel_ahead

if TYPE_CHECKING:
    from scheduler.cpsat.carriers import GapVars
    from scheduler.cpsat.context import ModelContext
    from scheduler.cpsat.links import OptionVars
    from scheduler.cpsat.view import ScheduleView
    from scheduler.cpsat.visits import VisitVars

HOME = None
"""Where a vehicle goes after its last task: nowhere, or to its start."""


@dataclass(frozen=True, slots=True, eq=False)
class ParkingTask:
    """A task that there may be, if ``literal``, from ``origin`` at ``start`` to ``destination`` at ``end``.

    Of a vehicle that carries several jobs the tasks are visits, after which it may have something on board.
    `Gaps.parked` knows by ``key`` what follows. ``source`` is what the task is to other rules; of a charge its gap.
    """

    source: OptionVars | VisitVars | GapVars
    key: tuple[object, ...]
    name: str
    literal: Any
    origin: str
    start: Any
    destination: str
    end: Any


class Turn(NamedTuple):
    """If all ``literals``, a vehicle does ``after`` after ``before`` (None: its end, its begin).

    It is ``loaded`` if it has something on board in between.
    """

    before: ParkingTask | None
    after: ParkingTask | None
    literals: tuple[Any, ...]
    loaded: bool = False


@dataclass(frozen=True, slots=True)
class Driver:
    """A vehicle in limited parking: how fast it is, where it has to go in the end, and an instant after everything."""

    id: str
    pace: Fleet
    home: str | None
    end: int
    has_battery: bool

    @classmethod
    def of(cls, instance: Instance, vehicle: str, end: int) -> Driver:
        """Return the vehicle with that name."""
        pace = instance.group_by_carrier[vehicle]
        assert isinstance(pace, Fleet)
        home = instance.carrier_by_id[vehicle].start if pace.returns else None
        return cls(vehicle, pace, home, end, vehicle in instance.battery_by_vehicle)

    def goal(self, there: str | None) -> str | None:
        """Return a place, or for `HOME` where the vehicle has to be in the end, if anywhere."""
        return self.home if there is HOME else there

    def longer(self, here: str, told: Told) -> int:
        """Return by how much the ways from a place were longer than the direct one takes that begins at once."""
        goal = self.goal(told.there)
        return 0 if not told.is_there or goal is None else told.travelled - self.pace.travel_time(here, goal)


@dataclass(frozen=True, slots=True)
class StandVars:
    """A vehicle is at ``place`` since ``begin``, after a task, and leaves it at ``leaves``, if it is ``there`` at all.

    It goes ``direct``, or ``over`` one of the other places, where it is during ``[stops, goes_on)``. It is ``to`` be at
    one of the places where its next task begins (`HOME`: nothing follows), from ``arrives`` to ``gone``, when that
    begins. Its ways take ``detour`` longer than the direct one that begins at once (None: nobody asks). ``late`` says
    by tick from which on ways are to be faster whether it leaves then or later, ``later`` whether it goes on then.
    """

    driver: Driver
    before: ParkingTask | None
    place: str
    begin: Any
    leaves: Any
    there: Any
    direct: Any
    over: Mapping[str, Any]
    stops: Any
    goes_on: Any
    to: Mapping[str | None, Any]
    arrives: Any
    gone: Any
    detour: Any
    late: Mapping[int, Any]
    later: Mapping[int, Any]
    told: Callable[[ScheduleView], Told]

    def ways(self, origin: str, destination: str, after: Mapping[int, Any]) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Yield how long a way takes, and what has to be true for that; `after` is ``late`` or ``later``."""
        ahead = travel_ahead(self.driver.pace, origin, destination)
        for (tick, time), (following, _) in zip_longest(ahead, ahead[1:], fillvalue=(None, 0)):
            when = (after[tick],) if tick else ()
            yield time or 0, (*when, after[following].negated()) if following is not None else when


class Told(NamedTuple):
    """What the variables of a stand are in a schedule; of a stand that there is not, all are 0."""

    is_there: bool
    begin: int = 0
    leaves: int = 0
    stop: str | None = None
    stops: int = 0
    goes_on: int = 0
    there: str | None = None
    arrives: int = 0
    gone: int = 0
    travelled: int = 0

    @property
    def is_direct(self) -> bool:
        """Whether the vehicle makes no stop."""
        return self.is_there and self.stop is None

    @property
    def time_here(self) -> int:
        """How long the vehicle stays after its task."""
        return self.leaves - self.begin

    @property
    def time_at_stop(self) -> int:
        """How long the vehicle stops."""
        return self.goes_on - self.stops

    @property
    def time_there(self) -> int:
        """How long the vehicle waits for its next task, where that begins."""
        return self.gone - self.arrives

    def goes_to(self, place: str | None) -> bool:
        """Return whether the next task begins at this place."""
        return self.is_there and self.there == place


def new_stand(
    ctx: ModelContext,
    driver: Driver,
    before: ParkingTask | None,
    place: str,
    begin: Any,
    turns: Sequence[Turn],
) -> StandVars:
    """Return the stand of a vehicle that is at a place since an instant, with what its turns and ways ask of it."""
    name = f"{driver.id}:{'start' if before is None else f'{before.name}>{place}'}"

    def of(tell: Callable[[Told], int]) -> Callable[[ScheduleView], int]:
        return lambda view: tell(told_of(view, driver, before))

    def instant(word: str, tell: Callable[[Told], int]) -> Any:
        return ctx.new_int(0, driver.end, f"{word}[{name}]", of(tell))

    there = ctx.true if before is None else before.literal
    loaded, turns = [turn for turn in turns if turn.loaded], [turn for turn in turns if not turn.loaded]
    if before is not None and loaded:
        there = ctx.new_bool(f"empty[{name}]", of(lambda told: told.is_there))
        ctx.model.add_implication(there, before.literal)
        for turn in loaded:
            ctx.model.add_bool_or(there.negated(), *(literal.negated() for literal in turn.literals))
    longest = 2 * ctx.instance.longest_travel(driver.pace.id)
    leaves, goes_on = instant("leaves", lambda told: told.leaves), instant("goes_on", lambda told: told.goes_on)
    stand = StandVars(
        driver,
        before,
        place,
        begin,
        leaves,
        there,
        ctx.new_bool(f"direct[{name}]", of(lambda told: told.is_direct)),
        {
            stop: ctx.new_bool(f"over[{name}@{stop}]", of(lambda told, stop=stop: told.stop == stop))  # type: ignore[misc]
            for stop in sorted(driver.pace.places - {place})
        },
        instant("stops", lambda told: told.stops),
        goes_on,
        {
            there: ctx.new_bool(f"to[{name}>{there}]", of(lambda told, q=there: told.goes_to(q)))  # type: ignore[misc]
            for there in dict.fromkeys(HOME if t.after is None else t.after.origin for t in turns)
        }
        or {HOME: ctx.true},
        instant("arrives", lambda told: told.arrives),
        instant("gone", lambda told: told.gone),
        ctx.new_int(-longest, longest, f"detour[{name}]", of(lambda told: driver.longer(place, told)))
        if driver.has_battery
        else None,
        _after_ticks(ctx, driver, leaves, f"leaves[{name}]", of, lambda told: told.leaves),
        _after_ticks(ctx, driver, goes_on, f"goes_on[{name}]", of, lambda told: told.goes_on),
        lambda view: told_of(view, driver, before),
    )
    ctx.model.add(sum(stand.to.values()) == there)
    ctx.model.add(sum(stand.over.values()) + stand.direct == there)
    ctx.enforce(ctx.model.add(stand.leaves >= begin), there)
    _add_ways(ctx, stand)
    for turn in turns:
        to = stand.to[HOME if turn.after is None else turn.after.origin]
        ctx.model.add_bool_or(to, *(literal.negated() for literal in turn.literals))
        if turn.after is not None:
            ctx.enforce(ctx.model.add(stand.gone == turn.after.start), *turn.literals)
            ctx.enforce(ctx.model.add(stand.arrives <= turn.after.start), *turn.literals)
    return stand


Of: TypeAlias = Callable[[Callable[["Told"], int]], Callable[["ScheduleView"], int]]


def _after_ticks(
    ctx: ModelContext, driver: Driver, instant: Any, name: str, of: Of, tell: Callable[[Told], int]
) -> Mapping[int, Any]:
    """Return by tick from which on ways are to be faster whether an instant is then or later."""
    found = {}
    for tick in lifts(driver.pace):
        found[tick] = ctx.new_bool(f"{name}>={tick}", of(lambda told, tick=tick: tell(told) >= tick))  # type: ignore[misc]
        ctx.model.add(instant >= tick).only_enforce_if(found[tick])
        ctx.model.add(instant < tick).only_enforce_if(found[tick].negated())
    return found


def _add_ways(ctx: ModelContext, stand: StandVars) -> None:
    """Post how long the ways from a stand are, directly and over each stop."""
    model, driver, place = ctx.model, stand.driver, stand.place

    def arrive(end: Any, begin: Any, ways: Iterable[tuple[int, tuple[Any, ...]]], *literals: Any) -> None:
        for time, when in ways:
            ctx.enforce(model.add(end == begin + time), *literals, *when)

    def count(longer: int, *literals: Any) -> None:
        if stand.detour is not None:
            ctx.enforce(model.add(stand.detour == longer), *literals)

    for target, to in stand.to.items():
        goal = driver.goal(target)
        if goal is None:  # it stays, here or at the stop
            ctx.enforce(model.add(stand.leaves == driver.end), to, stand.direct)
            count(0, to)
            continue
        if target is HOME:
            ctx.enforce(model.add(stand.gone == driver.end), to)
        arrive(stand.arrives, stand.leaves, stand.ways(place, goal, stand.late), to, stand.direct)
        usual = driver.pace.travel_time(place, goal)
        for time, when in stand.ways(place, goal, stand.late):
            count(time - usual, to, stand.direct, *when)
    for stop, over in stand.over.items():
        arrive(stand.stops, stand.leaves, stand.ways(place, stop, stand.late), over)
        ctx.enforce(model.add(stand.goes_on >= stand.stops), over)
        for target, to in stand.to.items():
            goal = driver.goal(target)
            if goal is None:
                ctx.enforce(model.add(stand.goes_on == driver.end), to, over)
            elif goal == stop:
                model.add_bool_or([to.negated(), over.negated()])
            else:
                arrive(stand.arrives, stand.goes_on, stand.ways(stop, goal, stand.later), to, over)
                usual = driver.pace.travel_time(place, goal)
                for there, when in stand.ways(place, stop, stand.late):
                    for onward, then in stand.ways(stop, goal, stand.later):
                        count(there + onward - usual, to, over, *when, *then)


def told_of(view: ScheduleView, driver: Driver, before: ParkingTask | None) -> Told:
    """Return what the stand of a vehicle after a task is in a schedule."""
    gap: Gap | None = view.gaps.parked(driver.id, before)
    if gap is None:
        return Told(False)
    now = 0 if view.instance.execution is None else view.instance.execution.now
    begun = gap.begun(now)
    _, begin = stand_at(begun, gap.here, gap.free_at, now)
    ways = gap.ways[len(begun) :]
    travelled = sum(way.end - way.start for way in ways)
    there = None if gap.wanted_at == FOREVER else gap.there
    gone = min(gap.wanted_at, driver.end)
    if not ways:
        leaves = driver.end if gap.there is None else begin
        return Told(True, begin, leaves, None, 0, 0, there, begin, gone)
    if len(ways) == 1 and ways[0].destination == gap.there:
        return Told(True, begin, ways[0].start, None, 0, 0, there, ways[0].end, gone, travelled)
    goes_on = ways[1].start if len(ways) > 1 else driver.end
    arrives = ways[1].end if len(ways) > 1 else 0
    stop = ways[0].destination
    return Told(True, begin, ways[0].start, stop, ways[0].end, goes_on, there, arrives, gone, travelled)
