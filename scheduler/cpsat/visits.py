"""The visits of carriers that hold several parts, and what they hold after them, for batteries and limited parking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scheduler.domain import Instance

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext
    from scheduler.cpsat.view import TaskVars


@dataclass(frozen=True, slots=True, eq=False)
class VisitVars:
    """A pick-up, drop or tending that there may be."""

    task: TaskVars
    is_drop: bool
    place: str
    begin: Any
    end: Any

    def began_before(self, now: int) -> bool:
        """Return whether it lies in the past, as a whole or under way."""
        return isinstance(self.begin, int) and self.begin < now


@dataclass(frozen=True, slots=True, eq=False)
class WayVars:
    """If ``literal``, a vehicle goes from the visit ``before`` (None: its beginning) directly to ``after``."""

    before: VisitVars | None
    after: VisitVars
    literal: Any


@dataclass(frozen=True, slots=True, eq=False)
class HeldVars:
    """What a vehicle has after a visit: ``number`` jobs on board, and the ``level`` of its battery (None: it has none).

    ``opens``: the vehicle comes to this pick-up with nothing on board, so that a stretch begins; None where it can't,
    or has done so. ``is_asked``: of a drop whose move had begun by `now`, whether something pending comes before it in
    its stretch, so that the minimum is asked for; None: it always is.
    """

    number: Any
    level: Any
    opens: Any
    is_asked: Any


def counts_held(instance: Instance, carrier: str) -> bool:
    """Return whether it matters what a carrier holds after each visit: to its battery, or for where it stands."""
    fleet = instance.fleet_by_vehicle.get(carrier)
    several = fleet is not None and instance.carrier_by_id[carrier].capacity > 1
    return several and fleet is not None and (bool(fleet.limited) or carrier in instance.battery_by_vehicle)


def new_held(
    ctx: ModelContext, carrier: str, task: TaskVars, is_drop: bool, levels: tuple[int, int] | None
) -> HeldVars:
    """Return the variables of a visit; `levels` are the lowest and the highest of a battery."""
    room = ctx.instance.carrier_by_id[carrier].capacity
    low, high = (0, room - 1) if is_drop else (1, room)
    name = f"{carrier}:{'drop' if is_drop else 'pick_up'} {task.origin}>{task.destination}:{task.key}"
    is_fixed, opens, level, is_asked = task.fixed is not None, None, None, None
    if not is_drop and not is_fixed:
        opens = ctx.new_bool(f"opens[{name}]", lambda view: view.gaps.held(carrier, task, False).opens)
    if levels is not None:
        level = ctx.new_int(*levels, f"level[{name}]", lambda view: view.gaps.held(carrier, task, is_drop).level)
        if is_drop and is_fixed:
            is_asked = ctx.new_bool(f"asked[{name}]", lambda view: view.gaps.held(carrier, task, True).is_asked)
    number = ctx.new_int(low, high, f"held[{name}]", lambda view: view.gaps.held(carrier, task, is_drop).number)
    return HeldVars(number, level, opens, is_asked)
