"""Robots and the vehicles of fleets in the network of a draft: one task after the other, with the travel between."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from scheduler.domain import Charge, Instance, Move
from scheduler.domain.happened import execution_of
from scheduler.rescheduling.draft import Draft, places_of, planned_places, task_key, tasks_by_carrier
from scheduler.rescheduling.timing import Timing


def add_carriers(
    instance: Instance,
    timing: Timing,
    draft: Draft,
    real: Collection[Move],
    charge_of: Mapping[int, Charge],
    node_of: Callable[[Move], int],
) -> None:
    """Order the tasks of each carrier; an empty move that was not under way begins at `now` or later.

    Parameters
    ----------
    real
        The moves that have happened or are under way.
    charge_of
        The charges by activity.
    node_of
        The activity of a move.
    """
    execution = execution_of(instance)
    planned = planned_places(instance)
    plugged = {(charge.vehicle, charge.start): node for node, charge in charge_of.items()}
    for carrier, tasks in tasks_by_carrier(draft.moves, draft.charges).items():
        group = instance.group_by_carrier[carrier]
        place, before = instance.carrier_by_id[carrier].start, None
        for task in tasks:
            node = node_of(task) if isinstance(task, Move) else plugged[task.vehicle, task.start]
            origin, destination = places_of(instance, task)
            travel = group.travel_time(place, origin)
            if before is not None:
                timing.order((before, "end", 0), (node, "start", 0), travel)
            if task not in real and task not in execution.charges:
                under_way = planned.get(task_key(task)) == (carrier, place)
                timing.not_before(node, travel if under_way or travel == 0 else execution.now + travel)
            place, before = destination, node
