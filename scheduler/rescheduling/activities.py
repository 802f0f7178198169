"""What the nodes of a network stand for: operations, moves, trips and charges as they were planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from scheduler.domain import Charge, Move, OperationKey, ScheduledOperation

Planned: TypeAlias = ScheduledOperation | Move | Charge


@dataclass
class Activities:
    """The activity behind each node, and back.

    It knows nothing of network and timing, which both know it: so a network is gone as soon as nobody has it, and not
    when Python looks for garbage.

    Attributes
    ----------
    operation_of, charge_of
        The operation or charge of a node.
    moves_of
        The moves of a node: several where jobs share a trip. Of a carrier that holds several parts a move is two nodes,
        its pick-up, which stands here, and its drop.
    labels
        Names of nodes that are none of these.
    """

    operation_of: dict[int, ScheduledOperation] = field(default_factory=dict)
    moves_of: dict[int, tuple[Move, ...]] = field(default_factory=dict)
    charge_of: dict[int, Charge] = field(default_factory=dict)
    labels: dict[int, str] = field(default_factory=dict)
    _node_by_key: dict[OperationKey, int] = field(default_factory=dict)
    _node_by_move: dict[int, int] = field(default_factory=dict)  # by the id of a move: all live as long as the draft
    _drop_of: dict[int, int] = field(default_factory=dict)
    _pick_up_of: dict[int, int] = field(default_factory=dict)
    _node_by_charge: dict[int, int] = field(default_factory=dict)  # by the id of a charge

    @property
    def node_by_key(self) -> Mapping[OperationKey, int]:
        """The node of each operation."""
        return self._node_by_key

    def add_operation(self, node: int, operation: ScheduledOperation) -> None:
        """Let a node stand for an operation."""
        self.operation_of[node] = operation
        self._node_by_key[operation.key] = node

    def add_moves(self, node: int, moves: tuple[Move, ...], drop: int | None = None) -> None:
        """Let a node stand for moves, or for the pick-up of one whose `drop` is another node."""
        self.moves_of[node] = moves
        self._node_by_move.update((id(move), node) for move in moves)
        if drop is not None:
            self._drop_of[node], self._pick_up_of[drop] = drop, node

    def add_charge(self, node: int, charge: Charge) -> None:
        """Let a node stand for a charge."""
        self.charge_of[node] = charge
        self._node_by_charge[id(charge)] = node

    def node_of(self, move: Move) -> int:
        """Return the node of a move, of its pick-up if it has two."""
        return self._node_by_move[id(move)]

    def last(self, node: int) -> int:
        """Return the node with which an activity ends."""
        return self._drop_of.get(node, node)

    def drop(self, move: Move) -> int:
        """Return the node with which a move ends."""
        return self.last(self._node_by_move[id(move)])

    def stop_of(self, task: Planned, is_drop: bool) -> int:
        """Return the node of an operation or charge, or that with which a move begins or (``is_drop``) ends."""
        if isinstance(task, ScheduledOperation):
            return self._node_by_key[task.key]
        if isinstance(task, Charge):
            return self._node_by_charge[id(task)]
        return self.drop(task) if is_drop else self._node_by_move[id(task)]

    def planned(self) -> dict[int, Planned]:
        """Return what each node stands for, as it was planned; the drop of a move stands for the move."""
        first: dict[int, Planned] = {node: trip[0] for node, trip in self.moves_of.items()}
        drops = {drop: first[node] for drop, node in self._pick_up_of.items()}
        return {**self.operation_of, **self.charge_of, **first, **drops}

    def label(self, node: int) -> str:
        """Return what a node stands for in words."""
        if (operation := self.operation_of.get(node)) is not None:
            return f"operation {operation.operation} of job {operation.job} on {operation.machine}"
        if (charge := self.charge_of.get(node)) is not None:
            return f"the charge of {charge.vehicle} at {charge.charger}"
        if (node := self._pick_up_of.get(node, node)) not in self.moves_of:
            return self.labels.get(node, "work that was lost")
        first = self.moves_of[node][0]
        return f"the move of job {first.job} from {first.origin} to {first.destination} by {first.mover}"
