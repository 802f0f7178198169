"""The model under construction: variables by query, so that a rule reads like a sentence.

Rules (`scheduler.constraints`) ask for starts, ends, mode literals, occupations and legs; they never see an index.
Variables are made when first asked for. Every variable is registered with its value in a given schedule, so that a
schedule becomes a *complete* hint, auxiliary variables included.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import cached_property
from typing import Any, TypeAlias

from ortools.sat.python import cp_model

from scheduler.cpsat.carriers import Carriers
from scheduler.cpsat.ceilings import impossible_modes
from scheduler.cpsat.kept import Kept
from scheduler.cpsat.lengths import Lengths
from scheduler.cpsat.links import LinkVars, OptionVars, TripVars, link_variables, links_at
from scheduler.cpsat.occupations import OccupationVars, brought_at, occupation_variables, taken_at
from scheduler.cpsat.parking import Parking
from scheduler.cpsat.tending import TendingVars, tending_variables
from scheduler.cpsat.tours import Tours, alike
from scheduler.cpsat.view import ScheduleView
from scheduler.domain import Downtime, Instance, Job, OperationKey, Schedule, Stop
from scheduler.domain.cycle import cycle_time
from scheduler.domain.happened import started, taken_over
from scheduler.domain.horizon import heads, horizon, tails
from scheduler.domain.stop import Stopped

Expr: TypeAlias = Any
"""A CP-SAT variable or linear expression (or an int)."""
Literal: TypeAlias = Any
"""A CP-SAT Boolean variable or its negation."""
Value: TypeAlias = Callable[..., int]
"""The value that a variable has in a schedule, called with a `ScheduleView` (loop variables are bound as defaults)."""
LOAD_SECONDS = 3.0
"""Most seconds in which lines about the load are looked for."""


class ModelContext:
    """A CP-SAT model of an instance, and the queries by which rules build it.

    Parameters
    ----------
    instance
        A valid instance.
    latest
        Latest completion of some jobs, beyond which no schedule is of interest.
    kept
        The order that a subproblem keeps of a schedule (None: nothing is kept).

    Attributes
    ----------
    has_loads
        Whether the model says that the work of each machine fits into the schedule, which follows from the rest.
    loads_bind
        Whether the load of the machines bounds the makespan more than the order of operations does.
    has_circuits
        Whether the order on some machine or carrier is a circuit.
    stop
        Once it is requested, new variables raise `Stopped`: a large model takes its time to build.
    load_seconds
        Seconds in which lines about the load are looked for.
    alike
        Fleets whose vehicles share their `tours`.
    """

    def __init__(
        self,
        instance: Instance,
        latest: Mapping[str, int] | None = None,
        kept: Kept | None = None,
        *,
        has_loads: bool = True,
    ) -> None:
        self.instance = instance
        self.taken_over = taken_over(instance)
        self.kept = kept
        self.has_loads = has_loads
        self.loads_bind = False
        self.alike = alike(instance) if kept is None else frozenset[str]()
        self.has_circuits = len(self.alike) < len(instance.group_by_id) or any(
            machine.setups is not None for machine in instance.machines
        )
        self._latest = latest or {}
        self.model = cp_model.CpModel()
        self.horizon = self.full_horizon = horizon(instance)
        if instance.jobs and all(job.id in self._latest for job in instance.jobs):
            # Idle time after the last job is of no use to machines and movers either (returning vehicles apart).
            returns = max((lane.return_time for lane in instance.lanes), default=0)
            self.horizon = min(self.horizon, max(self._latest.values()) + returns)
        self.true: Literal = self.model.new_constant(1)
        self.carriers = Carriers(self)
        self.parking = Parking(self)
        self.lengths = Lengths(self)
        self.trips: dict[str, list[TripVars]] = {}
        self.memo: dict[str, Expr] = {}
        self.loads: dict[str, list[tuple[int, Literal]]] = {}
        self.setup_arcs: list[tuple[Literal, int]] = []
        self._values: list[tuple[Any, Value, int, int]] = []
        self.stop: Stop | None = None
        self.load_seconds = LOAD_SECONDS
        self.heads = heads(instance)
        self.tails = tails(instance)
        self._starts: dict[OperationKey, Expr] = {}
        self._ends: dict[OperationKey, Expr] = {}
        self._plans: dict[str, tuple[Literal, ...]] = {}
        self._present: dict[OperationKey, Literal] = {}
        self._modes: dict[OperationKey, tuple[Literal, ...]] = {}
        self._intervals: dict[tuple[OperationKey, int], Any] = {}
        self._occupations: dict[tuple[OperationKey, int], OccupationVars] = {}
        self._blocked: dict[str, tuple[Downtime, ...]] = {}
        self._completions: dict[str, Expr] = {}

    # --- variables ---------------------------------------------------------------------------------------------------

    def new_int(self, low: int, high: int, name: str, value: Value) -> Expr:
        """Return a new integer variable; `value` tells what it is in a schedule."""
        return self._kept(self.model.new_int_var(low, high, name), value, low, high)

    def new_bool(self, name: str, value: Value) -> Literal:
        """Return a new Boolean variable; `value` tells what it is in a schedule."""
        return self._kept(self.model.new_bool_var(name), value, 0, 1)

    def _kept(self, variable: Any, value: Value, low: int, high: int) -> Any:
        if self.stop is not None and self.stop.requested:
            raise Stopped
        self._values.append((variable, value, low, high))
        return variable

    def hint(self, schedule: Schedule, stop: Stop | None = None) -> None:
        """Give the schedule to the solver as a complete hint, in place of any before; stopped, raise `Stopped`."""
        view = ScheduleView(self.instance, schedule)
        self.model.clear_hints()  # type: ignore[no-untyped-call]
        for variable, value, low, high in self._values:
            if stop is not None and stop.requested:
                raise Stopped
            self.model.add_hint(variable, min(max(value(view), low), high))

    def enforce(self, constraint: Any, *literals: Literal) -> None:
        """Make the constraint hold only if all literals are true (constantly true ones cost nothing)."""
        conditions = [literal for literal in literals if literal is not self.true]
        if conditions:
            constraint.only_enforce_if(conditions)

    def restrict(self, expression: Expr, windows: Iterable[tuple[int, int]], literal: Literal) -> None:
        """Let the expression lie in one of the closed windows if the literal is true."""
        domain = cp_model.Domain.from_intervals([list(window) for window in windows])
        self.enforce(self.model.add_linear_expression_in_domain(expression, domain), literal)

    def forbid(self, expression: Expr, windows: Iterable[tuple[int, int]], literal: Literal) -> None:
        """Keep the expression out of the closed windows if the literal is true."""
        blocked = [list(window) for window in windows if window[0] <= window[1]]
        if blocked:
            domain = cp_model.Domain.from_intervals(blocked).complement()
            self.enforce(self.model.add_linear_expression_in_domain(expression, domain), literal)

    @cached_property
    def cycle_time(self) -> Expr:
        """The cycle time of cyclic production."""
        return self.new_int(1, self.horizon, "cycle_time", lambda view: cycle_time(view.instance, view.schedule))

    # --- operations --------------------------------------------------------------------------------------------------

    def plans(self, job: Job) -> tuple[Literal, ...]:
        """Return a literal per alternative plan of the job (empty without plans)."""
        if job.id not in self._plans:
            self._plans[job.id] = tuple(
                self.new_bool(f"plan[{job.id}.{n}]", lambda view, job=job.id, n=n: view.plan(job) == n)
                for n in range(len(job.plans))
            )
        return self._plans[job.id]

    def present(self, key: OperationKey) -> Literal:
        """Return whether the operation is carried out (the constant true without alternative plans)."""
        if key not in self._present:
            job = self.instance.job_by_id[key[0]]
            sometimes = any(key[1] not in plan for plan in job.plans)
            self._present[key] = (
                self.new_bool(f"present[{_name(key)}]", lambda view, key=key: key in view.operations)
                if sometimes
                else self.true
            )
        return self._present[key]

    def modes(self, key: OperationKey) -> tuple[Literal, ...]:
        """Return a literal per mode of the operation; with a single mode it is `present`."""
        if key not in self._modes:
            operation = self.instance.operation_by_key[key]
            if len(operation.modes) == 1:
                self._modes[key] = (self.present(key),)
            else:
                self._modes[key] = tuple(
                    self.new_bool(f"mode[{_name(key)}@{mode.machine}]", lambda view, key=key, n=n: view.mode(key) == n)
                    for n, mode in enumerate(operation.modes)
                )
        return self._modes[key]

    def start(self, key: OperationKey) -> Expr:
        """Return the start of the operation."""
        if key not in self._starts:
            head = 0 if self.instance.execution is not None else self.heads[key]
            self._starts[key] = self.new_int(
                head,
                max(head, self.latest_completion(key[0]) - self.tails[key]),
                f"start[{_name(key)}]",
                lambda view, key=key, head=head: view.start(key, head),
            )
        return self._starts[key]

    def end(self, key: OperationKey) -> Expr:
        """Return the end of the operation: its start plus a constant whenever its length is one."""
        if key not in self._ends:
            operation = self.instance.operation_by_key[key]
            lengths = {self.lengths.least(key, number) for number in range(len(operation.modes))}
            lasted = self.lengths.lasted(key)
            if lasted is not None:
                self._ends[key] = self.start(key) + lasted
            elif len(lengths) == 1 and not self.lengths.varies(key):
                self._ends[key] = self.start(key) + lengths.pop()
            else:
                head = 0 if self.instance.execution is not None else self.heads[key]
                self._ends[key] = self.new_int(
                    head + min(lengths),
                    max(head + min(lengths), self.latest_completion(key[0])),
                    f"end[{_name(key)}]",
                    lambda view, key=key, head=head: view.end(key, head),
                )
        return self._ends[key]

    def has_begun(self, key: OperationKey) -> bool:
        """Return whether the operation started before `now` and its work was not lost."""
        return key in self._begun

    @cached_property
    def _begun(self) -> frozenset[OperationKey]:
        return frozenset() if self.instance.execution is None else frozenset(started(self.instance))

    def latest_completion(self, job: str) -> int:
        """Return the latest completion of the job that need be considered: horizon, deadline, or less."""
        deadline = self.instance.job_by_id[job].deadline
        latest = min(self.horizon, self._latest.get(job, self.horizon))
        return latest if deadline is None else min(deadline, latest)

    def interval(self, key: OperationKey, mode: int) -> Any:
        """Return the interval from start to end of the operation in this mode (absent in other modes)."""
        if (key, mode) not in self._intervals:
            operation = self.instance.operation_by_key[key]
            start, end, literal = self.start(key), self.end(key), self.modes(key)[mode]
            name = f"run[{_name(key)}@{operation.modes[mode].machine}]"
            self._intervals[key, mode] = self.new_interval(start, self.lengths.elapsed(key, mode), end, literal, name)
        return self._intervals[key, mode]

    @cached_property
    def tendings(self) -> Mapping[str, tuple[TendingVars, ...]]:
        """What each robot may have to tend, by robot."""
        return tending_variables(self)

    @cached_property
    def impossible(self) -> frozenset[tuple[OperationKey, int]]:
        """Modes in which a job can't be complete in time."""
        return impossible_modes(self.instance, self.heads, self.tails, self.latest_completion)

    def operations_on(self, machine: str) -> tuple[tuple[OperationKey, int], ...]:
        """Return ``(operation, possible mode)`` of everything that can be done on the machine, in file order."""
        return self._by_machine.get(machine, ())

    @cached_property
    def _by_machine(self) -> Mapping[str, tuple[tuple[OperationKey, int], ...]]:
        found: dict[str, list[tuple[OperationKey, int]]] = {}
        for key, operation in self.instance.operation_by_key.items():
            for number, mode in enumerate(operation.modes):
                if (key, number) not in self.impossible:
                    found.setdefault(mode.machine, []).append((key, number))
        return {machine: tuple(items) for machine, items in found.items()}

    def blocked(self, machine: str) -> tuple[Downtime, ...]:
        """Return the downtimes of the machine up to the horizon."""
        if machine not in self._blocked:
            self._blocked[machine] = self.instance.machine_by_id[machine].calendar.blocked(self.horizon)
        return self._blocked[machine]

    # --- parts and moves ---------------------------------------------------------------------------------------------

    @cached_property
    def links(self) -> tuple[LinkVars, ...]:
        """Every way of a part that may need moves, with the variables of its legs."""
        return link_variables(self)

    def links_of(self, job: Job) -> tuple[LinkVars, ...]:
        """Return the links of one job."""
        return self._links_by_job.get(job.id, ())

    @cached_property
    def _links_by_job(self) -> Mapping[str, tuple[LinkVars, ...]]:
        found: dict[str, list[LinkVars]] = {}
        for link in self.links:
            found.setdefault(link.job.id, []).append(link)
        return {job: tuple(links) for job, links in found.items()}

    @cached_property
    def links_into(self) -> Mapping[OperationKey, tuple[LinkVars, ...]]:
        """Links by the operation that they lead to."""
        return links_at(self.links, "successor")

    @cached_property
    def links_out_of(self) -> Mapping[OperationKey, tuple[LinkVars, ...]]:
        """Links by the operation that they come from."""
        return links_at(self.links, "predecessor")

    def occupation(self, key: OperationKey, mode: int) -> OccupationVars:
        """Return the time for which the operation in this mode takes its machine (see docs/rules.md)."""
        if (key, mode) not in self._occupations:
            self._occupations[key, mode] = occupation_variables(self, key, mode)
        return self._occupations[key, mode]

    def new_interval(self, start: Expr, size: Expr, end: Expr, literal: Literal, name: str) -> Any:
        """Return an interval that is there if the literal is true."""
        if literal is self.true:
            return self.model.new_interval_var(start, size, end, name)
        return self.model.new_optional_interval_var(start, size, end, literal, name)

    def brought(self, key: OperationKey, mode: int) -> Expr | None:
        """Return when the operation's part is put down at its machine (None: no move leads there)."""
        return brought_at(self, key, mode)

    def taken(self, key: OperationKey, mode: int) -> Expr | None:
        """Return when the operation's part has left its machine or output buffer (None: at its end)."""
        return taken_at(self, key, mode)

    def may_follow(self, resource: str, before: Hashable, after: Hashable) -> bool:
        """Return whether the order that is kept lets one directly follow the other on a machine or carrier.

        Operations go by their key, moves by theirs; None is the begin or the end.
        """
        return self.kept is None or self.kept.may_follow(resource, before, after)

    def add_trip(self, lane: str, option: OptionVars, leader: Literal, joins: Mapping[int, Literal]) -> TripVars:
        """Remember the trip variables of one more transfer over the lane, for the objective and the schedule."""
        trip = TripVars(option, leader, joins)
        self.trips.setdefault(lane, []).append(trip)
        return trip

    @cached_property
    def tours(self) -> Mapping[str, Tours]:
        """What the vehicles of each fleet do of which they are alike."""
        return {fleet.id: Tours(self, fleet) for fleet in self.instance.fleets if fleet.id in self.alike}

    def add_load(self, resource: str, time: int, literal: Literal) -> None:
        """Remember that a machine or carrier is kept for `time` ticks, by a setup or move, if the literal is true."""
        self.loads.setdefault(resource, []).append((time, literal))

    # --- completion --------------------------------------------------------------------------------------------------

    def completion(self, job: Job) -> Expr:
        """Return a variable that is at least the end of every operation and move of the job.

        Objective terms press it down to the completion itself.
        """
        if job.id not in self._completions:
            completion = self.new_int(
                0,
                self.latest_completion(job.id),
                f"completion[{job.id}]",
                lambda view, job=job.id: view.completion(job),
            )
            for end, *literals in self.last_ends(job):
                self.enforce(self.model.add(completion >= end), *literals)
            self._completions[job.id] = completion
        return self._completions[job.id]

    def last_ends(self, job: Job) -> Iterable[tuple[Any, ...]]:
        """Yield ``(end, literal ...)`` of everything that can be the last of the job."""
        not_last = {p.predecessor for p in job.precedences if p.min_lag >= 0}
        for operation in job.operations:
            if operation.id not in not_last or job.plans:
                yield (self.end((job.id, operation.id)), self.present((job.id, operation.id)))
        for link in self.links_of(job):
            if link.successor is None:
                for slot in link.slots:
                    yield (slot.end, link.active)


def _name(key: OperationKey) -> str:
    return f"{key[0]}.{key[1]}"
