"""Variants of the compiled search side by side: the command `ablation`, and one run of it in its own process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

import scheduler
from benchmarks.alone import Crashed, run_module
from benchmarks.cases import Case, opened
from benchmarks.comparison import gap, seconds_to_within_1_percent
from benchmarks.options import AT_LEAST_ONE, POSITIVE, names_of, table_file
from benchmarks.records import append, rows_to_continue, write_circumstances
from scheduler.terms import TERMS


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One variant on one instance, alone with one thread; `limit` and `seconds` are wall time of the search itself."""

    set: str
    family: str
    instance: str
    objective: str
    operations: int | None
    variant: str
    settings: str
    seed: int
    limit: float
    value: int | None
    best_known_lower: float | None
    best_known_upper: float | None
    gap_to_best_known: float | None
    iterations: int | None
    seconds: float | None
    seconds_to_within_1_percent: float | None
    error: str

    @property
    def key(self) -> tuple[str, str, str, str, str, int, float]:
        """What must not be measured twice."""
        return (self.set, self.family, self.instance, self.objective, self.variant, self.seed, self.limit)


@dataclass(frozen=True)
class Plan:
    """A trial to come."""

    set: str
    case: Case
    objective: str
    variant: str
    seed: int
    limit: float

    @property
    def key(self) -> tuple[str, str, str, str, str, int, float]:
        """As that of the trial."""
        return (self.set, self.case.family, self.case.instance, self.objective, self.variant, self.seed, self.limit)


def carry_out(plan: Plan) -> Trial:
    """Run a trial in a fresh process."""
    known = plan.case.known(plan.objective)
    target = int(known.lower or 0)
    options = [f"--objective={plan.objective}", f"--seed={plan.seed}", f"--seconds={plan.limit}", f"--target={target}"]
    arguments = (plan.variant, plan.case.file.resolve(), *options)
    try:
        found = run_module("benchmarks.ablation", *arguments, time_limit=plan.limit)
    except Crashed as crash:
        found = {"error": str(crash)}
    value, history = found.get("value"), found.get("history", ())
    near = seconds_to_within_1_percent(tuple((at, better) for at, better in history), value)
    return Trial(
        set=plan.set,
        family=plan.case.family,
        instance=plan.case.instance,
        objective=plan.objective,
        operations=found.get("operations"),
        variant=plan.variant,
        settings=found.get("settings", ""),
        seed=plan.seed,
        limit=plan.limit,
        value=value,
        best_known_lower=known.lower,
        best_known_upper=known.upper,
        gap_to_best_known=gap(value, known.upper),
        iterations=found.get("iterations"),
        seconds=found.get("seconds"),
        seconds_to_within_1_percent=None if near is None else round(near, 3),
        error=found.get("error", ""),
    )


def _variants() -> list[str]:
    from benchmarks.variants import VARIANTS

    return list(VARIANTS)


@click.command("ablation")
@click.option("--set", "set_name", required=True, help="As for `run`.")
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder of the public sets.")
@click.option("--objective", type=click.Choice(list(TERMS)), help="What to minimise.  [default: as the file says]")
@click.option(
    "--variants",
    type=names_of(_variants),
    metavar="NAME,...",
    help="Names from variants.py, with commas.  [default: all]",
)
@click.option("--seconds", type=POSITIVE, default=10.0, show_default=True)
@click.option("--seeds", type=AT_LEAST_ONE, default=2, show_default=True, help="Runs of each, by seed 0, 1 ...")
@click.option("--jobs", type=AT_LEAST_ONE, default=1, show_default=True, help="Trials at once, a core each.")
@click.option("-o", "output", type=table_file, required=True, help="CSV to write or go on with.")
def ablation_command(
    set_name: str,
    data: Path,
    objective: str | None,
    variants: list[str] | None,
    seconds: float,
    seeds: int,
    jobs: int,
    output: Path,
) -> None:
    """Measure variants of the compiled search, each alone with one thread, on a set of instances.

    A trial ends early when it reaches the best known lower bound.
    """
    finished = {row.key for row in rows_to_continue(output, Trial)}
    variants = variants or _variants()
    failed = []
    with opened(set_name, data) as instances:
        goals = [(case, objective or case.objective()) for case in instances]
        plans = [
            Plan(set_name, case, goal, variant, seed, seconds)
            for seed in range(seeds)
            for case, goal in goals
            for variant in variants
        ]
        write_circumstances(output, seconds=seconds, seeds=seeds, variants=variants, jobs=jobs)
        for row in _trials([plan for plan in plans if plan.key not in finished], jobs):
            append(output, row)
            against = "-" if row.gap_to_best_known is None else f"{row.gap_to_best_known:+.2%}"
            value = row.error[:120] if row.value is None else f"{row.value:>8} {against:>8} {row.iterations:>10}"
            click.echo(f"{row.family + '/' + row.instance:32} {row.variant:20} {row.seed:>2} {value}")
            if row.error:
                failed.append(f"{row.variant} on {row.family}/{row.instance}")
    if failed:
        raise click.ClickException(f"failed: {', '.join(failed)}")


def _trials(plans: list[Plan], jobs: int) -> Iterator[Trial]:
    """Carry the plans out, so many at once; yield each trial when it is done."""
    with ThreadPoolExecutor(jobs) as executor:
        futures = [executor.submit(carry_out, plan) for plan in plans]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            executor.shutdown(cancel_futures=True)


def trial(variant: str, file: Path, objective: str, seconds: float, seed: int, target: int) -> dict[str, Any]:
    """Run a variant here; return what `Trial` needs to know."""
    from benchmarks.variants import VARIANTS
    from benchmarks.walking import walk
    from scheduler.search.tabu.arrays import why_unsupported

    instance = scheduler.load(file)
    chosen = VARIANTS[variant]
    document = {"operations": instance.num_operations, "settings": str(chosen)}
    if reason := why_unsupported(instance):
        return {**document, "error": f"the compiled search does not speak {reason}"}
    try:
        found = walk(instance, objective, chosen, seconds, seed, target)
    except ValueError as error:
        return {**document, "error": str(error)}
    measured = {name: getattr(found, name) for name in ("value", "iterations", "history")}
    return {**document, **measured, "seconds": round(found.seconds, 3)}


@click.command()
@click.argument("variant")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--objective", type=click.Choice(list(TERMS)), required=True)
@click.option("--seconds", type=float, required=True)
@click.option("--seed", type=int, required=True)
@click.option("--target", type=int, required=True)
def main(variant: str, file: Path, objective: str, seconds: float, seed: int, target: int) -> None:
    """Run one variant on one instance and print what came of it as JSON."""
    print(json.dumps(trial(variant, file, objective, seconds, seed, target)))


if __name__ == "__main__":
    main()
