"""Capacity: a machine holds at most ``capacity`` parts at any time.

For every machine *m* and instant *t*::

    |{o on m : from(o) <= t < until(o)}| <= capacity_m

``[from, until)`` is the occupation (`docs/rules.md`): from start to end, but on a station without input buffer from the
begin of loading (of the earliest part), and on one without output buffer (*blocking*) until the part has been
unloaded (the latest, when several leave) or the job's next operation starts on the same machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heappush, heapreplace
from typing import TYPE_CHECKING

from scheduler.constraints.facts import Stay, name, occupations, place
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Instance, Machine, Schedule

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext, OccupationVars


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
    """Post when parts take and leave stations without buffer, and the capacity of every machine."""
    for machine in ctx.instance.machines:
        occupations = []
        for key, mode in ctx.operations_on(machine.id):
            occupation = ctx.occupation(key, mode)
            if machine.input_buffer == 0:
                _post_taken(ctx, machine, occupation)
            if machine.output_buffer == 0:
                _post_left(ctx, machine, occupation)
            # Work of no length takes no place, unless the part is loaded, waits, or the machine is set up for it.
            if ctx.instance.mode(key, mode).duration > 0 or machine.cell is not None or machine.setups is not None:
                occupations.append(occupation.interval)
        if machine.capacity == 1:
            ctx.model.add_no_overlap(occupations)
        else:
            ctx.model.add_cumulative(occupations, [1] * len(occupations), machine.capacity)


def _post_taken(ctx: ModelContext, machine: Machine, occupation: OccupationVars) -> None:
    """Post ``from`` = the earliest start of loading, or the start of work where no move brings a part."""
    arrivals = []
    load_time = ctx.instance.cell_by_id[machine.cell or ""].load_time
    links = ctx.links_into.get(occupation.key, ())
    for link in links:
        arrival = occupation.from_
        if len(links) > 1:
            arrival = ctx.new_int(
                0,
                ctx.horizon,
                f"arrival[{link.name}@{machine.id}]",
                lambda view, link=link: view.arrival(link.job.id, link.predecessor, link.successor),
            )
        absent = [occupation.literal]
        for slot in link.slots:
            for option in slot.options:
                if option.leg.destination == machine.id:
                    ctx.enforce(ctx.model.add(arrival == slot.end - load_time), option.literal)
                    absent.append(option.literal.negated())
        ctx.enforce(ctx.model.add(arrival == ctx.start(occupation.key)), *absent)
        arrivals.append(arrival)
    if len(arrivals) > 1:
        ctx.model.add_min_equality(occupation.from_, arrivals)
    elif not arrivals:
        ctx.enforce(ctx.model.add(occupation.from_ == ctx.start(occupation.key)), occupation.literal)


def _post_left(ctx: ModelContext, machine: Machine, occupation: OccupationVars) -> None:
    """Post ``until >= `` the end of work and of every unloading, or the start of the next operation on the machine."""
    unload_time = ctx.instance.cell_by_id[machine.cell or ""].unload_time
    job, operation = occupation.key
    ctx.enforce(ctx.model.add(occupation.until >= ctx.end(occupation.key)), occupation.literal)
    for link in ctx.links_out_of.get(occupation.key, ()):
        for slot in link.slots:
            for option in slot.options:
                if option.leg.origin == machine.id:
                    ctx.enforce(ctx.model.add(occupation.until >= slot.start + unload_time), option.literal)
    for precedence in ctx.instance.job_by_id[job].precedences:
        if precedence.predecessor == operation:
            successor = (job, precedence.successor)
            for number, mode in enumerate(ctx.instance.operation_by_key[successor].modes):
                if mode.machine == machine.id:
                    stays = (occupation.literal, ctx.modes(successor)[number])
                    ctx.enforce(ctx.model.add(occupation.until >= ctx.start(successor)), *stays)


RULE = Rule("capacity", applies, violations, post)
