"""The cascade: which event delays what, by way of which machine, move or job.

Read from the longest path of the right shift: each delayed activity has one that pushed it last, its binding
predecessor. It is what the events do to the plan in force before anybody reacts.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal, TypeAlias

from scheduler.domain import Charge, Move, ScheduledOperation
from scheduler.domain.events import Event
from scheduler.rescheduling.timing import NOBODY, Reason, Via

if TYPE_CHECKING:
    from scheduler.rescheduling.network import Network

Kind: TypeAlias = Literal["operation", "move", "charge"]
_SHOWN = 20
_WAYS: Mapping[Via, str] = {
    "machine": "through {}",
    "blocking": "a part stands on {}",
    "buffer": "no place at {}",
    "station": "no place at {}",
    "mover": "through {}",
    "headway": "headway of {}",
    "dock": "docks of {}",
    "charger": "places of {}",
    "parking": "room at {}",
    "operators": "operators {}",
    "job": "through job {}",
    "": "",
}
"""What the text says of each kind of wait."""


@dataclass(frozen=True, slots=True)
class Delay:
    """An activity that the right shift starts or ends later than planned.

    Attributes
    ----------
    kind, name
        What it is, and in words.
    job
        Its job; an empty text for charges.
    resource
        The machine, mover or vehicle that does it.
    later, longer
        By how many ticks it starts later, and ends later than that.
    cause
        Number, among the delays, of what it waits for; None if the events hit it themselves.
    via, shared
        What the two share, and its id: a machine, or one that is blocked by a part that has not been taken away
        (``blocking``), the buffer of a machine, an input or output station, a mover, the headway of a lane, the docks
        of a facility, the places of a charger, operators, or the job. Without cause only what is missing is named:
        operators, places of a charger.
    """

    kind: Kind
    name: str
    job: str
    resource: str
    later: int
    longer: int
    cause: int | None = None
    via: Via = ""
    shared: str = ""

    @property
    def effect(self) -> str:
        """What happens to it, in words."""
        ticks = [f"{self.later} later"] if self.later else []
        ticks += [f"takes {self.longer} longer"] if self.longer > 0 else []
        return ", ".join(ticks) or "other length"

    @property
    def way(self) -> str:
        """By way of what it is delayed, in words; an empty text if the events hit it themselves."""
        return _WAYS[self.via].format(self.shared)

    def __str__(self) -> str:
        return f"{self.name}: {self.effect}" + (f" ({self.way})" if self.via else "")


def delays_of(network: Network, jobs: Container[str] | None = None) -> tuple[Delay, ...]:
    """Return the delays of a network that has settled, in the order of its starts; causes before what they delay.

    Those of these jobs, if any are given, and of what belongs to none.
    """
    timing, planned = network.timing, network.activities.planned()
    causes = {node: _behind(network, cause) for node, cause in timing.causes.items()}
    changed = {}
    for node, activity in planned.items():
        if jobs is not None and not isinstance(activity, Charge) and activity.job not in jobs:
            continue
        later, ends = timing.starts[node] - activity.start, timing.ends[node] - activity.end
        if isinstance(activity, Move) and timing.ends[node] < activity.end:
            ends = later  # the pick-up of a carrier that holds several parts
        if later > 0 or ends > 0:
            changed[node] = max(0, later), max(0, ends - max(0, later))
    order = sorted(changed, key=lambda node: (timing.starts[node], timing.ends[node]))
    number: dict[int, int] = {}
    found: list[Delay] = []
    for node in _causes_first(order, causes):
        activity, (later, longer) = planned[node], changed[node]
        kind, name, job, resource = _described(activity)
        cause = number.get(causes.get(node, -1))
        is_short = causes.get(node) == NOBODY
        reason = timing.reasons[node] if is_short or cause is not None else Reason()
        number[node] = len(found)
        found.append(Delay(kind, name, job, resource, later, longer, cause, reason.via, reason.id))
    return tuple(found)


def _behind(network: Network, cause: int) -> int:
    """Return what an empty move waited for that is the cause of something, or the cause itself."""
    seen = {cause}
    while cause in network.parked.way_of and (other := network.timing.causes.get(cause, NOBODY)) not in seen:
        cause = other
        seen.add(cause)
    return cause


def _described(activity: ScheduledOperation | Move | Charge) -> tuple[Kind, str, str, str]:
    """Return kind, name, job and resource."""
    if isinstance(activity, ScheduledOperation):
        return "operation", f"{activity.job}.{activity.operation} on {activity.machine}", activity.job, activity.machine
    if isinstance(activity, Charge):
        return "charge", f"charge of {activity.vehicle}", "", activity.vehicle
    job = activity.job or ""
    load = "" if activity.units is None else f" ({activity.units} units)"
    way = f"from {activity.origin} to {activity.destination} by {activity.mover}"
    return "move", f"{job}{load} {way}", job, activity.mover


def _causes_first(order: Sequence[int], causes: dict[int, int]) -> Iterator[int]:
    """Yield the nodes, each after its cause; where pushes went round in a circle, in the order given."""
    known, done = set(order), set()
    for node in order:
        last, chain = node, {node: None}
        while (cause := causes.get(last, -1)) in known and cause not in done and cause not in chain:
            last = cause
            chain[last] = None
        for link in reversed(chain):
            if link not in done:
                done.add(link)
                yield link


def depth(delays: Sequence[Delay]) -> int:
    """Return how many delays the longest chain has."""
    deep: list[int] = []
    for delay in delays:
        deep.append(1 if delay.cause is None else deep[delay.cause] + 1)
    return max(deep, default=0)


def culprit(delay: Delay, events: Iterable[Event]) -> str:
    """Return the id of the event that names what a delay without cause is about, or what is missing; else of any."""
    ids = [event.id for event in events]
    about = {delay.resource, delay.job, delay.shared} - {""}
    for event in events:
        named = [getattr(event, field.name) for field in fields(event) if field.name not in ("id", "at")]
        if about & {name for name in named if isinstance(name, str)}:
            return event.id
    return ", ".join(ids)


def told(delays: Sequence[Delay], events: Sequence[Event]) -> str:
    """Return the cascade as a tree of lines."""
    children: dict[int | None, list[int]] = {}
    for number, delay in enumerate(delays):
        children.setdefault(delay.cause, []).append(number)
    lines: list[str] = []

    waiting = [(number, 0) for number in reversed(children.get(None, []))]
    while waiting:
        number, level = waiting.pop()
        root = f"{culprit(delays[number], events)} -> " if level == 0 else "  " * level + "-> "
        lines.append(f"{root}{delays[number]}")
        waiting.extend((child, level + 1) for child in reversed(children.get(number, [])))
    if len(lines) > _SHOWN:
        lines[_SHOWN:] = [f"and {len(lines) - _SHOWN} more"]
    return "\n".join(lines)
