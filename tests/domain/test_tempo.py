"""Tempo: when work ends on a machine that is slow, or fast, at times."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from functools import partial
from random import Random

import pytest

from scheduler.domain import Calendar, Downtime, Shift, ShiftPattern, Slowdown
from scheduler.domain.tempo import STEADY, Stretch, tempo_of
from scheduler.search.downtimes import NEVER, Downtimes


def test_slowdowns_that_hold_together_multiply() -> None:
    slow = (Slowdown(2, None, 50, until=8), Slowdown(5, None, 80, until=20))
    assert tempo_of(slow).usual == 10
    assert tempo_of(slow).stretches == (Stretch(2, 5, 5), Stretch(5, 8, 4), Stretch(8, 20, 8))
    assert tempo_of((*slow, Slowdown(8, None, 125, until=20))).stretches == (Stretch(2, 5, 5), Stretch(5, 8, 4))
    assert tempo_of(()) == STEADY


@pytest.mark.parametrize(
    ("start", "work", "end"),
    [(2, 3, 8), (4, 4, 10), (7, 1, 9), (7, 4, 12), (8, 4, 12), (0, 2, 2), (1, 2, 4), (6, 0, 6)],
)
def test_half_the_speed_until_8(start: int, work: int, end: int) -> None:
    # From 4 on two ticks of work are done by 8, the other two take two ticks.
    assert tempo_of((Slowdown(2, None, 50, until=8),)).end((), start, work) == end


def test_a_slowdown_that_was_ended_slows_no_tick_from_then_on() -> None:
    tempo = tempo_of((Slowdown(2, 6, 50, until=20),))
    assert (tempo.end((), 2, 4), tempo.worked((), 2, 8), tempo.ends) == (8, Fraction(4), (6,))
    assert not tempo.is_over(5)
    assert tempo.is_over(6)


def end_by_ticks(speeds: list[Fraction], down: Collection[int], start: int, work: int) -> int:
    """Return when work is done, tick by tick."""
    done, tick = Fraction(0), start
    while done < work:
        done += 0 if tick in down else speeds[tick]
        tick += 1
    return tick


def test_random_tempos_are_those_of_their_ticks() -> None:
    random = Random(1)
    for _ in range(60):
        slowdowns = tuple(
            Slowdown(a, random.choice([None, a + 9]), random.choice([25, 30, 50, 80, 150]), a + random.randint(1, 20))
            for a in (random.randint(0, 20) for _ in range(random.randint(1, 3)))
        )
        begins = sorted(random.sample(range(1, 40, 6), 3))
        downtimes = tuple(Downtime(a, a + random.randint(1, 5)) for a in begins)
        tempo = tempo_of(slowdowns)
        down = {tick for d in downtimes for tick in range(d.start, d.end)}
        speeds = [Fraction(1)] * 300
        for slowdown in slowdowns:
            for tick in range(slowdown.start, slowdown.over_at or 0):
                speeds[tick] *= Fraction(slowdown.speed, 100)
        whole, paused = partial(end_by_ticks, speeds, frozenset[int]()), partial(end_by_ticks, speeds, down)
        for _ in range(3):
            start, work = random.randint(0, 40), random.randint(1, 12)
            assert tempo.end((), start, work) == whole(start, work) >= start + tempo.least(work)
            assert tempo.end(downtimes, start, work) == paused(start, work)
            first = start
            while not down.isdisjoint(range(first, whole(first, work))):
                first += 1
            assert tempo.start(downtimes, start, work, False) == first
            calendar = Downtimes(Calendar(downtimes), tempo)
            assert calendar.window(start, work, False) == (first, whole(first, work))
            assert calendar.window(start, work, True)[1] == paused(start, work)
            assert tempo.worked(downtimes, start, start + work) == sum(
                speeds[t] for t in range(start, start + work) if t not in down
            )


def test_what_is_too_long_for_every_shift_while_the_machine_is_slow_waits() -> None:
    calendar = Calendar(pattern=ShiftPattern(8, (Shift(0, 5),)))
    assert Downtimes(calendar, tempo_of((Slowdown(0, None, 50, until=20),))).window(0, 4, False) == (24, 28)
    assert Downtimes(calendar, tempo_of((Slowdown(0, None, 50),))).window(0, 4, False) == (NEVER, NEVER)
