"""Variables of the ways of parts: up to six legs per link, each with the moves it may be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from scheduler.cpsat.rides import holds_several, last_alone, lengths_ahead, varies, wait_on_board
from scheduler.domain import Job, Move, OperationKey, Precedence
from scheduler.domain.routing import SLOTS, Leg, Slot, carriers, in_loads, is_first, is_last, routes, slots_of

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext
    from scheduler.cpsat.kept import MoveKey
    from scheduler.cpsat.view import ScheduleView


@dataclass(frozen=True, slots=True)
class OptionVars:
    """One move that a leg may be: by robot, vehicle, lane or fleet of alike vehicles, along ``leg``, if ``literal``.

    ``length`` is the least where the mover holds several parts, or its ways are to be faster from a tick on, and the
    only one elsewhere: ``size`` is how long the move is.
    """

    link: LinkVars
    leg: Leg
    mover: str
    length: int
    literal: Any
    start: Any
    end: Any
    interval: Any
    fixed: Move | None
    size: Any

    @property
    def key(self) -> MoveKey:
        """``(job, predecessor, successor, slot, load)``."""
        return (self.link.job.id, self.link.predecessor, self.link.successor, self.leg.slot, self.leg.load)

    @property
    def origin(self) -> str:
        """Where the mover has to be for it."""
        return self.leg.origin

    @property
    def destination(self) -> str:
        """Where the mover is afterwards."""
        return self.leg.destination

    @property
    def units(self) -> int:
        """Transport units of the job, or of the load."""
        return self.leg.units or self.link.job.units


@dataclass(frozen=True, slots=True)
class SlotVars:
    """One leg of a link: during ``[start, end)`` one of ``options``, or nothing and ``start == end``.

    Loads of a job that splits are beside one another in one slot, each with variables of its own.
    """

    slot: Slot
    load: int
    start: Any
    end: Any
    options: list[OptionVars]


@dataclass(frozen=True, slots=True)
class LinkVars:
    """A way of a part of ``job``, carried out if ``active``."""

    job: Job
    predecessor: str | None
    successor: str | None
    precedence: Precedence | None
    active: Any
    slots: list[SlotVars]

    @property
    def ends(self) -> tuple[str, str | None, str | None]:
        """``(job, predecessor, successor)``."""
        return (self.job.id, self.predecessor, self.successor)

    @property
    def name(self) -> str:
        """Readable name, for model variables."""
        return f"{self.job.id}.{self.predecessor or ''}>{self.successor or ''}"


@dataclass(frozen=True, slots=True)
class TripVars:
    """A transfer either is ``leader`` of a trip or joins (by index in its lane) an earlier transfer's trip."""

    option: OptionVars
    leader: Any
    joins: Mapping[int, Any]


def link_variables(ctx: ModelContext) -> tuple[LinkVars, ...]:
    """Return every link of every job that can need a move, with its variables and what ties them to the modes."""
    if not ctx.instance.group_by_id and not ctx.instance.lanes and len(ctx.instance.facilities) < 2:
        return ()
    fixed = {}
    if ctx.instance.execution is not None:
        for move, slot in slots_of(ctx.instance, ctx.instance.execution.moves).items():
            fixed[move.job, move.predecessor, move.successor, slot, move.load] = move
    found = []
    for job in ctx.instance.jobs:
        for predecessor, successor, precedence in job.links:
            link = LinkVars(
                job, predecessor, successor, precedence, _active(ctx, job, predecessor, successor, precedence), []
            )
            if _add_slots(ctx, link, fixed):
                found.append(link)
    return tuple(found)


def links_at(links: Iterable[LinkVars], end: str) -> Mapping[OperationKey, tuple[LinkVars, ...]]:
    """Return the links by the operation at one end, ``predecessor`` or ``successor``."""
    found: dict[OperationKey, list[LinkVars]] = {}
    for link in links:
        operation: str | None = getattr(link, end)
        if operation is not None:
            found.setdefault((link.job.id, operation), []).append(link)
    return {key: tuple(there) for key, there in found.items()}


