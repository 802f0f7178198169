"""Earliest starts when every order is given: longest paths by label correcting, over calendars and capacities.

Nodes are activities (an operation, a robot move, a trip) with a start that only ever grows. The constraints are all of
the form ``start(v) >= f(start(u))`` with `f` monotone, so the least solution is unique, and pushing starts up until
nothing is violated finds it. Backward arcs (maximum lags, blocking) make cycles; a cycle that keeps pushing itself is a
deadlock.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Literal, NamedTuple, TypeAlias

from scheduler.domain import Precedence
from scheduler.domain.calendar import Downtime, earliest_start, end_of_work
from scheduler.domain.tempo import Tempo

Blocked: TypeAlias = tuple[Downtime, ...]
Anchor: TypeAlias = tuple[int, Literal["start", "end"], int]
"""An instant ``start(node) + offset`` or ``end(node) + offset``."""

Via: TypeAlias = Literal[
    "machine", "blocking", "buffer", "station", "mover", "headway", "dock", "charger", "parking", "operators", "job", ""
]
"""What two activities share, so that one waits: ``blocking`` is a machine on which a part still stands."""


class Reason(NamedTuple):
    """Why one activity waits for another: what they share and its id (headway: the lane, docks: the facility)."""

    via: Via = ""
    id: str = ""


class Stuck(Exception):
    """Nothing satisfies all constraints; the message says where it failed."""


class TooLate(Stuck):
    """Something would start after the last tick up to which calendars are known."""


@dataclass(slots=True)
class Use:
    """A part of a capacity in use from ``begin`` until the latest of ``untils``."""

    begin: Anchor
    untils: list[Anchor]
    amount: int = 1


NOBODY = -1
"""The node of what is taken by no activity, but missing."""


class Taken(NamedTuple):
    """A use that stays where it is: by an activity that is fixed, or by `NOBODY`."""

    begin: int
    until: int
    amount: int
    node: int


@dataclass(slots=True)
class Capacity:
    """At most ``limit`` in use at any time. Each use, in this order, waits until enough of those before it ended.

    Pushing a use to the first instant at which the earlier ones leave room for it keeps the limit whatever the
    starts: of the uses active at some instant, the last in order found room for itself among the others. ``taken`` are
    uses that stay where they are, and all others give way to them.
    """

    limit: int
    uses: list[Use]
    reason: Reason
    taken: list[Taken] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Variant:
    """A length that an activity has if it starts outside ``closed``; for the whole of it nothing is ``blocked``."""

    length: int
    closed: Blocked
    blocked: Blocked


Travel: TypeAlias = tuple[tuple[int, int], ...]
"""``(tick, time)``: travel that begins at the tick or later takes no longer than that; see `domain.slowdowns`."""
_Arc: TypeAlias = tuple[int, int, Reason]
"""``(node, gap, reason)`` of what another node holds back."""
_Held: TypeAlias = tuple[int, int, int, Reason]
"""``(-until, amount, node, reason)`` of a use."""


@dataclass
class Timing:
    """Activities and what holds between them.

    ``label`` names a node in the message of `Stuck`. Nodes that are added in the order of their expected starts
    make for the fewest updates. No start grows beyond ``latest``, up to which calendars are known. ``causes`` has the
    node that pushed another last (-1: none of them), and ``reasons`` why, once they have settled.
    """

    latest: int
    label: Callable[[int], str]
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    pauses: list[Blocked | None] = field(default_factory=list)
    fixed: list[bool] = field(default_factory=list)
    causes: dict[int, int] = field(default_factory=dict)
    reasons: dict[int, Reason] = field(default_factory=dict)
    _windows: dict[int, list[tuple[Blocked, int, int]]] = field(default_factory=dict)
    _variants: dict[int, tuple[Variant, ...]] = field(default_factory=dict)
    _after_start: list[list[_Arc]] = field(default_factory=list)
    _after_end: list[list[_Arc]] = field(default_factory=list)
    _ends_after: dict[int, list[_Arc]] = field(default_factory=dict)
    _travels: dict[int, list[tuple[int, Travel, Reason]]] = field(default_factory=dict)
    _whole: dict[int, list[Blocked]] = field(default_factory=dict)
    _clear: dict[int, list[tuple[int, Blocked]]] = field(default_factory=dict)
    _tempos: dict[int, tuple[Tempo, Blocked]] = field(default_factory=dict)
    _capacities: list[Capacity] = field(default_factory=list)
    _capacities_of: dict[int, list[int]] = field(default_factory=dict)

    def add(self, start: int, length: int, pauses: Blocked | None = None) -> int:
        """Add an activity that starts at `start` or later and works `length` ticks, pausing in `pauses`."""
        return self._add(start, start + length, length, pauses, fixed=False)

    def add_fixed(self, start: int, end: int) -> int:
        """Add an activity that stays where it is."""
        return self._add(start, end, end - start, None, fixed=True)

    def _add(self, start: int, end: int, length: int, pauses: Blocked | None, fixed: bool) -> int:
        self.starts.append(start)
        self.ends.append(end)
        self.lengths.append(length)
        self.pauses.append(pauses)
        self.fixed.append(fixed)
        self._after_start.append([])
        self._after_end.append([])
        return len(self.starts) - 1

    def fix(self, node: int, start: int) -> None:
        """Keep the activity at this start; its end still follows from its length and pauses."""
        self.starts[node], self.ends[node] = start, self._end(node, start)
        self.fixed[node] = True

    def not_before(self, node: int, start: int) -> None:
        """Let the activity start at `start` or later.

        Raises
        ------
        Stuck
            If it is fixed earlier.
        """
        if start > self.starts[node]:
            if self.fixed[node]:
                raise Stuck(f"{self.label(node)} is fixed at {self.starts[node]}, but possible from {start} on")
            self.starts[node] = start

    def keep_free(self, node: int, blocked: Blocked, offset: int, length: int) -> None:
        """Demand that ``[start(node) + offset, ... + length)`` touches no blocked window."""
        if blocked and length > 0:
            self._windows.setdefault(node, []).append((blocked, offset, length))

    def keep_clear(self, first: int, last: int, blocked: Blocked) -> None:
        """Demand that ``[start(first), end(last))`` touches no blocked window; `first` moves to fulfil it."""
        if blocked and first == last:
            self._whole.setdefault(first, []).append(blocked)
        elif blocked:
            self._clear.setdefault(last, []).append((first, blocked))

    def keep_tempo(self, node: int, tempo: Tempo, blocked: Blocked) -> None:
        """Let the activity work as fast as its machine does, slow at times; it touches no blocked window or pauses."""
        self._tempos[node] = tempo, blocked

    def vary(self, node: int, variants: Sequence[Variant]) -> None:
        """Let the length of the activity depend on its start; it then starts where it ends first.

        The least such start grows with the instant from which on it is sought, and so does the end.
        """
        self._variants[node] = tuple(variants)

    def order(self, before: Anchor, after: Anchor, reason: Reason, gap: int = 0) -> None:
        """Demand ``after >= before + gap`` of two instants of different nodes; `after` moves to fulfil it."""
        (u, at, offset), (v, edge, behind) = before, after
        gap += offset - behind
        if edge == "start" or not (self.pauses[v] or v in self._tempos):
            gap -= 0 if edge == "start" else self.lengths[v]
            arcs = self._after_start if at == "start" else self._after_end
            arcs[u].append((v, gap, reason))
        elif at == "start":
            self._ends_after.setdefault(u, []).append((v, gap, reason))
        else:
            raise ValueError("an end that follows from a calendar can only be held back by a start")

    def travel(self, before: int, after: int, ahead: Travel, reason: Reason) -> None:
        """Let a carrier travel from one activity to another; it waits for faster ways if it is earlier so."""
        if len(ahead) == 1:
            self.order((before, "end", 0), (after, "start", 0), reason, ahead[0][1])
        else:
            self._travels.setdefault(before, []).append((after, ahead, reason))

    def keep_lags(
        self, before: int, after: int, precedence: Precedence, reason: Reason, *, follows: bool = False
    ) -> None:
        """Keep the lags between two operations; one that ``follows`` begins no sooner than the other ends."""
        least = max(0, precedence.min_lag) if follows else precedence.min_lag
        self.order((before, "end", 0), (after, "start", 0), reason, least)
        if precedence.max_lag is not None:
            self.order((after, "start", 0), (before, "end", 0), reason, -precedence.max_lag)

    def follow(self, before: Use, after: Use, reason: Reason, gap: int = 0) -> None:
        """Demand that one use of a machine begins `gap` after the end of the other."""
        for until in before.untils:
            if until[0] != after.begin[0]:
                self.order(until, after.begin, _reason(reason, before, until[0]), gap)

    def limit(self, capacity: Capacity) -> None:
        """Add a capacity."""
        index = len(self._capacities)
        self._capacities.append(capacity)
        for node in {anchor[0] for use in capacity.uses for anchor in (use.begin, *use.untils)}:
            self._capacities_of.setdefault(node, []).append(index)

    def instant(self, anchor: Anchor) -> int:
        """Return when an anchor is now."""
        node, at, offset = anchor
        return (self.starts if at == "start" else self.ends)[node] + offset

    def settle(self) -> None:
        """Push every start to its least value.

        Raises
        ------
        Stuck
            If a fixed activity would have to move, or activities wait for one another for ever.
        TooLate
            If an activity would end after `latest`.
        """
        most = 2 * len(self.starts) + 64
        updates = [0] * len(self.starts)
        queue = list(range(len(self.starts)))
        heapify(queue)
        waiting = [True] * len(self.starts)
        dirty = set(range(len(self._capacities)))

        def push(node: int, instant: int, cause: int, reason: Reason) -> None:
            if self.fixed[node]:
                words = self.label(cause) if cause != NOBODY else f"a shortage of {reason.via} {reason.id}"
                raise Stuck(f"{words} would delay {self.label(node)}, which stays at {self.starts[node]}")
            self.causes[node], self.reasons[node] = cause, reason
            updates[node] += 1
            if updates[node] > most:
                raise Stuck(f"{self.label(node)} and {self.label(max(cause, 0))} wait for one another for ever")
            self._place(node, instant)
            dirty.update(self._capacities_of.get(node, ()))
            if not waiting[node]:
                waiting[node] = True
                heappush(queue, node)

        for node, start in enumerate(self.starts):
            self._place(node, start)
        starts, ends, after_start, after_end = self.starts, self.ends, self._after_start, self._after_end
        while queue or dirty:
            while queue:
                node = heappop(queue)
                waiting[node] = False
                start, end = starts[node], ends[node]
                for after, gap, reason in after_start[node]:
                    if starts[after] < start + gap:
                        push(after, start + gap, node, reason)
                for after, gap, reason in after_end[node]:
                    if starts[after] < end + gap:
                        push(after, end + gap, node, reason)
                for after, gap, reason in self._ends_after.get(node, ()):
                    if ends[after] < start + gap:
                        push(after, self._start_for_end(after, start + gap), node, reason)
                for after, ahead, reason in self._travels.get(node, ()):
                    there_at = min(max(tick, end) + time for tick, time in ahead)
                    if starts[after] < there_at:
                        push(after, there_at, node, reason)
                for first, blocked in self._clear.get(node, ()):
                    free = max((down.end for down in blocked if down.start < end), default=0)
                    if starts[first] < free:
                        push(first, free, node, Reason())
            if dirty:
                self._admit(self._capacities[dirty.pop()], push)

    def _place(self, node: int, start: int) -> None:
        """Start the node at the first instant from `start` on at which all its windows are free."""
        if node in self._variants and not self.fixed[node]:
            _, start, self.lengths[node] = min(self._varied(node, start, v) for v in self._variants[node])
        windows = self._windows.get(node, ())
        start = _first_free(windows, start) if windows else start
        while (free := self._clear_from(node, start)) > start:
            start = _first_free(windows, free)
        if self.fixed[node]:
            if start > self.starts[node]:
                raise Stuck(f"{self.label(node)} is fixed at {self.starts[node]}, where a downtime is in its way")
            return
        self.starts[node], self.ends[node] = start, self._end(node, start)
        if self.ends[node] > self.latest:
            raise TooLate(f"{self.label(node)} finds no time before {self.latest}")

    def _clear_from(self, node: int, start: int) -> int:
        """Return the first start from `start` on with which the whole of a node misses every window it must."""
        if node in self._tempos:
            tempo, blocked = self._tempos[node]
            start = tempo.start(blocked, start, self.lengths[node], self.pauses[node] is not None)
        if node not in self._whole:
            return start
        end = self._end(node, start)
        return max((start, *(d.end for blocked in self._whole[node] for d in blocked if d.start < end)))

    def _varied(self, node: int, start: int, variant: Variant) -> tuple[int, int, int]:
        """Return end, start and length of the activity from the start on, in a variant."""
        own = [(variant.closed, 0, 1), (variant.blocked, 0, variant.length)]
        start = _first_free([*self._windows.get(node, ()), *own], start)
        return start + variant.length, start, variant.length

    def _end(self, node: int, start: int) -> int:
        length, pauses = self.lengths[node], self.pauses[node]
        if node in self._tempos:
            return self._tempos[node][0].end(pauses or (), start, length)
        return start + length if not pauses else end_of_work(pauses, start, length)

    def _start_for_end(self, node: int, end: int) -> int:
        """Return the smallest start with which a node that pauses, or is slow at times, ends at `end` or later."""
        low, high = self.starts[node], end
        while low < high:
            middle = (low + high) // 2
            if self._end(node, middle) >= end:
                high = middle
            else:
                low = middle + 1
        return low

    def _admit(self, capacity: Capacity, push: Callable[[int, int, int, Reason], None]) -> None:
        """Let each use wait until those before it, in order, leave room for it."""
        latest: list[_Held] = []  # the uses before: latest end first
        for use in capacity.uses:
            begin = self.instant(use.begin)
            if max(self.instant(anchor) for anchor in use.untils) <= begin:
                continue  # what takes no time takes no place
            free_at, cause, reason = self._room(capacity, use, begin, latest)
            if begin < free_at:
                push(use.begin[0], self.starts[use.begin[0]] + free_at - begin, cause, reason)
            until, node = max((self.instant(anchor), anchor[0]) for anchor in use.untils)
            insort(latest, (-until, use.amount, node, _reason(capacity.reason, use, node)))
            covered = 0
            for kept, (_, amount, _, _) in enumerate(latest, 1):
                covered += amount
                if covered >= capacity.limit:
                    del latest[kept:]
                    break

    def _room(self, capacity: Capacity, use: Use, begin: int, latest: list[_Held]) -> tuple[int, int, Reason]:
        """Return when there is room for a use from `begin` on, which node it waits for (-1: none), and why."""
        if not capacity.taken:
            room = capacity.limit - use.amount
            for until, amount, node, reason in latest:
                room -= amount
                if room < 0:
                    return -until, node, reason
            return begin, -1, Reason()
        length, cause = max(self.instant(anchor) for anchor in use.untils) - begin, NOBODY
        held = [*capacity.taken, *(Taken(begin, -until, amount, node) for until, amount, node, _ in latest)]
        while True:
            for instant in (begin, *(other.begin for other in capacity.taken if begin < other.begin < begin + length)):
                active = [other for other in held if other.begin <= instant < other.until]
                if sum(other.amount for other in active) + use.amount > capacity.limit:
                    begin, cause = min((other.until, other.node) for other in active)
                    break
            else:
                return begin, cause, capacity.reason
            if self.pauses[use.begin[0]] or use.begin[0] in self._tempos:
                return begin, cause, capacity.reason  # how long it lasts depends on where it begins


def _reason(reason: Reason, use: Use, node: int) -> Reason:
    """Return why something waits for a node with which a use ends: that of a machine, by a part that stands there."""
    return reason if reason.via != "machine" or node == use.untils[0][0] else Reason("blocking", reason.id)


def _first_free(windows: Iterable[tuple[Blocked, int, int]], start: int) -> int:
    """Return the first start from `start` on at which all windows ``(blocked, offset, length)`` are free."""
    windows, moved = tuple(windows), True
    while moved:
        moved = False
        for blocked, offset, length in windows:
            free = earliest_start(blocked, start + offset, length, False) - offset
            moved = moved or free > start
            start = max(start, free)
    return start
