"""What happens on the floor: when machines fail, for how long, and how long work really takes.

The protocol that dispatching studies share: a breakdown level *Ag*, the share of its time that a machine is down, and a
mean time to repair *MTTR* in mean processing times give the mean time between failures ``MTBF = MTTR (1 - Ag) / Ag``.
Failures strike machines in proportion to their busy time (Al-Hinai & ElMekkawy, Int. J. Prod. Economics 132, 2011).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from statistics import fmean

from scheduler.domain import Instance, Schedule
from scheduler.domain.calendar import Downtime
from scheduler.domain.schedule import OperationKey


@dataclass(frozen=True)
class Profile:
    """How much goes wrong.

    Attributes
    ----------
    breakdown_level
        *Ag*, from 0 (no failures) to below 1.
    repair_time
        *MTTR*, in mean processing times.
    variation
        Standard deviation of a real duration by the planned one; 0: all as planned.
    phases
        Phases of the Erlang distribution of times up and down; 1: exponential.
    """

    breakdown_level: float = 0.0
    repair_time: float = 1.0
    variation: float = 0.0
    phases: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.breakdown_level < 1:
            raise ValueError(f"the breakdown level is at least 0 and below 1, got {self.breakdown_level}")
        if self.repair_time <= 0 or self.variation < 0 or self.phases < 1:
            raise ValueError("the repair time is positive, the variation at least 0, and there is at least one phase")


PROFILES: Mapping[str, Profile] = {
    "calm": Profile(0.025, 1.0, 0.05),
    "usual": Profile(0.05, 5.0, 0.1),
    "stormy": Profile(0.10, 10.0, 0.2),
    "breakdowns": Profile(0.05, 5.0, 0.0),
    "durations": Profile(0.0, 1.0, 0.2),
}
"""The profiles by name: the corners of the usual grid, and each kind of trouble alone."""


@dataclass(frozen=True)
class Fate:
    """What will happen in one replication, whatever the policy: failures by time, and factors of durations."""

    failures: tuple[tuple[str, Downtime], ...]
    factors: Mapping[OperationKey, float]

    def duration(self, key: OperationKey, planned: int) -> int:
        """Return how long an operation really takes that is planned so long; a tick or none stays what it is."""
        return max(1, round(planned * self.factors.get(key, 1.0))) if planned > 1 else planned


def fate_of(instance: Instance, schedule: Schedule, profile: Profile, seed: int) -> Fate:
    """Draw what will happen; the same seed draws the same.

    Each machine fails on average once in MTBF; of a failure somewhere, the machine is drawn in proportion to its busy
    time in the schedule, so that all policies meet the same failures. They end with twice the makespan.
    """
    rng = Random(f"{seed} durations")
    shape = 1 / profile.variation**2 if profile.variation else 0.0
    keys = [(job.id, operation.id) for job in instance.jobs for operation in job.operations]
    factors = {key: rng.gammavariate(shape, 1 / shape) for key in keys} if shape else {}
    busy: dict[str, int] = {}
    for operation in schedule.operations:
        busy[operation.machine] = busy.get(operation.machine, 0) + operation.end - operation.start
    if not profile.breakdown_level or not any(busy.values()):
        return Fate((), factors)
    mean = fmean(mode.duration for job in instance.jobs for o in job.operations for mode in o.modes)
    down = max(1.0, profile.repair_time * mean)
    up = down * (1 - profile.breakdown_level) / profile.breakdown_level
    return Fate(tuple(_failures(busy, up, down, 2 * schedule.makespan, profile.phases, seed)), factors)


def _failures(
    busy: Mapping[str, int], up: float, down: float, until: int, phases: int, seed: int
) -> Iterator[tuple[str, Downtime]]:
    """Yield failures in the order of time; a machine that is down does not fail again."""
    rng = Random(f"{seed} failures")
    machines, weights = list(busy), list(accumulate(busy.values()))
    free_at = dict.fromkeys(machines, 0)
    clock = 0.0
    while True:
        clock += rng.gammavariate(phases, up / phases) / len(machines)
        begin = max(1, round(clock))
        length = max(1, round(rng.gammavariate(phases, down / phases)))
        machine = rng.choices(machines, cum_weights=weights)[0]
        if begin >= until:
            return
        if begin >= free_at[machine]:
            free_at[machine] = begin + length
            yield machine, Downtime(begin, begin + length, "breakdown")
