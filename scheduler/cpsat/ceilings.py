"""How late each job may end without making the first tier worse than a schedule that is known.

All terms are sums of non-negative parts, so each part alone is at most the whole: with
``sum_k weight_k term_k <= value`` every term is at most ``value / weight_k``, and every job's share of it too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from scheduler.domain import Instance, Job, OperationKey, Tier


def ceilings(instance: Instance, tier: Tier, value: Fraction) -> dict[str, int]:
    """Return, by job, the latest completion that a schedule with this value of the tier, or less, can have.

    Jobs that the tier does not limit are left out. For example ``weight_j * T_j <= weighted_tardiness <= value`` gives
    ``C_j <= due_date_j + value / weight_j``.
    """
    latest: dict[str, int] = {}
    for name, weight in tier.weights:
        limit = LATEST.get(name)
        if limit is None:
            continue
        for job in instance.jobs:
            completion = limit(job, value / weight)
            if completion is not None:
                latest[job.id] = min(latest.get(job.id, completion), completion)
    return latest


def impossible_modes(
    instance: Instance,
    heads: Mapping[OperationKey, int],
    tails: Mapping[OperationKey, int],
    latest: Callable[[str], int],
) -> frozenset[tuple[OperationKey, int]]:
    """Return the ``(operation, mode)`` with which a job can't be complete by its `latest` completion.

    ``head + duration + tail - shortest duration > latest``: a head is the earliest start of an operation, its tail the
    shortest time from its start to the completion. What has happened may be at odds with both: in a repair all modes
    are possible.
    """
    found: set[tuple[OperationKey, int]] = set()
    if instance.execution is None:
        for key, operation in instance.operation_by_key.items():
            slack = latest(key[0]) - heads[key] - tails[key]
            shortest = min((instance.least(mode) for mode in operation.modes), default=0)
            found.update((key, n) for n, mode in enumerate(operation.modes) if instance.least(mode) - shortest > slack)
    return frozenset(found)


def _tardiness(job: Job, most: Fraction) -> int | None:
    return None if job.due_date is None else job.due_date + int(most)


def _weighted_tardiness(job: Job, most: Fraction) -> int | None:
    return None if job.due_date is None or job.weight == 0 else job.due_date + int(most / job.weight)


LATEST: Mapping[str, Callable[[Job, Fraction], int | None]] = {
    "makespan": lambda job, most: int(most),
    "total_tardiness": _tardiness,
    "weighted_tardiness": _weighted_tardiness,
    "maximum_tardiness": _tardiness,
    "flow_time": lambda job, most: job.release_date + int(most),
}
"""Latest completion of a job, given the most that a term may be."""
