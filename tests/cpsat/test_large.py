"""Large models, whose presolve is kept short, are solved without what crashes on what that leaves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys

sys.path.insert(0, sys.argv[1])

from helpers import factory, machine, simple_job
from scheduler.cpsat import solve

solve.LARGE = 0
ctx = solve.build(factory(machine("M1"), simple_job("J", ("M1", 2))))
done = [ctx.model.new_fixed_size_interval_var(start, 5, "done") for start in (0, 2)]
ctx.model.add_cumulative(done, [1, 1], 2)
solver = solve.new_solver(ctx, 10.0, 2, 0)
solver.parameters.cp_model_presolve = False  # of so little even a short one would leave nothing
solver.parameters.filter_subsolvers.extend(["fj*", "ls*", "rnd_var_lns"])
solver.solve(ctx.model)
print("alive")
"""


def test_a_cumulative_of_which_nothing_is_free_ends_no_process() -> None:
    # Any local search that is left compiles the cumulative, and takes the process with it: so it has its own.
    command = [sys.executable, "-c", PROGRAM, str(Path(__file__).parents[1])]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "alive\n"), run.stderr
