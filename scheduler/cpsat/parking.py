"""Where vehicles stand between their transports, as variables: when they leave, and over which stop they go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from scheduler.domain import Fleet, Move, Vehicle
from scheduler.domain.parking import FOREVER, Gap, stand_at, ways_begun

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext
    from scheduler.cpsat.links import OptionVars
    from scheduler.cpsat.view import ScheduleView

HOME = None
"""Where a vehicle goes after its last transport: nowhere, or to its start."""


class Turn(NamedTuple):
    """If ``literal``, a vehicle does ``after`` directly after ``before`` (None: its beginning, or its end)."""

    before: OptionVars | None
    after: OptionVars | None
    literal: Any


@dataclass(frozen=True, slots=True)
class StandVars:
    """A vehicle is at ``place`` since ``begin`` and leaves it at ``leaves``, if it is ``there`` at all.

    It goes ``direct``, or ``over`` one of the other places, where it is during ``[stops, goes_on)``. It is ``to`` be at
    one of the places of its next pick-up (`HOME`: nothing follows), from ``arrives`` to ``gone``.
    """

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
    told: Callable[[ScheduleView], Told]


class Parking:
    """The stands of the vehicles of fleets with limited places."""

    def __init__(self, ctx: ModelContext) -> None:
        self._ctx = ctx
        self._turns: dict[str, list[Turn]] = {}
        self._fleet_of = {v.id: fleet for fleet in ctx.instance.fleets if fleet.limited for v in fleet.vehicles}

    def add_turn(self, vehicle: str, before: Any, after: Any, literal: Any) -> None:
        """Remember a turn of a vehicle; without before and after it does nothing at all."""
        if vehicle in self._fleet_of:
            self._turns.setdefault(vehicle, []).append(Turn(before, after, literal))

    def past_stand(self, vehicle: str, before: Any) -> tuple[str, int] | None:
        """Return where a vehicle is after what it has done, and since when, if ``before`` was the last of that."""
        execution = self._ctx.instance.execution
        is_pending = before is not None and before.fixed is None
        if execution is None or is_pending or vehicle not in self._fleet_of:
            return None
        last = self._last_move(vehicle)
        if (None if before is None else before.fixed) != last:
            return None
        here, free_at = (self._start(vehicle), 0) if last is None else (last.destination, last.end)
        for way in ways_begun(self._ctx.instance, vehicle):
            if way.start >= (0 if last is None else max(last.start, last.end)):
                here, free_at = way.destination, way.end
        return here, free_at

    def stays(self, fleet: str, place: str) -> list[Any]:
        """Return an interval for each stay at a limited place that there may be."""
        return self._stays.get((fleet, place), [])

    def moves(self, value: Callable[[Any], int]) -> Iterator[Move]:
        """Yield the empty moves from `now` on, given the values of the variables."""
        for vehicle, stands in self._stands.items():
            pace = self._pace(vehicle)
            for stand in stands:
                if not value(stand.there):
                    continue
                place = stand.place
                there = next(place for place, literal in stand.to.items() if value(literal))
                there = self._home(vehicle) if there is HOME else there
                ways = []
                for stop in (stop for stop, literal in stand.over.items() if value(literal)):
                    ways.append((place, stop, value(stand.leaves)))
                    if there is not None:
                        ways.append((stop, there, value(stand.goes_on)))
                if not ways and there is not None and there != place:
                    ways.append((place, there, value(stand.leaves)))
                for origin, destination, start in ways:
                    end = start + pace.travel_time(origin, destination)
                    yield Move(None, origin, destination, vehicle, "empty_move", start, end)

    # --- variables ---------------------------------------------------------------------------------------------------

    @cached_property
    def _stands(self) -> Mapping[str, list[StandVars]]:
        found: dict[str, list[StandVars]] = {}
        for vehicle in self._fleet_of:
            by_before: dict[int | None, tuple[Any, list[Turn]]] = {None: (None, [])}
            for turn in self._turns.get(vehicle, []):
                key = None if turn.before is None else id(turn.before)
                by_before.setdefault(key, (turn.before, []))[1].append(turn)
            found[vehicle] = [
                self._stand(vehicle, before, turns)
                for before, turns in by_before.values()
                if not self._is_over(vehicle, before)
            ]
        return found

    def _is_over(self, vehicle: str, before: OptionVars | None) -> bool:
        """Return whether the vehicle has gone on after a transport of the past, or from its start."""
        if self._ctx.instance.execution is None or (before is not None and before.fixed is None):
            return False
        return (None if before is None else before.fixed) != self._last_move(vehicle)

    def _stand(self, vehicle: str, before: OptionVars | None, turns: list[Turn]) -> StandVars:
        ctx, pace = self._ctx, self._pace(vehicle)
        place, free_at, begin = self._since(vehicle, before)
        there = ctx.true if before is None else before.literal
        name = f"{vehicle}:{'start' if before is None else f'{before.link.name}.{before.leg.slot}>{place}'}"

        def of(tell: Callable[[Told], int]) -> Callable[[ScheduleView], int]:
            return lambda view: tell(_told(view, vehicle, before, self._end))

        def instant(word: str, tell: Callable[[Told], int]) -> Any:
            return ctx.new_int(0, self._end, f"{word}[{name}]", of(tell))

        stand = StandVars(
            place,
            begin,
            instant("leaves", lambda told: told.leaves),
            there,
            ctx.new_bool(f"direct[{name}]", of(lambda told: told.is_direct)),
            {
                stop: ctx.new_bool(f"over[{name}@{stop}]", of(lambda told, stop=stop: told.stop == stop))  # type: ignore[misc]
                for stop in sorted(pace.places - {place})
            },
            instant("stops", lambda told: told.stops),
            instant("goes_on", lambda told: told.goes_on),
            {
                there: ctx.new_bool(f"to[{name}>{there}]", of(lambda told, q=there: told.goes_to(q)))  # type: ignore[misc]
                for there in dict.fromkeys(HOME if t.after is None else t.after.origin for t in turns)
            }
            or {HOME: ctx.true},
            instant("arrives", lambda told: told.arrives),
            instant("gone", lambda told: told.gone),
            lambda view: _told(view, vehicle, before, self._end),
        )
        ctx.model.add(sum(stand.to.values()) == there)
        ctx.model.add(sum(stand.over.values()) + stand.direct == there)
        ctx.enforce(ctx.model.add(stand.leaves >= free_at), there)
        self._add_ways(vehicle, stand)
        for target, literal in stand.to.items():
            following = [turn for turn in turns if target == (HOME if turn.after is None else turn.after.origin)]
            if following:
                ctx.model.add(sum(turn.literal for turn in following) == literal)
            for turn in following:
                if turn.after is not None:
                    gone = turn.after.start + self._fleet_of[vehicle].pick_up_time
                    ctx.enforce(ctx.model.add(stand.gone == gone), turn.literal)
                    ctx.enforce(ctx.model.add(stand.arrives <= turn.after.start), turn.literal)
        return stand

    def _add_ways(self, vehicle: str, stand: StandVars) -> None:
        """Post how long the ways from a stand are, directly and over each stop."""
        ctx, travel = self._ctx, self._pace(vehicle).travel_time
        for target, to in stand.to.items():
            there = self._home(vehicle) if target is HOME else target
            if there is None:  # it stays, here or at the stop
                ctx.enforce(ctx.model.add(stand.leaves == self._end), to, stand.direct)
                continue
            if target is HOME:
                ctx.enforce(ctx.model.add(stand.gone == self._end), to)
            direct = ctx.model.add(stand.arrives == stand.leaves + travel(stand.place, there))
            ctx.enforce(direct, to, stand.direct)
        for stop, over in stand.over.items():
            ctx.enforce(ctx.model.add(stand.stops == stand.leaves + travel(stand.place, stop)), over)
            ctx.enforce(ctx.model.add(stand.goes_on >= stand.stops), over)
            for target, to in stand.to.items():
                there = self._home(vehicle) if target is HOME else target
                if there is None:
                    ctx.enforce(ctx.model.add(stand.goes_on == self._end), to, over)
                elif there == stop:
                    ctx.model.add_bool_or([to.negated(), over.negated()])
                else:
                    ctx.enforce(ctx.model.add(stand.arrives == stand.goes_on + travel(stop, there)), to, over)

    @cached_property
    def _stays(self) -> Mapping[tuple[str, str], list[Any]]:
        found: dict[tuple[str, str], list[Any]] = {}
        for vehicle, stands in self._stands.items():
            fleet, home = self._fleet_of[vehicle], self._home(vehicle)
            for number, s in enumerate(stands):
                stays = [(s.place, s.begin, s.leaves, s.there, _time_here)]
                stays += [(stop, s.stops, s.goes_on, over, _time_at_stop) for stop, over in s.over.items()]
                for target, to in s.to.items():
                    there = home if target is HOME else target
                    if there is not None:
                        stays.append((there, s.arrives, s.gone, to, _time_there))
                for place, begin, until, literal, time in stays:
                    if place in fleet.limited:
                        name = f"stay[{vehicle}:{number}@{place}:{len(found.get((fleet.id, place), []))}]"
                        size = self._ctx.new_int(
                            0, self._end, f"size.{name}", lambda view, time=time, told=s.told: time(told(view))
                        )
                        interval = self._ctx.new_interval(begin, size, until, literal, name)
                        found.setdefault((fleet.id, place), []).append(interval)
        for key, more in self._past_stays():
            found.setdefault(key, []).append(more)
        return found

    def _past_stays(self) -> Iterator[tuple[tuple[str, str], Any]]:
        """Yield the stays of transports that are picking up at `now`: what follows a stand begins later."""
        execution = self._ctx.instance.execution
        for move in execution.moves if execution is not None else ():
            fleet = self._fleet_of.get(move.mover)
            if fleet is None or execution is None or move.origin not in fleet.limited:
                continue
            gone = min(move.start + fleet.pick_up_time, move.end)
            if gone > execution.now:
                stay = self._ctx.model.new_fixed_size_interval_var(execution.now, gone - execution.now, "past")
                yield (fleet.id, move.origin), stay

    def _since(self, vehicle: str, before: OptionVars | None) -> tuple[str, Any, Any]:
        """Return where a vehicle is after a transport, from when on it may leave, and since when it takes room there.

        What it has taken in the past counts from `now` on.
        """
        fleet, execution = self._fleet_of[vehicle], self._ctx.instance.execution
        past = self.past_stand(vehicle, before)
        if past is not None and execution is not None:
            last, (here, free_at) = self._last_move(vehicle), past
            begin = free_at
            if last is not None and (here, free_at) == (last.destination, last.end):
                begin = last.end - fleet.drop_time
            return here, max(free_at, execution.now), max(begin, execution.now)
        if before is None:
            return self._start(vehicle), 0, 0
        return before.destination, before.end, before.end - fleet.drop_time

    @cached_property
    def _end(self) -> int:
        """An instant after everything, until which vehicles stand where they are in the end."""
        longest = max((self._ctx.instance.longest_travel(fleet.id) for fleet in self._fleet_of.values()), default=0)
        return self._ctx.full_horizon + 4 * longest

    def _last_move(self, vehicle: str) -> Move | None:
        execution = self._ctx.instance.execution
        moves = () if execution is None else (move for move in execution.moves if move.mover == vehicle)
        return max(moves, key=lambda move: (move.start, move.end), default=None)

    def _vehicle(self, vehicle: str) -> Vehicle:
        return next(v for v in self._fleet_of[vehicle].vehicles if v.id == vehicle)

    def _start(self, vehicle: str) -> str:
        return self._vehicle(vehicle).start

    def _home(self, vehicle: str) -> str | None:
        return self._start(vehicle) if self._fleet_of[vehicle].returns else None

    def _pace(self, vehicle: str) -> Fleet:
        pace = self._ctx.instance.group_by_carrier[vehicle]
        assert isinstance(pace, Fleet)
        return pace


def _time_here(told: Told) -> int:
    return told.leaves - told.begin


def _time_at_stop(told: Told) -> int:
    return told.goes_on - told.stops


def _time_there(told: Told) -> int:
    return told.gone - told.arrives


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

    @property
    def is_direct(self) -> bool:
        """Whether the vehicle makes no stop."""
        return self.is_there and self.stop is None

    def goes_to(self, place: str | None) -> bool:
        """Return whether the next pick-up is at this place."""
        return self.is_there and self.there == place


def _told(view: ScheduleView, vehicle: str, before: OptionVars | None, end: int) -> Told:
    """Return what the stand of a vehicle after a transport is in a schedule."""
    gap: Gap | None = view.parking_gap(vehicle, before)
    if gap is None:
        return Told(False)
    execution = view.instance.execution
    now = 0 if execution is None else execution.now
    begun = gap.begun(now)
    _, free_at = stand_at(begun, gap.here, gap.free_at, now)
    ways = gap.ways[len(begun) :]
    is_last = gap.wanted_at == FOREVER
    there = None if is_last else gap.there
    target, until = gap.there, min(gap.until, end)
    begin = max(begun[-1].end if begun else gap.since, now)
    if not ways:
        return Told(True, begin, end if target is None else free_at, None, 0, 0, there, free_at, until)
    stops = len(ways) > 1 or (target is None) or ways[0].destination != target
    if not stops:
        return Told(True, begin, ways[0].start, None, 0, 0, there, ways[0].end, until)
    goes_on = ways[1].start if len(ways) > 1 else end
    arrives = ways[1].end if len(ways) > 1 else 0
    return Told(True, begin, ways[0].start, ways[0].destination, ways[0].end, goes_on, there, arrives, until)
