"""The places of input and output stations in the network of a draft: capacities between drops and pick-ups."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scheduler.domain import Instance, Move, OperationKey, Schedule
from scheduler.domain.derive import drop_time, pick_up_time
from scheduler.domain.happened import first_starts
from scheduler.domain.stations import counts_places, station_stays
from scheduler.rescheduling.draft import Draft
from scheduler.rescheduling.timing import Anchor, Capacity, Reason, Timing, Use


def add_stations(
    instance: Instance,
    timing: Timing,
    draft: Draft,
    node_of: Mapping[OperationKey, int],
    pick_up_of: Callable[[Move], int],
    drop_of: Callable[[Move], int],
    waiting: frozenset[Move],
) -> None:
    """Let parts wait for places at stations, in the order of their nominal drops.

    Parameters
    ----------
    pick_up_of, drop_of
        The nodes with which a move begins and ends.
    waiting
        Moves under way that may wait in front of their destination: what they have picked up is gone.
    """
    if not counts_places(instance):
        return
    nominal = Schedule(draft.operations, draft.moves)
    lost = {key: timing.add_fixed(at, at) for key, at in first_starts(instance).items()}
    uses: dict[tuple[str, str], list[Use]] = {}
    for stay in station_stays(instance, nominal):
        drop = drop_of(stay.bringing)
        begin: Anchor = (drop, "end", -drop_time(instance, stay.bringing))
        untils: list[Anchor] = []
        for move in stay.fetching:
            node = timing.add_fixed(move.start, move.start) if move in waiting else pick_up_of(move)
            untils.append((node, "start", pick_up_time(instance, move)))
        key = (stay.bringing.job or "", stay.bringing.successor or "")
        if not untils and key in node_of:
            untils.append((lost.get(key, node_of[key]), "start", 0))
        uses.setdefault((stay.cell, stay.side), []).append(Use(begin, untils or [(drop, "end", 0)]))
    for cell in instance.cells:
        for side, station, places in (
            ("input", cell.input_station, cell.input_places),
            ("output", cell.output_station, cell.output_places),
        ):
            if places is not None:
                timing.limit(Capacity(places, uses.get((cell.id, side), []), Reason("station", station)))
