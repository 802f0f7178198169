"""Events of what operations need beside machines: material, operators, tools."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from scheduler.domain.events.base import Amount, Count, Event, Tick
from scheduler.domain.happened import execution_of, with_pool
from scheduler.domain.instance import Instance
from scheduler.domain.shortages import Shortage
from scheduler.errors import Defect


@dataclass(frozen=True)
class MaterialLate(Event):
    """Material comes later than planned."""

    type: ClassVar[str] = "material_late"
    material: str
    """The material."""
    until: Tick
    """Tick at which it comes."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield that the model has no materials yet."""
        yield self.missing("material", "operations need no material", "delay the jobs that wait for it")

    def change(self, instance: Instance) -> Instance:
        """Change nothing: it is refused."""
        return instance


@dataclass(frozen=True)
class MaterialShort(Event):
    """There is less of a material than planned."""

    type: ClassVar[str] = "material_short"
    material: str
    """The material."""
    quantity: Amount
    """How much of it there is."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield that the model has no materials yet."""
        yield self.missing("material", "operations need no material", "cancel the jobs that can't be made")

    def change(self, instance: Instance) -> Instance:
        """Change nothing: it is refused."""
        return instance


@dataclass(frozen=True)
class OperatorAbsent(Event):
    """Operators of a pool are away for a time."""

    type: ClassVar[str] = "operator_absent"
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = (("duration", "until"),)
    pool: str
    """The operator pool."""
    until: Tick
    """First tick at which they are there again."""
    count: Count = 1
    """How many of them are away."""

    @property
    def frees(self) -> bool:
        """Never: it takes only."""
        return False

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield an unknown pool, an empty absence, and more people than the pool has."""
        pool = instance.pool_by_id.get(self.pool)
        if pool is None:
            yield self.unknown("pool", "operator pool", self.pool, instance.pool_by_id)
        elif self.count > pool.capacity:
            cause = f"{self.count} are away of a pool of {pool.capacity}"
            yield self.defect("E603", "count", cause, f"write {pool.capacity} or less")
        yield from self.empty(instance, self.until)

    def change(self, instance: Instance) -> Instance:
        """Add a shortage of the pool; operations that run keep their people."""
        pool, now = instance.pool_by_id[self.pool], execution_of(instance).now
        absence = Shortage(now, self.until, self.count, "absent")
        return with_pool(instance, replace(pool, shortages=tuple(sorted((*pool.shortages, absence)))))


@dataclass(frozen=True)
class ToolBroken(Event):
    """A tool can't be used for a time."""

    type: ClassVar[str] = "tool_broken"
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = (("duration", "until"),)
    tool: str
    """The tool."""
    until: Tick
    """First tick at which it can be used again."""

    def contradictions(self, instance: Instance) -> Iterator[Defect]:
        """Yield that the model has no tools yet."""
        yield from self.empty(instance, self.until)
        yield self.missing("tool", "operations need no tool", "let the machines be down that need it")

    def change(self, instance: Instance) -> Instance:
        """Change nothing: it is refused."""
        return instance