def _active(
    ctx: ModelContext, job: Job, predecessor: str | None, successor: str | None, precedence: Precedence | None
) -> Any:
    """Return whether the link is carried out in the chosen plan."""
    if not job.plans:
        return ctx.true
    if precedence is not None:
        carried = [precedence.predecessor in plan and precedence.successor in plan for plan in job.plans]
    elif successor is not None:
        carried = [is_first(job, successor, plan) for plan in job.plans]
    else:
        carried = [is_last(job, predecessor or "", plan) for plan in job.plans]
    if all(carried):
        return ctx.true
    plans = [literal for literal, holds in zip(ctx.plans(job), carried, strict=True) if holds]
    active = ctx.new_bool(
        f"active[{job.id}.{predecessor or ''}>{successor or ''}]",
        lambda view: 0 <= view.plan(job.id) < len(carried) and carried[view.plan(job.id)],
    )
    ctx.model.add(sum(plans) == active)
    return active


def _add_slots(ctx: ModelContext, link: LinkVars, fixed: dict[Any, Move]) -> bool:
    """Add the legs that the link may have; return whether it has any, or forbids a pair of modes."""
    pairs: list[tuple[tuple[Any, ...], tuple[tuple[Leg, ...], ...]]] = []
    for from_literals, origin in _ends(ctx, link, link.predecessor):
        for to_literals, destination in _ends(ctx, link, link.successor):
            possible = (legs for legs in routes(ctx.instance, origin, destination) if _is_possible(ctx, link, legs))
            ends = (link.predecessor, link.successor)
            ways = tuple(in_loads(ctx.instance, legs, link.job, *ends) for legs in possible)
            pairs.append(((*from_literals, *to_literals), ways))
    by_slot: dict[tuple[Slot, int], list[Leg]] = {}
    for leg in (leg for _, ways in pairs for legs in ways for leg in legs):
        if leg not in by_slot.setdefault((leg.slot, leg.load), []):
            by_slot[leg.slot, leg.load].append(leg)
    taken: dict[Leg, Any] = {}
    for slot, load in sorted(by_slot, key=lambda key: (SLOTS.index(key[0]), key[1])):
        legs = by_slot[slot, load]
        always = (
            link.active is ctx.true
            and len(legs) == 1
            and all(ways and all(legs[0] in way for way in ways) for _, ways in pairs)
        )
        move = fixed.get((link.job.id, link.predecessor, link.successor, slot, load))
        taken |= _add_slot(ctx, link, slot, load, legs, always, move)
    for literals, ways in pairs:
        _choose(ctx, (link.active, *literals), ways, taken)
    impossible = [literals for literals, ways in pairs if not ways]
    for literals in impossible:
        conditions = [literal for literal in (link.active, *literals) if literal is not ctx.true]
        ctx.model.add_bool_or([literal.negated() for literal in conditions])
    return bool(by_slot)


def _is_possible(ctx: ModelContext, link: LinkVars, legs: tuple[Leg, ...]) -> bool:
    """Return whether lanes on a route have vehicles large enough for the job."""
    return all(leg.kind != "transfer" or carriers(ctx.instance, leg, link.job) for leg in legs)


def _choose(
    ctx: ModelContext, conditions: tuple[Any, ...], ways: tuple[tuple[Leg, ...], ...], taken: dict[Leg, Any]
) -> None:
    """Let exactly the legs of one of the routes be taken if all conditions hold."""
    for leg, literal in taken.items():
        on = [leg in legs for legs in ways]
        if literal is not ctx.true and (all(on) or not any(on)):
            target = literal if ways and all(on) else literal.negated()
            ctx.enforce(ctx.model.add_bool_and(target), *conditions)
    if len(ways) > 1:
        # Routes differ in where their first transfer goes; what follows it goes with it.
        firsts = [next(leg for leg in legs if leg.slot == "transfer") for legs in ways]
        ctx.enforce(ctx.model.add(sum(taken[first] for first in firsts) == 1), *conditions)
        for legs, first in zip(ways, firsts, strict=True):
            for leg in legs:
                if leg.kind == "transfer" and leg is not first:
                    ctx.enforce(ctx.model.add(taken[leg] == taken[first]), *conditions)


