"""The route of a part from facility to facility: direct, or over a hub."""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.domain.routing import Leg
from scheduler.search.board import Board
from scheduler.search.problem import LinkData


def first_to_arrive(
    board: Board, link: LinkData, routes: Sequence[tuple[Leg, ...]], ready: int
) -> tuple[Leg, ...] | None:
    """Return the route on which a part that is `ready` then leaves the last lane first; None if there is none.

    Moves that have been made already are the first of the route.
    """
    if len(routes) < 2:
        return routes[0] if routes else None
    gone = _gone(board, link)
    done = board.part.get(link, (0, 0))[0]  # of the last, some loads may be left
    mark = board.mark()
    best: tuple[int, tuple[Leg, ...]] | None = None
    for legs in routes:
        if [(leg.origin, leg.destination) for leg in legs[: len(gone)]] != gone:
            continue
        arrived_at: int | None = ready
        last = max(number for number, leg in enumerate(legs) if leg.kind == "transfer")
        for leg in legs[done : last + 1]:
            moved = board.carry(link, leg, arrived_at) if arrived_at is not None else None
            arrived_at = None if moved is None else moved.end
        board.undo(mark)
        if arrived_at is not None and (best is None or arrived_at < best[0]):
            best = (arrived_at, legs)
    return None if best is None else best[1]


def _gone(board: Board, link: LinkData) -> list[tuple[str, str]]:
    """Return from where to where the part has been carried, in order."""
    moves = [m for m in board.moves if (m.job, m.predecessor, m.successor) == (link.job.id, *link.ends)]
    places = ((m.origin, m.destination) for m in sorted(moves, key=lambda m: (m.start, m.end)))
    return list(dict.fromkeys(places))  # once for all loads
