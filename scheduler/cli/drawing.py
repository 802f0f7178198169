"""``scheduler gantt``: a picture of a schedule."""

from __future__ import annotations

from pathlib import Path

import click

from scheduler.cli.options import instance_argument, picture_file, require_distinct, schedule_argument


@click.command()
@instance_argument
@schedule_argument
@click.option("-o", "output", type=picture_file, required=True, metavar="FILE", help="Picture: .png, .svg or .pdf.")
@click.option(
    "--job", "jobs", multiple=True, metavar="JOB", help="Draw the way of this job, all else pale (repeatable)."
)
def gantt(instance_path: Path, schedule_path: Path, output: Path, jobs: tuple[str, ...]) -> None:
    """Draw a schedule as a Gantt chart.

    A repaired schedule shows now, the frozen horizon and the breakdowns.
    """
    require_distinct([instance_path, schedule_path], [output])
    from scheduler.io import read
    from scheduler.io.defects import instead
    from scheduler.io.schedule_file import read_schedule

    file = read_schedule(schedule_path, read(instance_path))
    if not file.schedule.operations:
        status = f" ({file.status.value})" if file.status is not None else ""
        raise click.UsageError(f"'{schedule_path}' holds no schedule{status}: there is nothing to draw.")
    for job in jobs:
        if job not in file.instance.job_by_id:
            fix = instead(job, tuple(file.instance.job_by_id), "job")
            raise click.BadParameter(f"there is no job '{job}'; {fix}", param_hint="'--job'")
    from scheduler.plot import save_gantt
    from scheduler.terms import value_terms

    terms = value_terms(file.instance, file.schedule)
    names = file.objective.terms if file.objective is not None else ()
    shown = {name: terms[name] for name in names}
    save_gantt(output, file.instance, file.schedule, terms=shown, broken=file.broken, highlight=jobs)
    click.echo(str(output))
