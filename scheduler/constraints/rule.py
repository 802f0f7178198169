"""What a rule is: one kind of constraint with its faces side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scheduler.domain import Instance, Schedule

if TYPE_CHECKING:
    from scheduler.cpsat.context import ModelContext


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule: which, where, how (a sentence with the figures), and by how many ticks or units."""

    rule: str
    where: str
    detail: str
    amount: int

    def __str__(self) -> str:
        return f"{self.rule}: {self.where}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of constraint.

    Attributes
    ----------
    name
        The word for it in violations, documentation and tests.
    applies
        Whether the instance has anything that the rule speaks of; `post` is skipped otherwise. The checker asks every
        rule, since a schedule may list what the instance has nothing of.
    violations
        Checker face: every way in which a schedule breaks the rule. Plain Python over instance and schedule; it
        shares no helper with `post`, so that each catches the other's slip.
    post
        Model face: adds the rule to a CP-SAT model through the queries of the context.
    """

    name: str
    applies: Callable[[Instance], bool]
    violations: Callable[[Instance, Schedule], Iterator[Violation]]
    post: Callable[[ModelContext], None]
