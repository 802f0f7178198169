"""What an order of identical machines and leaving out impossible modes save CP-SAT: the command `proofs`.

Flexible flow shops: jobs pass the stages in one order, and every stage has some identical machines. Work is CP-SAT's
deterministic time with one worker, the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from benchmarks.options import AT_LEAST_ONE, POSITIVE, table_file
from benchmarks.records import append, rows_to_continue, write_circumstances
from scheduler.cpsat.objective import tier_expression
from scheduler.cpsat.solve import build, new_solver
from scheduler.cpsat.symmetry import post_order
from scheduler.domain import Facility, Instance, Job, Machine, Mode, Objective, Operation, Schedule
from scheduler.domain.jobs import chain
from scheduler.search.construct import construct
from scheduler.search.tabu.engine import TabuSearch
from scheduler.search.tabu.weights import weigh

LONGEST = 20
SHAPES = ((9, 3, 3), (12, 2, 4), (12, 3, 3), (10, 3, 4), (15, 2, 3), (20, 2, 4))
"""Jobs, stages, machines of a stage."""
ITERATIONS = 100_000
"""Of the walk that finds the schedule to begin with."""
MODELS = {"plain": (False, False), "possible modes": (False, True), "order": (True, False), "both": (True, True)}
"""By name: whether identical machines have an order, and whether impossible modes are left out."""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """How CP-SAT proved the makespan of a flow shop, with one of `MODELS`; not `proved` within the most work."""

    jobs: int
    stages: int
    machines: int
    seed: int
    model: str
    start: int
    value: int | None
    proved: bool
    work: float
    most: float

    @property
    def key(self) -> tuple[int, int, int, int, str, float]:
        """What must not be measured twice."""
        return (self.jobs, self.stages, self.machines, self.seed, self.model, self.most)


def flow_shop(jobs: int, stages: int, machines: int, seed: int) -> Instance:
    """Return a flexible flow shop; an operation takes 1 to 20 ticks, on whichever machine of its stage."""
    rng = np.random.default_rng(seed)
    names = [[f"S{stage}M{number}" for number in range(machines)] for stage in range(stages)]
    made = []
    for number in range(jobs):
        operations = []
        for stage in range(stages):
            duration = int(rng.integers(1, LONGEST, endpoint=True))
            operations.append(Operation(str(stage), tuple(Mode(name, duration) for name in names[stage])))
        made.append(Job(f"J{number}", tuple(operations), chain(tuple(o.id for o in operations))))
    all_machines = tuple(Machine(name, "F") for row in names for name in row)
    return Instance(f"flow shop {jobs}x{stages}x{machines}, {seed}", (Facility("F"),), all_machines, tuple(made))


def good_schedule(instance: Instance) -> Schedule:
    """Return a schedule of the compiled search, always the same."""
    objective = Objective.parse("makespan")
    start, weights = construct(instance, objective), weigh(instance, objective)
    assert start is not None
    assert weights is not None
    search = TabuSearch(instance, weights, start, 0, lambda value: None)
    search.advance(ITERATIONS)
    return search.best() or start


def prove(instance: Instance, start: Schedule, model: str, most: float) -> tuple[int | None, bool, float]:
    """Return the makespan found, whether it is proved, and the work that took, `most` at the most."""
    has_order, knows_possible = MODELS[model]
    latest = {job.id: start.makespan for job in instance.jobs} if knows_possible else {}
    ctx = build(instance, latest)
    if has_order:
        post_order(ctx, start)
    makespan = tier_expression(ctx, Objective.parse("makespan").tiers[0], {})
    ctx.model.add(makespan <= start.makespan)
    ctx.model.minimize(makespan)
    ctx.hint(start)
    solver = new_solver(ctx, 600.0, 1, 0)
    solver.parameters.max_deterministic_time = most
    status = solver.status_name(solver.solve(ctx.model))
    found = round(solver.objective_value) if status in ("OPTIMAL", "FEASIBLE") else None
    return found, status == "OPTIMAL", solver.response_proto.deterministic_time


@click.command("proofs")
@click.option("--seeds", type=AT_LEAST_ONE, default=4, show_default=True, help="Flow shops of each shape.")
@click.option("--most", type=POSITIVE, default=20.0, show_default=True, help="Most deterministic time of a proof.")
@click.option("-o", "output", type=table_file, required=True, help="CSV to write or go on with.")
def proofs_command(seeds: int, most: float, output: Path) -> None:
    """Measure what CP-SAT needs to prove flow shops with identical machines, by what its model knows of them."""
    finished = {row.key for row in rows_to_continue(output, Proof)}
    write_circumstances(output, seeds=seeds, most=most)
    for jobs, stages, machines in SHAPES:
        for seed in range(seeds):
            instance = flow_shop(jobs, stages, machines, seed)
            start = good_schedule(instance)
            for model in MODELS:
                if (jobs, stages, machines, seed, model, most) in finished:
                    continue
                value, proved, work = prove(instance, start, model, most)
                row = Proof(
                    jobs=jobs,
                    stages=stages,
                    machines=machines,
                    seed=seed,
                    model=model,
                    start=start.makespan,
                    value=value,
                    proved=proved,
                    work=round(work, 4),
                    most=most,
                )
                append(output, row)
                words = "proved" if proved else "open"
                click.echo(f"{instance.name:24} {model:16} {value or 0:>6} {words:8} {work:8.3f}")
