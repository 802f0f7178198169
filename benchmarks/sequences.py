"""Published schedules as the order of work on each machine and vehicle, and the schedule that they mean.

A row ``M1 17 14`` is a machine with its operations, a row ``V2 T11 T7`` a vehicle with the operations that it
takes their parts to. Operations are numbered from 1, job by job, in file order. The files of Berterottiere,
Dauzere-Peres & Yugma (2024) are of this kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scheduler.domain import Instance, Move, OperationKey, Schedule, ScheduledOperation
from scheduler.domain.derive import complete
from scheduler.errors import SchedulerError


class Unplayable(SchedulerError):
    """Sequences that wait for each other, lack an operation, or use a machine that can't do it."""


@dataclass(frozen=True)
class Sequences:
    """Operations by machine and by vehicle, each numbered from 1, in their order."""

    machines: Mapping[int, tuple[int, ...]]
    vehicles: Mapping[int, tuple[int, ...]]


def read_sequences(text: str) -> Sequences:
    """Return the sequences of a file; rows that are none of a machine or vehicle are passed over."""
    found: dict[str, dict[int, tuple[int, ...]]] = {"M": {}, "V": {}}
    for words in map(str.split, text.splitlines()):
        if words and words[0][0] in found and words[0][1:].isdigit():
            found[words[0][0]][int(words[0][1:])] = tuple(int(word.removeprefix("T")) for word in words[1:])
    return Sequences(found["M"], found["V"])


def play(instance: Instance, sequences: Sequences) -> Schedule:
    """Return the schedule in which everything starts as early as the sequences allow.

    Raises
    ------
    Unplayable
        If there is none.
    """
    return _Play(instance, sequences).schedule()


class _Play:
    """Takes the next of a sequence, whichever can be timed, until none is left."""

    def __init__(self, instance: Instance, sequences: Sequences) -> None:
        (self._fleet,) = instance.fleets
        self._instance = instance
        self._keys = list(instance.operation_by_key)
        self._before = {
            (job.id, link.successor): (job.id, link.predecessor) for job in instance.jobs for link in job.precedences
        }
        self._operations: dict[OperationKey, ScheduledOperation] = {}
        self._moves: dict[OperationKey, Move] = {}
        self._machines = {f"M{number}": list(numbers) for number, numbers in sequences.machines.items()}
        self._vehicles = {f"V{number}": list(numbers) for number, numbers in sequences.vehicles.items()}
        self._carried = {self._keys[number - 1] for numbers in sequences.vehicles.values() for number in numbers}
        self._places = {key: machine for machine, order in self._machines.items() for key in self._named(order)}
        self._free = dict.fromkeys(self._machines, 0)
        self._stands = {vehicle.id: (0, vehicle.start) for vehicle in self._fleet.vehicles}

    def schedule(self) -> Schedule:
        """Return the schedule."""
        while any(self._carry()) or any(self._work()):
            pass
        if len(self._operations) < len(self._keys):
            raise Unplayable(f"{len(self._keys) - len(self._operations)} operations are waited for in vain")
        return complete(self._instance, self._operations.values(), self._moves.values())

    def _named(self, numbers: list[int]) -> Iterator[OperationKey]:
        return (self._keys[number - 1] for number in numbers)

    def _ready(self, key: OperationKey) -> tuple[int, str] | None:
        """Return when and where the part of an operation is after the operation before it, None if not yet."""
        before = self._before.get(key)
        if before is None:
            return 0, self._instance.facilities[0].station or ""
        done = self._operations.get(before)
        return None if done is None else (done.end, done.machine)

    def _carry(self) -> Iterator[bool]:
        for vehicle, order in self._vehicles.items():
            for key in list(self._named(order)):
                ready = self._ready(key)
                if ready is None:
                    break
                at, origin = ready
                free, place = self._stands[vehicle]
                there = self._places[key]
                empty = self._fleet.travel_time(place, origin) if place != origin else 0
                start = max(at, free + empty)
                end = start + self._fleet.move_time(origin, there)
                before = self._before.get(key, (key[0], None))[1]
                self._moves[key] = Move(key[0], origin, there, vehicle, "transport", start, end, before, key[1])
                self._stands[vehicle] = end, there
                order.pop(0)
                yield True

    def _work(self) -> Iterator[bool]:
        for machine, order in self._machines.items():
            for key in list(self._named(order)):
                at = self._arrived(key)
                if at is None:
                    break
                modes = self._instance.operation_by_key[key].modes
                mode = next((n for n, mode in enumerate(modes) if mode.machine == machine), None)
                if mode is None:
                    raise Unplayable(f"{machine} can't do operation {key[1]} of job {key[0]}")
                start = max(at, self._free[machine])
                self._free[machine] = start + modes[mode].duration
                self._operations[key] = ScheduledOperation(*key, mode, machine, start, self._free[machine])
                order.pop(0)
                yield True

    def _arrived(self, key: OperationKey) -> int | None:
        """Return when the part of an operation is on its machine, None if it is not timed yet."""
        if key in self._carried:
            return self._moves[key].end if key in self._moves else None
        ready = self._ready(key)
        return None if ready is None else ready[0]
