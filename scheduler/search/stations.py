"""Places at the input and output stations of cells in construction.

A stay lies between two moves, and its end is known only when the second is placed. So an operation is placed with its
moves as if there were room; then the stays of its parts are looked at. Where one finds no place, the move that brings
the part may not start before a later instant, and the operation is placed again. With a limited output station, parts
stay on the machine until their next operation is placed (`scheduler.search.units`), so that no stay is left open but in
the past.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from scheduler.domain import Move, RobotCell
from scheduler.domain.derive import drop_time, pick_up_time
from scheduler.domain.happened import first_starts
from scheduler.domain.routing import Leg
from scheduler.domain.stations import Side, places_at, stops
from scheduler.search.clash import HOPELESS, Clash
from scheduler.search.downtimes import NEVER
from scheduler.search.problem import LinkData, OperationData, PlanData, Problem
from scheduler.search.timelines import SharedTimeline

if TYPE_CHECKING:
    from scheduler.search.board import Board

MAX_ATTEMPTS = 100
"""Times that an operation is placed for want of room at stations."""

Change: TypeAlias = tuple[Callable[..., Any], tuple[Any, ...]]
Way: TypeAlias = tuple[LinkData, str, str]
"""The leg of a part from place to place."""


class Stations:
    """The places of stations, and the stays there; every change is noted in the log of the board.

    Attributes
    ----------
    rooms
        By cell and side: the places of its station, where they are counted.
    carried
        The moves of each part so far.
    stays
        By the way of the move that brings a part to a station: that it has a place there.
    parked
        By the part: room and begin of a stay of the past that has not ended.
    held_back
        By the way of a move: the instant before which it must not start, while its operation is placed.
    """

    def __init__(self, problem: Problem, log: list[Change]) -> None:
        sides: tuple[Side, Side] = ("input", "output")
        counted = ((cell, side, places_at(cell, side)) for cell in problem.instance.cells for side in sides)
        self.rooms = {(cell.id, side): SharedTimeline(places) for cell, side, places in counted if places is not None}
        self.carried: dict[LinkData, tuple[Move, ...]] = {}
        self.stays: set[Way] = set()
        self.parked: dict[LinkData, tuple[SharedTimeline, int]] = {}
        self.held_back: dict[Way, int] = {}
        self._instance = problem.instance
        self._now = problem.now
        self._log = log

    def not_before(self, link: LinkData, leg: Leg) -> int:
        """Return the instant before which a move must not start."""
        return self.held_back.get((link, leg.origin, leg.destination), 0)

    def note(self, link: LinkData, moves: Sequence[Move]) -> None:
        """Note that a part has been carried further."""
        if self.rooms:
            before = self.carried.get(link, ())
            self.carried[link] = tuple(dict.fromkeys((*before, *moves)))
            self._log.append((self.carried.__setitem__, (link, before)))

    def recall(
        self, board: Board, link: LinkData, moves: Sequence[Move], entered: RobotCell | None, is_over: bool
    ) -> None:
        """Take places for the stays of the past of a part; the last is open unless it `is_over`.

        `moves` are those that it has made, by which it has come to the input station of the cell `entered`, if any.
        """
        if moves and entered is not None and entered.input_places is not None:
            self._park(link, self.rooms[entered.id, "input"], moves[-1])
        for cell, side, bringing, fetching in stops(self._instance, moves):
            if fetching or is_over:
                until = self._until(board, link, bringing, fetching)
                self._stay(link, bringing, self.rooms[cell.id, side], until)
            else:
                self._park(link, self.rooms[cell.id, side], bringing)

    def take(self, board: Board, link: LinkData) -> tuple[Way, int] | None:
        """Take places for a part whose way has been placed; or return the move that is too early, and until when."""
        if link in self.parked:
            room, begin = parked = self.parked.pop(link)
            room.release(begin, NEVER, -1)
            self._log += [(room.reserve, (begin, NEVER, None, -1)), (self.parked.__setitem__, (link, parked))]
        for cell, side, bringing, fetching in stops(self._instance, self.carried.get(link, ())):
            begin, until = self._begin(bringing), self._until(board, link, bringing, fetching)
            way = (link, bringing.origin, bringing.destination)
            if begin >= until or way in self.stays:
                continue
            room = self.rooms[cell.id, side]
            if room.opening(begin, until - begin, None, -1) != begin:
                later = room.beyond(begin, until)
                return way, bringing.start + later - begin if bringing.start >= self._now and later < NEVER else NEVER
            self._stay(link, bringing, room, until)
        return None

    def _begin(self, bringing: Move) -> int:
        return bringing.end - drop_time(self._instance, bringing)

    def _until(self, board: Board, link: LinkData, bringing: Move, fetching: Sequence[Move]) -> int:
        if fetching:
            return max(move.start + pick_up_time(self._instance, move) for move in fetching)
        if link.successor is None:
            return bringing.end
        return first_starts(self._instance).get(link.successor.key, board.start[link.successor.index])

    def _stay(self, link: LinkData, bringing: Move, room: SharedTimeline, until: int) -> None:
        begin, way = self._begin(bringing), (link, bringing.origin, bringing.destination)
        room.reserve(begin, until, None, -1)
        self.stays.add(way)
        self._log += [(room.release, (begin, until, -1)), (self.stays.remove, (way,))]

    def _park(self, link: LinkData, room: SharedTimeline, bringing: Move) -> None:
        begin = self._begin(bringing)
        room.reserve(begin, NEVER, None, -1)
        self.parked[link] = (room, begin)


def with_room(
    board: Board, plan: PlanData, operation: OperationData, place: Callable[[], Clash | None]
) -> Clash | None:
    """Place an operation, or send its parts off, by `place`: again and again until its parts find room at stations."""
    stations = board.stations
    if not stations.rooms:
        return place()
    links = [*plan.incoming[operation.index], *plan.outgoing[operation.index]]
    mark, clash = board.mark(), None
    for _ in range(MAX_ATTEMPTS):
        clash = place()
        late = None if clash is not None else _take_all(board, links)
        if late is None:
            break
        board.undo(mark)
        way, instant = late
        clash = HOPELESS
        if instant >= NEVER:
            break
        stations.held_back[way] = instant
    stations.held_back.clear()
    return clash


def _take_all(board: Board, links: Sequence[LinkData]) -> tuple[Way, int] | None:
    """Take places for all parts that are where they go to; see `Stations.take`."""
    for link in links:
        after = link.successor
        if after is None or board.mode[after.index] is not None:
            late = board.stations.take(board, link)
            if late is not None:
                return late
    return None
