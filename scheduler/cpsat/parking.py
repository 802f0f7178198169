"""The stands of vehicles in limited parking between their tasks, and the stays at places that follow from them.

The tasks are the options of vehicles for one job, the visits of those for several, and charges. Rules say which follows
which; between two visits with something on board there is no stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from scheduler.cpsat.carriers import GapVars
from scheduler.cpsat.stands import HOME, Driver, ParkingTask, StandVars, Turn, new_stand
from scheduler.cpsat.stays import stays_at
from scheduler.cpsat.visits import VisitVars
from scheduler.domain import Fleet, Move, Schedule
from scheduler.domain.parking import FOREVER, Gap, gaps_of, stand_at
from scheduler.domain.visits import visits

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext
    from scheduler.cpsat.links import OptionVars

    Done: TypeAlias = OptionVars | VisitVars


class LastWay(NamedTuple):
    """If all ``literals``, a vehicle ends its day with ways of so many ticks from a stand, up to ``end``."""

    stand: StandVars
    ticks: int
    end: Any
    literals: tuple[Any, ...]


class Parking:
    """What the vehicles of fleets with limited places do between their tasks."""

    def __init__(self, ctx: ModelContext) -> None:
        self._ctx = ctx
        self._fleet_of = {v.id: fleet for fleet in ctx.instance.fleets if fleet.limited for v in fleet.vehicles}
        self._said: dict[str, list[tuple[Done | None, Done | None, Any]]] = {v: [] for v in self._fleet_of}
        self._tasks: dict[tuple[object, ...], ParkingTask] = {}

    def add_turn(self, vehicle: str, before: Any, after: Any, literal: Any) -> None:
        """Remember that a vehicle makes one option or visit after another, if ``literal`` (None: its begin, its end).

        Without both it does nothing at all.
        """
        if vehicle in self._fleet_of:
            self._said[vehicle].append((before, after, literal))

    def past_stand(self, vehicle: str, before: Done | None) -> tuple[str, int] | None:
        """Return where a vehicle is after what it has done, and since when, if ``before`` was the last of that."""
        gap = self.past_gap(vehicle)
        if gap is None or not self._ends_past(vehicle, before):
            return None
        return stand_at(gap.ways, gap.here, gap.free_at, 0)

    def past_gap(self, vehicle: str) -> Gap | None:
        """Return the gap after what a vehicle has done, with the ways that have begun; None if nothing has happened."""
        return self._past.get(vehicle)

    def detour(self, vehicle: str, before: Done | None) -> Any:
        """Return by how much the ways after an option or visit are longer than the direct one."""
        if vehicle not in self._fleet_of:
            return 0
        return self._detours.get((vehicle, None if before is None else self._task(vehicle, before)), 0)

    def detour_after_charge(self, gap: GapVars, charger: str) -> Any:
        """Return by how much the ways after a charge are longer than the direct one."""
        if gap.carrier not in self._fleet_of:
            return 0
        return self._detours.get((gap.carrier, self._charge(gap, charger)), 0)

    @cached_property
    def _detours(self) -> Mapping[tuple[str, ParkingTask | None], Any]:
        return {(vehicle, stand.before): stand.detour for vehicle, stands in self._stands.items() for stand in stands}

    def last_ways(self, vehicle: str) -> Iterator[LastWay]:
        """Yield the ways that a vehicle may make after its last task."""
        home = self._drivers[vehicle].home
        for stand in self.stands(vehicle):
            last = stand.to.get(HOME)
            if last is None:
                continue
            if home is not None and home != stand.place:
                for ticks, when in stand.ways(stand.place, home, stand.late):
                    yield LastWay(stand, ticks, stand.arrives, (last, stand.direct, *when))
            for stop, over in stand.over.items():
                end = stand.stops if home is None else stand.arrives
                for there, when in stand.ways(stand.place, stop, stand.late):
                    for back, then in [(0, ())] if home is None else stand.ways(stop, home, stand.later):
                        yield LastWay(stand, there + back, end, (last, over, *when, *then))

    def moves(self, value: Callable[[Any], int]) -> Iterator[Move]:
        """Yield the empty moves from `now` on, given the values of the variables."""
        for vehicle, stands in self._stands.items():
            driver = self._drivers[vehicle]
            for stand in (stand for stand in stands if value(stand.there)):
                place = stand.place
                there = driver.goal(next(place for place, literal in stand.to.items() if value(literal)))
                ways = []
                for stop in (stop for stop, literal in stand.over.items() if value(literal)):
                    ways.append((place, stop, value(stand.leaves)))
                    if there is not None:
                        ways.append((stop, there, value(stand.goes_on)))
                if not ways and there is not None and there != place:
                    ways.append((place, there, value(stand.leaves)))
                for origin, destination, start in ways:
                    end = start + driver.pace.travel_time(origin, destination, start)
                    yield Move(None, origin, destination, vehicle, "empty_move", start, end)

    # --- what there is -----------------------------------------------------------------------------------------------

    def stays(self, fleet: Fleet) -> dict[str, list[Any]]:
        """Return an interval for each stay that there may be at each limited place of a fleet."""
        return stays_at(self._ctx, fleet)

    def stands(self, vehicle: str) -> list[StandVars]:
        """Return the stands of a vehicle that there may be from `now` on."""
        return self._stands[vehicle]

    def tasks_of(self, vehicle: str) -> Iterator[Done]:
        """Yield the options or visits that a vehicle may make."""
        yield from {id(after): after for _, after, _ in self._said[vehicle] if after is not None}.values()

    def gaps(self, vehicle: str) -> Iterator[GapVars]:
        """Yield the gaps in which a vehicle may charge."""
        found = (self._gap(vehicle, before, after) for before, after, _ in self._said[vehicle])
        yield from {id(gap): gap for gap in found if gap is not None}.values()

    def loaded_turns(self, vehicle: str, before: VisitVars) -> Iterator[Turn]:
        """Yield the turns after a visit on which a vehicle may have something on board."""
        return (turn for turn in self._turns[vehicle].get(self._task(vehicle, before), ()) if turn.loaded)

    # --- tasks and turns ---------------------------------------------------------------------------------------------

    def _task(self, vehicle: str, done: Done) -> ParkingTask:
        key = (vehicle, id(done))
        if key not in self._tasks:
            option = done.task if isinstance(done, VisitVars) else done
            assert option.link is not None  # vehicles tend nothing
            leg, name = option.leg, f"{option.link.name}.{option.leg.slot}"
            ends = (option.link.job.id, option.link.predecessor, option.link.successor, leg.origin, leg.destination)
            if isinstance(done, VisitVars):
                name += ".drop" if done.is_drop else ".pick_up"
                found = ParkingTask(
                    done, (*ends, done.is_drop), name, option.literal, done.place, done.begin, done.place, done.end
                )
            else:
                found = ParkingTask(done, ends, name, done.literal, leg.origin, done.start, leg.destination, done.end)
            self._tasks[key] = found
        return self._tasks[key]

    def _charge(self, gap: GapVars, charger: str) -> ParkingTask:
        key = (gap.carrier, id(gap), charger)
        if key not in self._tasks:
            literal, place = gap.at[charger], self._ctx.instance.charger_by_id[charger].place
            after = () if gap.option is None else self._task(gap.carrier, gap.option).key
            self._tasks[key] = ParkingTask(
                gap, (charger, *after), str(literal.name), literal, place, gap.start, place, gap.end
            )
        return self._tasks[key]

    @cached_property
    def _turns(self) -> Mapping[str, Mapping[ParkingTask | None, list[Turn]]]:
        """The turns of each vehicle to what is still to come, by what is before."""
        found: dict[str, dict[ParkingTask | None, list[Turn]]] = {}
        for vehicle, said in self._said.items():
            by_before = found[vehicle] = {None: []}
            for turn in (turn for turns in said for turn in self._turns_of(vehicle, *turns)):
                if turn.before is not None and isinstance(turn.before.source, GapVars):
                    by_before[turn.before] = [turn]  # the only one, whatever was before the charge
                else:
                    by_before.setdefault(turn.before, []).append(turn)
        return found

    def _turns_of(self, vehicle: str, before: Done | None, after: Done | None, literal: Any) -> Iterator[Turn]:
        """Yield the turns that one may be: with something on board, with nothing, over charges."""
        first = None if before is None else self._task(vehicle, before)
        then = None if after is None else self._task(vehicle, after)
        if _is_loaded(before, after):
            yield Turn(first, then, (literal,), loaded=True)
            return
        option = after.task if isinstance(after, VisitVars) else after
        if option is not None and option.fixed is not None:
            return  # the past
        direct: tuple[Any, ...] = ()
        if (gap := self._gap(vehicle, before, after)) is not None:
            direct = (gap.direct,)
            for charger, at in gap.at.items():
                charge = self._charge(gap, charger)
                yield from (Turn(first, charge, (literal, at)), Turn(charge, then, (at,)))
        if isinstance(after, VisitVars):
            opens = self._ctx.carriers.held(vehicle, after.task, False).opens
            direct = direct or (opens,)
            if before is not None:
                yield Turn(first, then, (literal, opens.negated()), loaded=True)
        yield Turn(first, then, (literal, *direct))

    def _gap(self, vehicle: str, before: Done | None, after: Done | None) -> GapVars | None:
        """Return the gap of a turn if a battery may be charged in it."""
        option = after.task if isinstance(after, VisitVars) else after
        if _is_loaded(before, after) or before is after is None:
            return None
        return self._ctx.carriers.gap(vehicle, option)

    # --- the past ----------------------------------------------------------------------------------------------------

    @cached_property
    def _past(self) -> Mapping[str, Gap]:
        instance, execution = self._ctx.instance, self._ctx.instance.execution
        if execution is None:
            return {}
        past = Schedule((), tuple(execution.moves), charges=tuple(execution.charges))
        gaps = (gap for fleet in instance.fleets if fleet.limited for gap in gaps_of(instance, fleet, past))
        return {gap.vehicle: gap for gap in gaps if gap.wanted_at == FOREVER}

    @cached_property
    def _last_moves(self) -> Mapping[str, object]:
        """The loaded move of the past that each vehicle has ended, or will end, last."""
        instance, execution = self._ctx.instance, self._ctx.instance.execution
        by_mover = Schedule((), () if execution is None else tuple(execution.moves)).by_mover
        return {
            vehicle: visits(fleet, instance.carrier_by_id[vehicle], by_mover[vehicle])[-1].task
            for vehicle, fleet in self._fleet_of.items()
            if vehicle in by_mover
        }

    def _ends_past(self, vehicle: str, before: Done | None) -> bool:
        """Return whether ``before`` (None: nothing) is the last that a vehicle had done or begun by `now`."""
        last = self._last_moves.get(vehicle)
        if isinstance(before, VisitVars):
            return before.is_drop and last is not None and before.task.fixed == last
        return (None if before is None else before.fixed) == last and (before is None or last is not None)

    def _has_begun(self, before: Done | None) -> bool:
        execution = self._ctx.instance.execution
        if execution is None or before is None:
            return execution is not None
        return before.began_before(execution.now) if isinstance(before, VisitVars) else before.fixed is not None

    # --- stands and stays --------------------------------------------------------------------------------------------

    @cached_property
    def _drivers(self) -> Mapping[str, Driver]:
        instance = self._ctx.instance
        longest = max((instance.longest_travel(fleet.id) for fleet in self._fleet_of.values()), default=0)
        end = self._ctx.full_horizon + 4 * longest  # after everything: until then vehicles stand where they end
        return {vehicle: Driver.of(instance, vehicle, end) for vehicle in self._fleet_of}

    @cached_property
    def _stands(self) -> Mapping[str, list[StandVars]]:
        now = 0 if self._ctx.instance.execution is None else self._ctx.instance.execution.now
        found: dict[str, list[StandVars]] = {}
        for vehicle, driver in self._drivers.items():
            since: dict[ParkingTask | None, tuple[str, Any] | None] = {None: (self._start(vehicle), 0)}
            for before in (None, *(before for before, _, _ in self._said[vehicle])):
                if self._has_begun(before):  # the vehicle has gone on, unless this is the last
                    stand = self.past_stand(vehicle, before)
                    task = None if before is None else self._task(vehicle, before)
                    since[task] = None if stand is None else (stand[0], max(stand[1], now))
            found[vehicle] = []
            for first, turns in self._turns[vehicle].items():
                usual = None if first is None else (first.destination, first.end)
                there = since.get(first, usual)
                if there is not None and (not turns or any(not turn.loaded for turn in turns)):
                    found[vehicle].append(new_stand(self._ctx, driver, first, *there, turns))
        return found

    def _start(self, vehicle: str) -> str:
        return self._ctx.instance.carrier_by_id[vehicle].start


def _is_loaded(before: Done | None, after: Done | None) -> bool:
    """Return whether a vehicle has something on board between two visits, whatever was before."""
    is_picked_up = isinstance(before, VisitVars) and not before.is_drop
    return is_picked_up or (isinstance(after, VisitVars) and after.is_drop)
