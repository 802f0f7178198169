"""The command line ``scheduler``: one file for each group of commands, heavy imports inside the commands.

Exit codes: 0 a checked schedule was written or the check passed; 1 no schedule exists or the check found
violations; 2 bad input or usage, nothing was written.
"""

from __future__ import annotations

from typing import Any

import click

from scheduler.cli.checking import check, validate
from scheduler.cli.drawing import gantt
from scheduler.cli.files import convert, schema
from scheduler.cli.generating import generate
from scheduler.cli.planning import repair, solve
from scheduler.cli.running import journal, run
from scheduler.cli.simulating import simulate
from scheduler.errors import SchedulerError, UncheckedScheduleError

__all__ = ["main"]


class Refusal(click.ClickException):
    """The input can't be used."""

    exit_code = 2


class Commands(click.Group):
    """Says what the user has to mend, in this one place; mistakes of our own keep their traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands as they are used, not by the alphabet."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except UncheckedScheduleError:
            raise
        except SchedulerError as error:
            raise Refusal(str(error)) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="scheduler")
def main() -> None:
    """Plan factories with machines, robot cells and several facilities, and repair the plan when something breaks.

    INSTANCE is a file in any format that can be read: our JSON, FJSPLIB, or job shop text.
    """


for command in (solve, check, repair, run, journal, simulate, gantt, validate, convert, generate, schema):
    main.add_command(command)
