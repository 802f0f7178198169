"""How long travel takes and when it is over, for the checkers: by speeds of carriers and slowdowns of ways."""

from __future__ import annotations

from collections.abc import Iterable

from scheduler.domain import Carrier, CarrierGroup, Lane, Slowdown


def usual_time(group: CarrierGroup, carrier: Carrier, origin: str, destination: str) -> int:
    """Return the travel time between two places at the speed of a carrier, without slowdowns.

    It is 0 if there are no such places (that is for `moves` to say).
    """
    time = 0 if origin == destination else group.travel.get(origin, {}).get(destination, 0)
    return (time * 100 + carrier.speed - 1) // carrier.speed


def travel_time(
    group: CarrierGroup, carrier: Carrier, origin: str, destination: str, instant: int | None = None
) -> int:
    """Return the travel time of a carrier between two places.

    That of travel which begins at an instant, by the slowdowns in force then; None: the longest from now on, by those
    that have not been ended.
    """
    return _slowed(usual_time(group, carrier, origin, destination), group.slowdowns, instant)


def longest_travel(group: CarrierGroup, carrier: Carrier, origin: str, destination: str, instant: int) -> int:
    """Return as how long plans may count travel that begins at an instant.

    Nobody had to know before a slowdown was ended that it would be over at its tick.
    """
    time = usual_time(group, carrier, origin, destination)
    for slowdown in group.slowdowns:
        is_over = slowdown.until is not None and slowdown.until <= instant
        begun = slowdown.start <= instant and (slowdown.end is None or instant < slowdown.end)
        if begun and not (is_over and slowdown.speed > 100):
            time = (time * 100 + slowdown.speed - 1) // slowdown.speed
    return time


def _slowed(time: int, slowdowns: Iterable[Slowdown], instant: int | None) -> int:
    for slowdown in slowdowns:
        ends = [tick for tick in (slowdown.until, slowdown.end) if tick is not None]
        if instant is None:
            counts = slowdown.end is None and (slowdown.until is None or slowdown.speed < 100)
        else:
            counts = slowdown.start <= instant and all(instant < end for end in ends)
        if counts:
            time = (time * 100 + slowdown.speed - 1) // slowdown.speed
    return time


def there_at(
    group: CarrierGroup, carrier: Carrier, origin: str, destination: str, free_at: int, known_at: int | None = None
) -> int:
    """Return when a carrier can be at a place that is free at another; waiting for the end of a slowdown may pay.

    Slowdowns that began after ``known_at`` (None: none) do not count: what had begun then keeps its times.
    """
    usual = usual_time(group, carrier, origin, destination)
    known = [slowdown for slowdown in group.slowdowns if known_at is None or slowdown.start <= known_at]
    changes = {t for s in known for t in (s.start, s.until, s.end) if t is not None and t > free_at}
    return min(begin + _slowed(usual, known, begin) for begin in (free_at, *changes))


def trip_time(lane: Lane, departure: int) -> int:
    """Return how long a trip takes that departs then, by window of transit times and slowdowns in which that is."""
    transit = lane.transit_time
    if lane.transit_times is not None:
        instant = departure % lane.transit_times.period
        for window in lane.transit_times.windows:
            if window.start <= instant < window.end:
                transit = window.transit_time
    return lane.load_time + _slowed(transit, lane.slowdowns, departure) + lane.unload_time
