"""What a valid instance is: the table of all rules, and the two functions that apply it.

A rule is a function that yields the defects of one kind. It never assumes that another rule holds: it passes over
what it can't judge (an unknown machine, say), since the rule in charge reports that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import TypeAlias

from scheduler.domain import Instance
from scheduler.domain.cycle import part_set
from scheduler.errors import Defect, InstanceError
from scheduler.io import validate_batteries as batteries
from scheduler.io import validate_cycles as cycles
from scheduler.io import validate_fleets as fleets
from scheduler.io import validate_jobs as jobs
from scheduler.io import validate_lanes as lanes
from scheduler.io import validate_limits as limits
from scheduler.io import validate_parking as parking
from scheduler.io import validate_resources as resources
from scheduler.io import validate_robots as robots
from scheduler.io.defects import limited

Validation: TypeAlias = Callable[[Instance], Iterator[Defect]]

LIMITS: tuple[Validation, ...] = (limits.counts, limits.numbers)
"""Rules that keep the others cheap: where one is broken, the others are not asked."""

CYCLES: tuple[Validation, ...] = (cycles.unlike_copies, cycles.unperiodic_features)
"""Rules of cyclic production; all others are asked about one part set, whose places are those in the file."""

RULES: tuple[Validation, ...] = (
    resources.repeated_ids,
    resources.unknown_references,
    resources.machine_and_cell_in_different_facilities,
    resources.clashing_places,
    robots.starts_out_of_reach,
    resources.incomplete_travel,
    resources.lanes_to_their_origin,
    resources.idle_hubs,
    resources.setups_with_capacity,
    resources.unsupported_buffers,
    resources.places_that_nothing_takes,
    resources.no_swap_with_capacity,
    resources.empty_downtimes,
    resources.empty_shortages,
    resources.disordered_shifts,
    fleets.unknown_references,
    fleets.places_of_others,
    fleets.incomplete_travel,
    fleets.unserved_stations,
    fleets.jobs_nobody_may_carry,
    lanes.disordered_timetables,
    lanes.disordered_transit_times,
    lanes.departures_without_trip,
    lanes.unsuitable_splits,
    batteries.misplaced_chargers,
    batteries.disordered_levels,
    batteries.unround_rates,
    batteries.transports_beyond_every_battery,
    parking.unknown_places,
    parking.ways_of_no_time,
    parking.too_few_places,
    jobs.repeated_operations,
    jobs.missing_operations_and_modes,
    jobs.unknown_references,
    jobs.repeated_modes,
    jobs.too_many_operators,
    jobs.dwell_without_fetching,
    jobs.too_long_for_every_shift,
    jobs.no_length_with_setups,
    jobs.repeated_precedences,
    jobs.crossed_lags,
    jobs.cyclic_precedences,
    jobs.unreachable_successors,
    robots.out_of_reach,
    robots.tended_by_nobody,
    jobs.too_large_for_every_lane,
    jobs.deadlines_before_release,
    jobs.unusable_plans,
    limits.unreadable_objective,
    limits.too_long_horizon,
)


def defects(instance: Instance) -> tuple[Defect, ...]:
    """Return everything that is wrong with an instance, with its place in the native file."""
    if instance.cycle is None:
        return limited(_apply(LIMITS, instance)) or limited(_apply(RULES, instance))
    found = limited(_apply(LIMITS, instance)) or limited(_apply(CYCLES[:1], instance))
    if found:
        return found
    found = limited(chain(_apply(CYCLES[1:], instance), _apply(RULES, part_set(instance))))
    return found or limited(limits.too_long_horizon(instance))


def require_valid(instance: Instance, source: str) -> Instance:
    """Return the instance if it is valid.

    Raises
    ------
    InstanceError
        If it is not, with every defect; `source` names the file or other origin of the instance.
    """
    found = defects(instance)
    if found:
        raise InstanceError(source, found)
    return instance


def _apply(rules: tuple[Validation, ...], instance: Instance) -> Iterator[Defect]:
    return chain.from_iterable(rule(instance) for rule in rules)