def _ends(ctx: ModelContext, link: LinkVars, operation: str | None) -> Iterable[tuple[tuple[Any, ...], Any]]:
    """Yield ``(literals, machine)`` for every mode at one end of the link; nothing and None outside the factory."""
    if operation is None:
        yield (), None
        return
    key = (link.job.id, operation)
    for mode, literal in zip(ctx.instance.operation_by_key[key].modes, ctx.modes(key), strict=True):
        yield (() if literal is ctx.true else (literal,)), ctx.instance.machine_by_id[mode.machine]


def _add_slot(
    ctx: ModelContext, link: LinkVars, slot: Slot, load: int, legs: list[Leg], always: bool, fixed: Move | None
) -> dict[Leg, Any]:
    """Add one leg with its options; return the literal of each leg that it may be."""
    key = (link.job.id, link.predecessor, link.successor, slot, load)
    job = link.job.id
    kept = None if ctx.kept is None else ctx.kept.mover(key)
    movers = {leg: [m for m in _movers(ctx, leg, link.job) if kept is None or m[0] == kept] for leg in legs}
    if fixed is not None:  # what has departed is as long as it is, by whomever
        movers = {leg: list(dict(reversed(able)).items()) for leg, able in movers.items()}
    lengths = {length for options in movers.values() for _, length in options}
    name = f"{slot}{load or ''}[{link.name}]"
    start: Any
    end: Any
    if fixed is not None:
        start, end = fixed.start, fixed.end
    else:
        release = link.job.release_date
        latest = max(release, ctx.latest_completion(job))  # the deadline may have passed before the release
        start = ctx.new_int(
            release,
            latest,
            f"start.{name}",
            lambda view: view.leg_start(key),
        )
        has_choice = any(varies(ctx, leg, mover) for leg, able in movers.items() for mover, _ in able)
        if always and len(lengths) == 1 and not has_choice:
            end = start + next(iter(lengths))
        else:
            end = ctx.new_int(
                release,
                latest,
                f"end.{name}",
                lambda view: view.leg_end(key),
            )
    variables = SlotVars(slot, load, start, end, [])
    link.slots.append(variables)
    taken: dict[Leg, Any] = {}
    for leg in legs:
        literal = ctx.true
        if not always:
            literal = ctx.new_bool(
                f"leg.{name}:{leg.origin}>{leg.destination}",
                lambda view, leg=leg: _goes(view.move(key), leg),
            )
            if link.active is not ctx.true:
                ctx.model.add_implication(literal, link.active)
        taken[leg] = literal
        choices = []
        for mover, length in movers[leg]:
            chosen = literal
            if len(movers[leg]) > 1:
                chosen = ctx.new_bool(
                    f"mover.{name}:{leg.origin}>{leg.destination}@{mover}+{length}",
                    lambda view, leg=leg, mover=mover, length=length: _is_done(
                        ctx, view.move(key), leg, mover, length if fixed is None else None
                    ),
                )
                choices.append(chosen)
            variables.options.append(_option(ctx, link, leg, mover, length, chosen, variables, fixed))
        if choices:
            ctx.model.add(sum(choices) == literal)
        elif not movers[leg]:
            ctx.model.add(literal == 0)  # a route that is not the one of what is kept or has departed
    if not always:
        idle = [literal.negated() for literal in taken.values()]
        if fixed is None:
            ctx.model.add(end == start).only_enforce_if(idle)
        ctx.model.add_at_most_one(taken.values())
    if fixed is not None:
        for option in variables.options:
            right = _goes(fixed, option.leg) and _mover(ctx, fixed) == option.mover
            ctx.model.add(option.literal == int(right))
    return taken


