"""How long operations take from start to end: their durations, and what pauses and slow machines make of them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from scheduler.domain import OperationKey
from scheduler.domain.happened import started

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext


class Lengths:
    """The lengths of the operations of a model."""

    def __init__(self, ctx: ModelContext) -> None:
        self._ctx = ctx
        self._instance = ctx.instance
        self._elapsed: dict[tuple[OperationKey, int], Any] = {}

    def varies(self, key: OperationKey) -> bool:
        """Return whether the time from start to end depends on the start, in some mode of the operation."""
        numbers = range(len(self._instance.operation_by_key[key].modes))
        return any(self.pauses(key, number) or self.follows_tempo(key, number) for number in numbers)

    def pauses(self, key: OperationKey, mode: int) -> bool:
        """Return whether the operation may be interrupted by a downtime of its machine in this mode."""
        chosen = self._instance.mode(key, mode)
        interruptible = self._instance.operation_by_key[key].interruptible
        return interruptible and chosen.duration > 0 and bool(self._ctx.blocked(chosen.machine))

    def follows_tempo(self, key: OperationKey, mode: int) -> bool:
        """Return whether the operation takes longer, or less, while its machine in this mode has slowdowns."""
        chosen = self._instance.mode(key, mode)
        tempo = self._instance.machine_by_id[chosen.machine].tempo
        if chosen.duration == 0 or not tempo.stretches or self.lasted(key) is not None:
            return False
        return self._ctx.has_begun(key) or not tempo.is_over(self._now)

    def least(self, key: OperationKey, mode: int) -> int:
        """Return the fewest ticks that the operation takes in this mode, whenever it starts from now on."""
        lasted, chosen = self.lasted(key), self._instance.mode(key, mode)
        if lasted is not None:
            return lasted
        return self._instance.least(chosen) if self.follows_tempo(key, mode) else chosen.duration

    def lasted(self, key: OperationKey) -> int | None:
        """Return how long the operation lasted, if it has ended on a machine that has been slow; else None."""
        return self._lasted.get(key)

    def elapsed(self, key: OperationKey, mode: int) -> Any:
        """Return the time from start to end of the operation in this mode: a constant or a variable."""
        least = self.least(key, mode)
        if self.lasted(key) is not None or not (self.pauses(key, mode) or self.follows_tempo(key, mode)):
            return least
        if (key, mode) not in self._elapsed:
            self._elapsed[key, mode] = self._ctx.new_int(
                least,
                max(least, self._ctx.horizon),
                f"elapsed[{key[0]}.{key[1]}@{self._instance.mode(key, mode).machine}]",
                lambda view: view.end(key, 0) - view.start(key, 0) if view.mode(key) == mode else least,
            )
        return self._elapsed[key, mode]

    @cached_property
    def _now(self) -> int:
        return 0 if self._instance.execution is None else self._instance.execution.now

    @cached_property
    def _lasted(self) -> dict[OperationKey, int]:
        begun = started(self._instance) if self._instance.execution is not None else {}
        slow = {machine.id for machine in self._instance.machines if machine.slowdowns}
        return {key: o.end - o.start for key, o in begun.items() if o.end <= self._now and o.machine in slow}
