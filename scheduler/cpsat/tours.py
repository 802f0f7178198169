"""Fleets whose vehicles are alike: which transport follows which on one of them, and no question on which.

A *tour* is what one vehicle does. With a literal for each pair of transports that may follow each other, whatever the
vehicle and whatever the machines at their ends, two schedules that differ in the names of vehicles only are one. The
vehicles get their tours when a schedule is made of the variables (`scheduler.cpsat.extract`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scheduler.domain import Fleet, Instance
from scheduler.domain.routing import SLOTS
from scheduler.domain.slowdowns import lifts

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext
    from scheduler.cpsat.kept import MoveKey
    from scheduler.cpsat.links import OptionVars


@dataclass(frozen=True, slots=True)
class TransportVars:
    """One transport of a fleet with alike vehicles: `options` are the pairs of places that it may be between.

    ``origins`` and ``destinations`` have a literal for each place at which it may begin and end.
    """

    key: MoveKey
    options: tuple[OptionVars, ...]
    literal: Any
    interval: Any
    origins: Mapping[str, Any]
    destinations: Mapping[str, Any]

    @property
    def start(self) -> Any:
        """When it begins."""
        return self.options[0].start

    @property
    def end(self) -> Any:
        """When it ends."""
        return self.options[0].end


@dataclass(frozen=True, slots=True)
class TurnVars:
    """A transport follows another on a vehicle, or is the first of one that stands at `start`."""

    fleet: str
    before: TransportVars | None
    start: str
    after: TransportVars
    literal: Any


def alike(instance: Instance) -> frozenset[str]:
    """Return the fleets whose vehicles differ in nothing but where they start, neither by themselves nor to any job.

    They carry one job at a time, at one speed, and have no downtimes, no batteries, no limited places, no past, and
    no ways that are slow for a time. In
    cyclic production each vehicle goes by its name, since it does the same in every cycle.
    """
    if instance.execution is not None or instance.cycle is not None:
        return frozenset()
    named = {name for job in instance.jobs for name in job.carriers}
    return frozenset(
        fleet.id
        for fleet in instance.fleets
        if not fleet.limited
        and not lifts(fleet)
        and named.isdisjoint(vehicle.id for vehicle in fleet.vehicles)
        and len(instance.paces_by_id[fleet.id]) == 1
        and all(v.calendar.always_works and v.battery is None and v.capacity == 1 for v in fleet.vehicles)
    )


class Tours:
    """The transports of a fleet with alike vehicles, and the turns that they may take."""

    def __init__(self, ctx: ModelContext, fleet: Fleet) -> None:
        self._ctx = ctx
        self._fleet = ctx.instance.fastest(fleet.id)  # all have one speed
        self.turns: list[TurnVars] = []
        self._ranks: dict[MoveKey, Any] = {}
        by_key: dict[MoveKey, list[OptionVars]] = {}
        for option in (o for link in ctx.links for slot in link.slots for o in slot.options if o.mover == fleet.id):
            by_key.setdefault(option.key, []).append(option)
        self.transports = tuple(_transport(ctx, fleet, key, tuple(found)) for key, found in by_key.items())

    def begin(self, place: str, transport: TransportVars) -> Any:
        """Return whether a transport is the first of a vehicle that stands at this place."""
        return self._turn(None, place, transport)

    def follow(self, before: TransportVars, after: TransportVars) -> Any:
        """Return whether a vehicle does one transport directly after another."""
        return self._turn(before, "", after)

    def end(self, transport: TransportVars) -> Any:
        """Return whether a transport is the last of a vehicle."""
        fleet, key = self._fleet.id, transport.key
        return self._ctx.new_bool(f"last[{fleet}:{key}]", lambda view: view.ends_tour(fleet, key))

    def _turn(self, before: TransportVars | None, start: str, after: TransportVars) -> Any:
        fleet, key, follower = self._fleet.id, None if before is None else before.key, after.key
        literal = self._ctx.new_bool(
            f"turn[{fleet}:{key or start}>{follower}]", lambda view: view.turn(fleet, key, start, follower)
        )
        self.turns.append(TurnVars(fleet, before, start, after, literal))
        return literal

    def may_follow(self, before: TransportVars, after: TransportVars) -> bool:
        """Return whether there is time for both, one after the other; the legs of a link follow their slots."""
        if before.key[:3] == after.key[:3]:
            return SLOTS.index(before.key[3]) < SLOTS.index(after.key[3])
        shortest = min(o.length for o in before.options) + min(o.length for o in after.options)
        needed = shortest + self.travel(before, after) + self.tail(after)
        return self.head(before) + needed <= self._ctx.latest_completion(after.key[0])

    def travel(self, before: TransportVars, after: TransportVars) -> int:
        """Return the least empty travel between two transports."""
        return min(self._fleet.travel_time(p, q) for p in before.destinations for q in after.origins)

    def head(self, transport: TransportVars) -> int:
        """Return the earliest start of a transport, given its job alone."""
        job, predecessor = transport.key[:2]
        if predecessor is None:
            return self._ctx.instance.job_by_id[job].release_date
        modes = self._ctx.instance.operation_by_key[job, predecessor].modes
        return self._ctx.heads[job, predecessor] + min(self._ctx.instance.least(mode) for mode in modes)

    def tail(self, transport: TransportVars) -> int:
        """Return what is left to do for its job after a transport, at the least."""
        job, _, successor, *_ = transport.key
        return 0 if successor is None else self._ctx.tails[job, successor]

    def rank(self, transport: TransportVars) -> Any:
        """Return the place of a transport in its tour, or anything larger than that of the one before it."""
        key = transport.key
        if key not in self._ranks:
            most = len(self.transports)
            self._ranks[key] = self._ctx.new_int(0, most, f"rank[{key}]", lambda view: view.position(key))
        return self._ranks[key]

    def there_at(self, transport: TransportVars, place: str) -> Any:
        """Return when the vehicle of a transport can be somewhere after it, or later."""
        times = {p: self._fleet.travel_time(p, place) for p in transport.destinations}
        if len(set(times.values())) == 1:
            return transport.end + min(times.values())
        key = transport.key
        there = self._ctx.new_int(
            0,
            self._ctx.horizon + max(times.values()),
            f"there[{key}>{place}]",
            lambda view: view.leg_end(key) + (times.get(move.destination, 0) if (move := view.move(key)) else 0),
        )
        for destination, time in times.items():
            self._ctx.enforce(self._ctx.model.add(there >= transport.end + time), transport.destinations[destination])
        return there

    def taken(self, value: Callable[[Any], int]) -> list[tuple[str, list[TransportVars]]]:
        """Return where the vehicle of each tour starts, and its transports, given the values of the variables."""
        first, follower = [], {}
        for turn in self.turns:
            if value(turn.literal) and turn.before is None:
                first.append(turn)
            elif value(turn.literal) and turn.before is not None:
                follower[turn.before.key] = turn.after
        found = []
        for turn in first:
            tour = [turn.after]
            while tour[-1].key in follower:
                tour.append(follower[tour[-1].key])
            found.append((turn.start, tour))
        return found


def _transport(ctx: ModelContext, fleet: Fleet, key: MoveKey, options: tuple[OptionVars, ...]) -> TransportVars:
    name = f"{fleet.id}:{options[0].link.name}"
    if len(options) == 1:
        (option,) = options
        ends = {option.leg.origin: option.literal}, {option.leg.destination: option.literal}
        return TransportVars(key, options, option.literal, option.interval, *ends)
    literal = ctx.new_bool(f"carried[{name}]", lambda view: view.group_of(key) == fleet.id)
    ctx.model.add(sum(option.literal for option in options) == literal)
    size = ctx.new_int(
        min(option.length for option in options),
        max(option.length for option in options),
        f"length[{name}]",
        lambda view: view.leg_end(key) - view.leg_start(key),
    )
    for option in options:
        ctx.enforce(ctx.model.add(size == option.length), option.literal)
    interval = ctx.model.new_optional_interval_var(options[0].start, size, options[0].end, literal, f"on[{name}]")
    origins = _places(ctx, f"from[{name}", key, "origin", options)
    return TransportVars(
        key, options, literal, interval, origins, _places(ctx, f"to[{name}", key, "destination", options)
    )


def _places(
    ctx: ModelContext, name: str, key: MoveKey, side: str, options: tuple[OptionVars, ...]
) -> Mapping[str, Any]:
    """Return a literal for each place at one side of a transport."""
    by_place: dict[str, list[OptionVars]] = {}
    for option in options:
        by_place.setdefault(getattr(option.leg, side), []).append(option)
    found = {}
    for place, there in by_place.items():
        found[place] = there[0].literal
        if len(there) > 1:
            found[place] = ctx.new_bool(
                f"{name}@{place}]",
                lambda view, place=place, fleet=options[0].mover: (
                    view.group_of(key) == fleet and getattr(view.move(key), side) == place
                ),
            )
            ctx.model.add(sum(option.literal for option in there) == found[place])
    return found
