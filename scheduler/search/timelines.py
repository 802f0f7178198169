"""When machines and operator pools are taken, and where a gap is long enough.

A *timeline* answers three questions about an occupation ``[begin, until)``: when it can begin (`opening`), how long
it can last from there (`limit`), and when the machine is free again behind what is in its way (`beyond`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Protocol, TypeAlias

from scheduler.domain import SetupMatrix, Shortage
from scheduler.domain.shortages import missing
from scheduler.search.downtimes import NEVER, Downtimes

Changeover: TypeAlias = tuple[int, str | None, str | None]
"""Operation index, family before, family after."""


class Timeline(Protocol):
    """Occupations of one machine; ``owner`` is the index of the operation that occupies it."""

    begun: dict[Changeover, int]
    """Setups that were under way at `now`, with their starts."""

    def opening(self, ready: int, length: int, family: str | None, owner: int) -> int:
        """Return the earliest begin at or after `ready` of an occupation of this length; `NEVER` if there is none."""
        ...

    def limit(self, begin: int, family: str | None) -> int:
        """Return until when an occupation that begins at an `opening` can last at most."""
        ...

    def beyond(self, limit: int, until: int) -> int:
        """Return the begin of the first gap after `limit` in which something can last until `until`."""
        ...

    def reserve(self, begin: int, until: int, family: str | None, owner: int) -> None:
        """Take the machine during ``[begin, until)``."""
        ...

    def release(self, begin: int, until: int, owner: int) -> None:
        """Undo `reserve`."""
        ...


class MachineTimeline:
    """A machine of capacity 1: occupations in order, with setups between direct neighbours.

    An occupation of no length is in nobody's way; it has a place in the order only where there are setups.

    A setup is done in one piece outside downtimes, right before the occupation begins, and not before `now` unless
    it is in `begun`: setups that were under way at `now`, with their starts.

    With a `margin` of 1 a part leaves before the next one that has already been placed comes, never in the same
    instant. Those that hand over at once then are in the opposite order of their placing, so that no swap arises.
    """

    __slots__ = ("_begins", "_downtimes", "_families", "_owners", "_setups", "_untils", "begun", "margin", "now")

    def __init__(self, setups: SetupMatrix | None, downtimes: Downtimes | None, now: int = 0, margin: int = 0) -> None:
        self._setups = setups
        self._downtimes = downtimes
        self.now = now
        self.margin = margin
        self.begun: dict[Changeover, int] = {}
        self._begins: list[int] = []
        self._untils: list[int] = []
        self._families: list[str | None] = []
        self._owners: list[int] = []

    def opening(self, ready: int, length: int, family: str | None, owner: int) -> int:
        """Return the earliest begin at or after `ready` of an occupation of this length."""
        untils, begins = self._untils, self._begins
        gap, last = bisect_right(untils, ready), len(begins)  # gap i lies before occupation i
        if self._setups is None:
            if length == 0:
                return ready
            length += self.margin
            while gap < last and begins[gap] - ready < length:
                if untils[gap] > ready:
                    ready = untils[gap]
                gap += 1
            return ready
        while ready < NEVER:
            if gap < last and begins[gap] - ready < length:
                ready = max(ready, untils[gap])
                gap += 1
                continue
            begin = self._set_up(gap, ready, family, owner)
            if length == 0 and gap > 0 and begins[gap - 1] == begin:
                ready = begin + 1  # two occupations of no length at one instant would have no order
                continue
            in_order = length > 0 or gap == last or begin < begins[gap] or begins[gap] < untils[gap]
            if in_order and begin + length <= self._latest(gap, family):
                return begin
            if gap == last:
                break
            ready = max(ready, untils[gap])
            gap += 1
        return NEVER

    def limit(self, begin: int, family: str | None) -> int:
        """Return until when an occupation that begins at an `opening` can last at most."""
        return self._latest(bisect_right(self._untils, begin), family)

    def beyond(self, limit: int, until: int) -> int:
        """Return the begin of the first gap after `limit` in which something can last until `until`."""
        begins, untils = self._begins, self._untils
        for following in range(bisect_left(begins, limit), len(begins)):
            if following + 1 == len(begins) or begins[following + 1] - self.margin >= until:
                return untils[following]
        return NEVER

    def is_prepared(self) -> bool:
        """Return whether there is time for the setups before all occupations to come."""
        if self._setups is None:
            return True
        occupations = enumerate(zip(self._begins, self._families, self._owners, strict=True))
        return all(b <= self.now or self._set_up(gap, b, family, owner) == b for gap, (b, family, owner) in occupations)

    def gaps(self, ready: int) -> Iterator[tuple[int, int, int]]:
        """Yield number, begin and end of every gap from the one at `ready` on."""
        for gap in range(bisect_right(self._untils, ready), len(self._begins) + 1):
            begin = self._untils[gap - 1] if gap else 0
            yield gap, begin, self._begins[gap] if gap < len(self._begins) else NEVER

    def reserve(self, begin: int, until: int, family: str | None, owner: int) -> None:
        """Take the machine during ``[begin, until)``."""
        if begin == until and self._setups is None:
            return
        position = bisect_right(self._untils, begin)
        self._begins.insert(position, begin)
        self._untils.insert(position, until)
        self._families.insert(position, family)
        self._owners.insert(position, owner)

    def release(self, begin: int, until: int, owner: int) -> None:
        """Undo `reserve`."""
        if begin == until and self._setups is None:
            return
        position = bisect_left(self._begins, begin)
        while self._owners[position] != owner:
            position += 1
        del self._begins[position], self._untils[position], self._families[position], self._owners[position]

    def occupied(self) -> Iterator[tuple[int, int, int]]:
        """Yield begin, end and owner of the occupations, in order."""
        return zip(self._begins, self._untils, self._owners, strict=True)

    def _set_up(self, gap: int, ready: int, family: str | None, owner: int) -> int:
        """Return the earliest instant from `ready` in the gap at which the machine is set up for the family."""
        assert self._setups is not None
        before = self._families[gap - 1] if gap else self._setups.initial
        free_at = self._untils[gap - 1] if gap else 0
        setup = self._setups.time(before, family)
        if setup == 0:
            return max(ready, free_at)
        start = max(free_at, self.begun.get((owner, before, family), self.now), ready - setup)
        if self._downtimes is not None:
            start = self._downtimes.start(start, setup)
        return start + setup

    def _latest(self, gap: int, family: str | None) -> int:
        """Return until when the gap can be used by an operation of the family; -1 if it can't."""
        if gap == len(self._begins):
            return NEVER
        following = self._begins[gap]
        if self._setups is None:
            return following - self.margin
        setup = self._setups.time(family, self._families[gap])
        if setup > 0 and self._downtimes is not None and not self._downtimes.free(following - setup, following):
            return -1
        return following - setup - self.margin


