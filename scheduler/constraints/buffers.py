"""Buffers: a machine has so many places for parts that wait before it, and for parts that are done.

For every machine *m* with ``input_buffer`` or ``output_buffer`` of 1 or more places, and every instant *t*::

    |{o on m : brought(o) <= t < start(o)}|  <=  input_buffer_m
    |{o on m : from(o) <= t < taken(o)}|     <=  capacity_m + output_buffer_m

A part is *brought* when a mover begins to put it down at the machine, and waits in a place of the input buffer until
its operation starts. It is *taken* when it has been picked up or, where no move takes it, the next operation of its job
starts. In between it is processed, waits on the machine as long as the output buffer is full, and then in a place of
that: of the parts that are done, the buffer holds as many as it can, so that counting both together is exact. Of an
operation with several parts the first that is brought and the last that is taken count; each operation needs one place.
An operation whose work was lost needed its place before the machine until it started for the first time. Without buffer
(0) parts take the machine itself: see `capacity`. (Brucker, Heitmann, Hurink & Nieberg 2006, OR Spectrum 28: job shops
with limited buffers.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scheduler.constraints.facts import Holding, brought_at, occupations, overflows, place, taken_at
from scheduler.constraints.rule import Rule, Violation
from scheduler.domain import Instance, Schedule
from scheduler.domain.happened import first_starts

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext


def applies(instance: Instance) -> bool:
    """Return whether any buffer is counted."""
    return any(machine.input_buffer or machine.output_buffer for machine in instance.machines)


# --- checker -----------------------------------------------------------------------------------------------------


def violations(instance: Instance, schedule: Schedule) -> Iterator[Violation]:
    """Yield every way in which the schedule breaks the rule."""
    if not applies(instance):
        return
    brought, taken = brought_at(instance, schedule), taken_at(instance, schedule)
    lost = instance.execution.aborted if instance.execution is not None else ()
    for machine_id, stays in occupations(instance, schedule).items():
        machine = instance.machine_by_id[machine_id]
        if machine.input_buffer:
            waits = []
            for stay in stays:
                if (key := stay.operation.key) in brought:
                    first_start = min([stay.start, *(piece.start for piece in lost if piece.key == key)])
                    waits.append(Holding(brought[key], first_start, place(stay.operation)))
            yield from overflows("buffers", waits, machine.input_buffer, "is brought")
        if machine.output_buffer:
            waits = [
                Holding(stay.begin, max(stay.end, taken.get(stay.operation.key, 0)), place(stay.operation))
                for stay in stays
            ]
            yield from overflows("buffers", waits, machine.capacity + machine.output_buffer, "takes the machine")


# --- model -------------------------------------------------------------------------------------------------------


def post(ctx: ModelContext) -> None:
    """Post a cumulative for each counted buffer; that behind a machine counts its own places too."""
    lost = first_starts(ctx.instance)
    for machine in ctx.instance.machines:
        waiting: list[Any] = []
        held: list[Any] = []
        for key, mode in ctx.operations_on(machine.id):
            occupation = ctx.occupation(key, mode)
            name = f"{key[0]}.{key[1]}@{machine.id}"
            brought = ctx.brought(key, mode) if machine.input_buffer else None
            if brought is not None:
                size = ctx.new_int(
                    0,
                    ctx.horizon,
                    f"waits[{name}]",
                    lambda view, key=key: lost.get(key, view.start(key, 0)) - view.brought(key),
                )
                start = lost.get(key, ctx.start(key))
                waiting.append(ctx.new_interval(brought, size, start, occupation.literal, f"waiting[{name}]"))
            taken = ctx.taken(key, mode) if machine.output_buffer else None
            if taken is not None:
                size = ctx.new_int(
                    ctx.lengths.least(key, mode),
                    ctx.horizon,
                    f"holds[{name}]",
                    lambda view, key=key: view.taken(key) - view.from_(key),
                )
                held.append(ctx.new_interval(occupation.from_, size, taken, occupation.literal, f"held[{name}]"))
            elif machine.output_buffer:
                held.append(occupation.interval)
        if waiting and machine.input_buffer:
            ctx.model.add_cumulative(waiting, [1] * len(waiting), machine.input_buffer)
        if held and machine.output_buffer:
            ctx.model.add_cumulative(held, [1] * len(held), machine.capacity + machine.output_buffer)


RULE = Rule("buffers", applies, violations, post)
