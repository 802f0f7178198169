"""Where robots and vehicles stand between their moves, the turns they take, and when vehicles charge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from scheduler.cpsat.tending import TendingVars
from scheduler.cpsat.visits import HeldVars, VisitVars, WayVars, counts_held, new_held
from scheduler.cpsat.ways import Origin, Way, origin_of, ways_at_once, ways_on_board, ways_to
from scheduler.domain import Battery, CarrierGroup, Charge, Charger
from scheduler.domain.batteries import corrected, visit_levels
from scheduler.domain.derive import complete
from scheduler.domain.slowdowns import leaves_at, lifts

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext
    from scheduler.cpsat.gaps import Gap
    from scheduler.cpsat.links import OptionVars
    from scheduler.cpsat.view import ScheduleView, TaskVars


class Stand(NamedTuple):
    """Where a carrier is after a move, or at the beginning, from when on, and with which level of its battery."""

    place: str
    free_at: Any
    level: Any


class Turn(NamedTuple):
    """If ``literal``, a vehicle makes ``after`` directly after ``before`` (None: its beginning, or its end).

    One for several jobs comes to the pick-up of ``after`` from the visit ``before``.
    """

    before: OptionVars | VisitVars | None
    after: OptionVars | None
    literal: Any


class Wanted(NamedTuple):
    """What comes after a gap, if ``literal``: a move, or, where a vehicle carries several jobs, the first pick-up.

    It begins at ``place``, and lasts for ``length`` ticks.
    """

    literal: Any
    place: str
    start: Any
    end: Any
    length: Any


@dataclass(frozen=True, slots=True)
class GapVars:
    """The gap before a move of a vehicle with a battery, or before its return (``option`` and ``wanted`` None).

    It holds a charge ``at`` one of the chargers during ``[start, end)``, or none: the vehicle goes ``direct``.
    ``free_at`` and ``charge_left`` are what the move before leaves: when, and the level plus ``drain_idle`` times that
    instant, which stays as it is while the vehicle stands. ``level_after`` is that after what is ``wanted``.
    """

    carrier: str
    option: OptionVars | None
    wanted: Wanted | None
    direct: Any
    at: Mapping[str, Any]
    start: Any
    end: Any
    from_level: Any
    to_level: Any
    free_at: Any
    charge_left: Any
    level_after: Any

    def of(self, view: ScheduleView) -> Gap:
        """Return what the gap is in a schedule."""
        return view.gaps.before(self.carrier, self.option)


class Carriers:
    """The questions that the rules about movers and batteries ask the model."""

    def __init__(self, ctx: ModelContext) -> None:
        self.turns: dict[str, list[Turn]] = {}
        self.ways: dict[str, list[WayVars]] = {}
        self._ctx = ctx
        self._gaps: dict[tuple[str, int | None], GapVars] = {}
        self._held: dict[tuple[str, int, bool], HeldVars] = {}

    def add_turn(self, carrier: str, before: TaskVars | None, after: TaskVars | None, literal: Any) -> None:
        """Remember a turn of a vehicle with a battery."""
        if isinstance(before, TendingVars) or isinstance(after, TendingVars):
            return
        if carrier in self._ctx.instance.battery_by_vehicle:
            self.turns.setdefault(carrier, []).append(Turn(before, after, literal))

    def visits(self, group: CarrierGroup, to_do: Iterable[TaskVars]) -> list[VisitVars]:
        """Return the visits that a carrier for several parts may make for what it may have to do."""
        found: list[VisitVars] = []
        for task in to_do:
            if task.link is None:
                found.append(VisitVars(task, False, task.origin, task.start, task.end))
            else:
                found.append(VisitVars(task, False, task.origin, task.start, task.start + group.pick_up_time))
                found.append(VisitVars(task, True, task.destination, task.end - group.drop_time, task.end))
        return found

    def add_way(self, carrier: str, before: VisitVars | None, after: VisitVars | None, literal: Any) -> None:
        """Remember the way between two visits if it matters what the vehicle holds, and its turns with a battery.

        None is its beginning, or its end.
        """
        if after is not None and counts_held(self._ctx.instance, carrier):
            self.ways.setdefault(carrier, []).append(WayVars(before, after, literal))
        if carrier not in self._ctx.instance.battery_by_vehicle:
            return
        option = None if after is None else after.task
        assert not isinstance(option, TendingVars)
        if (before is None or before.is_drop) and (after is None or not after.is_drop):
            self.turns.setdefault(carrier, []).append(Turn(before, option, literal))

    def stand(self, carrier: str, before: TaskVars | VisitVars | None) -> Stand:
        """Return where a carrier is after a move (and the charges of the past that follow it), tending, or a visit."""
        if isinstance(before, VisitVars):
            return self._after_visit(carrier, before)
        if isinstance(before, TendingVars):
            return Stand(before.machine, before.end, None)
        fixed = None if before is None else before.fixed
        if before is not None and fixed is None:
            gap = self.gap(carrier, before)
            return Stand(before.leg.destination, before.end, None if gap is None else gap.level_after)
        if (carrier, fixed) in self._past:
            return self._past[carrier, fixed]
        parked = self._ctx.parking.past_stand(carrier, before)
        if parked is not None:
            return Stand(*parked, None)
        if before is not None:  # which may be a move of another carrier
            return Stand(before.leg.destination, before.end, None)
        battery = self._ctx.instance.battery_by_vehicle.get(carrier)
        return Stand(self._ctx.instance.carrier_by_id[carrier].start, 0, None if battery is None else battery.initial)

    def _after_visit(self, carrier: str, visit: VisitVars) -> Stand:
        if carrier not in self._ctx.instance.battery_by_vehicle:
            parked = self._ctx.parking.past_stand(carrier, visit)
            return Stand(*parked, None) if parked is not None else Stand(visit.place, visit.end, None)
        execution = self._ctx.instance.execution
        if execution is not None and visit.began_before(execution.now):
            unknown = Stand(visit.place, visit.end, None)  # another vehicle has made it
            return self._past.get((carrier, visit.task.fixed, visit.is_drop), unknown)
        return Stand(visit.place, visit.end, self.held(carrier, visit.task, visit.is_drop).level)

    def left(self, carrier: str, before: TaskVars | VisitVars | GapVars | None) -> tuple[Any, Any]:
        """Return when a carrier is free, and with which level, after the charge of a gap or what `stand` knows."""
        if isinstance(before, GapVars):
            return before.end, before.to_level
        _, free_at, level = self.stand(carrier, before)
        return free_at, level

    def held(self, carrier: str, task: TaskVars, is_drop: bool) -> HeldVars:
        """Return what a vehicle for several jobs holds after a visit, and with which level of its battery."""
        key = (carrier, id(task), is_drop)
        if key not in self._held:
            battery, levels = self._ctx.instance.battery_by_vehicle.get(carrier), None
            if battery is not None:
                levels = (battery.minimum, battery.capacity) if task.fixed is None else self._range(carrier)
            self._held[key] = new_held(self._ctx, carrier, task, is_drop, levels)
        return self._held[key]

    def _range(self, carrier: str) -> tuple[int, int]:
        """Return the lowest and the highest level that the past may leave, with what is measured later.

        The one may be less than the minimum, the other more than the capacity.
        """
        battery = self._ctx.instance.battery_by_vehicle[carrier]
        levels = [stand.level for key, stand in self._past.items() if key[0] == carrier]
        return min(battery.minimum, *levels, 0), max(battery.capacity, *levels, 0)

    def leaves_at(self, carrier: str, stand: Stand, there: str) -> Any:
        """Return when a carrier can leave its stand of the past for a place: when free and not before `now`.

        A robot that tends something that runs is free at its end, whenever that is.

        An empty move to that place that was under way at `now` goes on.
        """
        execution = self._ctx.instance.execution
        if execution is None or not isinstance(stand.free_at, int):
            return stand.free_at
        begun, group = self.under_way(carrier, stand, there), self._ctx.instance.group_by_carrier[carrier]
        return leaves_at(group, stand.place, there, stand.free_at, execution.now, begun)

    def travel_time(self, carrier: str, stand: Stand, there: str, tick: int | None = None) -> int:
        """Return how long the way from a stand to a place takes that begins at a tick (None: now, or soon).

        One that goes on takes as long as when it began.
        """
        group, begun = self._ctx.instance.group_by_carrier[carrier], self.under_way(carrier, stand, there)
        later = group.travel_time(stand.place, there, tick)
        return later if begun is None else min(later, group.travel_time(stand.place, there, begun))

    def under_way(self, carrier: str, stand: Stand, there: str) -> int | None:
        """Return since when a carrier has been on its way, empty, from its stand of the past to a place, if it is."""
        execution = self._ctx.instance.execution
        if execution is None or not isinstance(stand.free_at, int):
            return None
        for move in execution.baseline.by_mover.get(carrier, ()):
            is_empty = move.job is None and stand.free_at <= move.start < execution.now
            if is_empty and (move.origin, move.destination) == (stand.place, there):
                return move.start
        return None

    def ways_to_charger(self, gap: GapVars, turns: Iterable[Turn], charger: Charger) -> list[Way]:
        """Return the ways to a charger in a gap, from where the turns to it begin; the first sets out at once."""
        origins = [origin_of(self._ctx, gap.carrier, turn) for turn in turns]
        at, told = gap.at[charger.id], lambda view: gap.of(view).start
        return ways_to(self._ctx, gap.carrier, origins, charger.place, gap.start, at, at.name, told)

    def ways_to_pick_up(self, gap: GapVars, turns: Iterable[Turn]) -> list[Way]:
        """Return the ways to the pick-up after a gap without a charge."""
        origins = [origin_of(self._ctx, gap.carrier, turn) for turn in turns]
        return self._ways_to_pick_up(gap, origins, gap.direct, gap.direct.name)

    def ways_from_charger(self, gap: GapVars, charger: Charger) -> list[Way]:
        """Return the ways from a charger in a gap to the pick-up after it."""
        stand = Stand(charger.place, gap.end, None)
        origin = Origin(1, stand, lambda view: gap.of(view).charger == charger.id)
        return self._ways_to_pick_up(gap, [origin], gap.at[charger.id], f"{gap.at[charger.id].name}>")

    def _ways_to_pick_up(self, gap: GapVars, origins: list[Origin], literal: Any, name: str) -> list[Way]:
        assert gap.option is not None and gap.wanted is not None
        key, wanted = gap.option.key, gap.wanted
        return ways_to(
            self._ctx, gap.carrier, origins, wanted.place, wanted.start, literal, name, lambda view: view.leg_start(key)
        )

    def ways_home(
        self, gap: GapVars, place: str, since: Any, made: tuple[Any, ...], told: Callable[[Gap], int]
    ) -> list[Way]:
        """Return the ways home that begin at once, if all is true that is `made`; `told`: when, of a known gap."""
        ends = (place, self._ctx.instance.carrier_by_id[gap.carrier].start)
        fleet = self._ctx.instance.fleet_by_vehicle[gap.carrier]
        return ways_at_once(self._ctx, fleet, ends, since, made, lambda view: told(gap.of(view)))

    def ways_on_board(self, carrier: str, passed: WayVars, usual: int) -> list[Way]:
        """Return the ways between two visits with something on board; `usual` is what one that begins at once takes."""
        return ways_on_board(self._ctx, carrier, passed, usual)

    def gap(self, carrier: str, option: TaskVars | None) -> GapVars | None:
        """Return the gap before a pending move (None: before the return) of a vehicle with a battery, else None.

        There is none behind the last move of a vehicle that stays where it is.
        """
        battery = self._ctx.instance.battery_by_vehicle.get(carrier)
        if battery is None or isinstance(option, TendingVars) or (option is not None and option.fixed is not None):
            return None
        if option is None and not self._ctx.instance.fleet_by_vehicle[carrier].returns:
            return None
        key = (carrier, None if option is None else id(option))
        if key not in self._gaps:
            self._gaps[key] = self._new_gap(carrier, battery, option)
        return self._gaps[key]

    def _new_gap(self, carrier: str, battery: Battery, option: OptionVars | None) -> GapVars:
        ctx = self._ctx
        name = f"{carrier}:{'return' if option is None else f'{option.link.name}.{option.leg.slot}'}"
        name += "" if option is None else f":{option.leg.origin}>{option.leg.destination}"
        latest = ctx.full_horizon if option is None else ctx.horizon
        least, most = self._range(carrier)
        fleet, saved = ctx.instance.fleet_by_vehicle[carrier], 0
        if fleet.limited and lifts(fleet):  # ways that begin later are shorter than what counts with them first
            saved = 2 * ctx.instance.longest_travel(fleet.id) * abs(battery.drain_empty - battery.drain_idle)
        wanted, level_after = None, None
        if option is not None:
            start, end, length = option.start, option.end, option.size
            literal = option.literal
            if ctx.instance.carrier_by_id[carrier].capacity > 1:
                held = self.held(carrier, option, False)
                length = ctx.instance.fleet_by_vehicle[carrier].pick_up_time
                literal, end, level_after = held.opens, start + length, held.level
            wanted = Wanted(literal, option.leg.origin, start, end, length)

        def level(of: str) -> Any:
            return ctx.new_int(
                battery.minimum,
                battery.capacity,
                f"{of}[{name}]",
                lambda view: view.gaps.before(carrier, option).level(of),
            )

        return GapVars(
            carrier,
            option,
            wanted,
            direct=ctx.new_bool(f"direct[{name}]", lambda view: view.gaps.before(carrier, option).charger == ""),
            at={
                charger.id: ctx.new_bool(
                    f"charge[{name}@{charger.id}]",
                    lambda view, charger=charger.id: view.gaps.before(carrier, option).charger == charger,
                )
                for charger in ctx.instance.fleet_by_vehicle[carrier].chargers
            },
            start=ctx.new_int(0, latest, f"plugged_in[{name}]", lambda view: view.gaps.before(carrier, option).start),
            end=ctx.new_int(0, latest, f"plugged_out[{name}]", lambda view: view.gaps.before(carrier, option).end),
            from_level=level("from_level"),
            to_level=level("to_level"),
            free_at=ctx.new_int(0, latest, f"free_at[{name}]", lambda view: view.gaps.before(carrier, option).free_at),
            charge_left=ctx.new_int(
                least - saved,
                most + saved + battery.drain_idle * latest,
                f"charge_left[{name}]",
                lambda view: view.gaps.before(carrier, option).charge_left,
            ),
            level_after=level("level_after") if level_after is None else level_after,
        )

    @cached_property
    def _past(self) -> Mapping[tuple[object, ...], Stand]:
        """Stands of vehicles with batteries after the loaded moves of the past (None: before the first).

        Of those for several jobs, after the visits of these moves: the move, and whether it is the drop.
        """
        instance, found = self._ctx.instance, dict[tuple[object, ...], Stand]()
        execution = instance.execution
        if execution is None:
            return {}
        past = complete(instance, (), execution.moves, execution.charges)
        for vehicle, battery in instance.battery_by_vehicle.items():
            carrier = instance.carrier_by_id[vehicle]
            last: tuple[object, ...] = (vehicle, None)
            found[last] = Stand(carrier.start, 0, battery.initial + corrected(battery, 0))
            moves, charges = past.by_mover.get(vehicle, ()), past.by_vehicle.get(vehicle, ())
            for item, level in visit_levels(instance, vehicle, moves, charges):
                if isinstance(item, Charge):
                    found[last] = Stand(instance.charger_by_id[item.charger].place, item.end, level)
                elif carrier.capacity > 1:
                    last = (vehicle, item.task, item.is_drop)
                    found[last] = Stand(item.place, item.end, level)
                elif carrier.capacity == 1 and item.is_drop:
                    last = (vehicle, item.task)
                    found[last] = Stand(item.place, item.end, level)
            found[last] = self._gone(vehicle, battery, found[last])
        return found

    def _gone(self, vehicle: str, battery: Battery, stand: Stand) -> Stand:
        """Return where a vehicle is after the empty moves that have begun in limited parking."""
        gap = self._ctx.parking.past_gap(vehicle)
        for way in gap.ways if gap is not None else ():
            empty, idle = way.end - way.start, way.start - stand.free_at
            level = stand.level - battery.drain_empty * empty - battery.drain_idle * idle
            stand = Stand(way.destination, way.end, level)
        return stand