class Profile:
    """How much of a capacity is in use or missing, as a step function of time."""

    __slots__ = ("_at", "_capacity", "_level")

    def __init__(self, capacity: int, shortages: Iterable[Shortage] = ()) -> None:
        self._capacity = capacity
        self._at = [0]  # `_level[i]` is in use during [_at[i], _at[i + 1])
        self._level = [0]
        for shortage in missing(capacity, shortages):
            self.add(shortage.start, shortage.end, shortage.count)

    @property
    def steps(self) -> list[tuple[int, int]]:
        """When the level changes, and to what."""
        return list(zip(self._at, self._level, strict=True))

    def opening(self, ready: int, length: int, amount: int) -> int:
        """Return the earliest begin at or after `ready` of a use of this length and amount."""
        if length == 0:
            return ready
        room = self._capacity - amount
        at, level = self._at, self._level
        step = bisect_right(at, ready) - 1
        begin = ready
        while step < len(at) and at[step] < begin + length:
            if level[step] > room:
                begin = at[step + 1] if step + 1 < len(at) else NEVER
            step += 1
        return begin

    def limit(self, begin: int, amount: int) -> int:
        """Return until when a use that begins at an `opening` can last at most."""
        for step in range(bisect_right(self._at, begin) - 1, len(self._at)):
            if self._level[step] > self._capacity - amount:
                return self._at[step]
        return NEVER

    def add(self, begin: int, until: int, amount: int) -> None:
        """Change the use during ``[begin, until)``; a negative amount takes back an earlier one."""
        if begin >= until:
            return
        first, last = self._split(begin), self._split(until)
        for step in range(first, last):
            self._level[step] += amount
        for step in (last, first):
            if step > 0 and self._level[step] == self._level[step - 1]:
                del self._at[step], self._level[step]

    def _split(self, instant: int) -> int:
        """Return the step that begins at the instant, which is made if there is none."""
        step = bisect_left(self._at, instant)
        if step == len(self._at) or self._at[step] != instant:
            self._at.insert(step, instant)
            self._level.insert(step, self._level[step - 1])
        return step


class SharedTimeline:
    """A machine that several parts occupy at a time; it has no setups."""

    __slots__ = ("begun", "profile")

    def __init__(self, capacity: int) -> None:
        self.begun: dict[Changeover, int] = {}
        self.profile = Profile(capacity)

    def opening(self, ready: int, length: int, family: str | None, owner: int) -> int:
        """Return the earliest begin at or after `ready` of an occupation of this length."""
        return self.profile.opening(ready, length, 1)

    def limit(self, begin: int, family: str | None) -> int:
        """Return until when an occupation that begins at an `opening` can last at most."""
        return self.profile.limit(begin, 1)

    def beyond(self, limit: int, until: int) -> int:
        """Return the begin of the first gap after `limit` in which something can last until `until`."""
        begin = self.profile.opening(limit, 1, 1)
        while begin < NEVER and (end := self.profile.limit(begin, 1)) < until:
            begin = self.profile.opening(end, 1, 1)
        return begin

    def reserve(self, begin: int, until: int, family: str | None, owner: int) -> None:
        """Take one place during ``[begin, until)``."""
        self.profile.add(begin, until, 1)

    def release(self, begin: int, until: int, owner: int) -> None:
        """Undo `reserve`."""
        self.profile.add(begin, until, -1)