def _option(
    ctx: ModelContext,
    link: LinkVars,
    leg: Leg,
    mover: str,
    length: int,
    literal: Any,
    slot: SlotVars,
    fixed: Move | None,
) -> OptionVars:
    name = f"move[{link.name}:{leg.origin}>{leg.destination}@{mover}]"
    size = length if fixed is None else fixed.end - fixed.start
    ahead, several = lengths_ahead(ctx, leg, mover), holds_several(ctx, mover)
    if fixed is None and several:
        size = ctx.new_int(
            length, ctx.horizon, f"length.{name}", lambda view: _length(ctx, view, link, leg, mover, length)
        )
    if fixed is None and several and len(ahead) > 1:
        made = partial(_made, ctx, link=link, leg=leg, mover=mover)
        wait_on_board(ctx, mover, ahead, size, slot.end, literal, name, made)
    elif fixed is None and len(ahead) > 1:
        size = ctx.new_int(
            length, ahead[0][1], f"length.{name}", lambda view: _length(ctx, view, link, leg, mover, length)
        )
        lasts = partial(_length, ctx, link=link, leg=leg, mover=mover, least=length)
        last_alone(ctx, mover, ahead, size, slot.start, literal, name, lasts)
    if literal is ctx.true:
        interval = ctx.model.new_interval_var(slot.start, size, slot.end, name)
    else:
        interval = ctx.model.new_optional_interval_var(slot.start, size, slot.end, literal, name)
    length = length if fixed is None else fixed.end - fixed.start
    return OptionVars(link, leg, mover, length, literal, slot.start, slot.end, interval, fixed, size)


def _length(ctx: ModelContext, view: ScheduleView, link: LinkVars, leg: Leg, mover: str, least: int) -> int:
    """Return how long the move lasts, the least length if the schedule does not make it."""
    move = _made(ctx, view, link, leg, mover)
    return least if move is None else move.end - move.start


def _made(ctx: ModelContext, view: ScheduleView, link: LinkVars, leg: Leg, mover: str) -> Move | None:
    """Return the move if a schedule makes it."""
    move = view.move((link.job.id, link.predecessor, link.successor, leg.slot, leg.load))
    return move if _goes(move, leg) and _mover(ctx, move) == mover else None


def _goes(move: Move | None, leg: Leg) -> bool:
    return move is not None and (move.origin, move.destination) == (leg.origin, leg.destination)


def _is_done(ctx: ModelContext, move: Move | None, leg: Leg, mover: str, length: int | None) -> bool:
    """Return whether the mover does the leg; one by a lane starts when trips are of that length (None: any)."""
    if move is None or not _goes(move, leg) or _mover(ctx, move) != mover:
        return False
    lane = ctx.instance.lane_by_id.get(mover)
    return lane is None or length is None or lane.trip_time_at(move.start) == length


def _movers(ctx: ModelContext, leg: Leg, job: Job) -> Iterable[tuple[str, int]]:
    """Return ``(id, length of the move)`` of all that can do a leg; vehicles that are alike go by their fleet."""
    able = carriers(ctx.instance, leg, job)
    least = (
        (mover, min((ticks for _, ticks in lengths_ahead(ctx, leg, mover)), default=length)) for mover, length in able
    )
    return dict.fromkeys((_known_as(ctx, mover), length) for mover, length in least)


def _mover(ctx: ModelContext, move: Move | None) -> str | None:
    """Return the robot or vehicle of the move, or the fleet or lane that it goes by."""
    if move is None:
        return None
    lane = ctx.instance.lane_by_vehicle.get(move.mover)
    return _known_as(ctx, move.mover) if lane is None else lane.id


def _known_as(ctx: ModelContext, mover: str) -> str:
    group = ctx.instance.group_by_carrier.get(mover)
    return group.id if group is not None and group.id in ctx.alike else mover
