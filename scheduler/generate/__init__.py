"""Random factory networks of any size, every one with a feasible schedule.

Why feasible: there are no deadlines and no maximum lags, so that jobs may be done one after the other, each alone in
the factory. Then no job waits for another, and each gets through alone because

* it only goes downstream, from a facility to the next, and there is a lane;
* every operation, with its setup before it, fits into the shortest shift, and every trip too;
* the vehicles of fleets have no downtimes, and go wherever jobs do;
* no operation needs more operators than its pool has, and no job is larger than a vehicle;
* the branches of an assembly lie on machines on which a finished part waits without blocking, and where no vehicle
  takes parts from an output station, there is room for both;
* stations with a maximum dwell always work, so that work begins when a robot puts the part down, and a robot is there
  again before the dwell is over.

In cyclic production sets may be made one after the other in the same way.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from scheduler.domain import Instance
from scheduler.domain.cycle import Cycle, unrolled
from scheduler.generate.jobs import draw_jobs
from scheduler.generate.plant import draw_plant
from scheduler.generate.recipe import Recipe

__all__ = ["Recipe", "generate"]


def generate(recipe: Recipe | None = None, **changes: Any) -> Instance:
    """Return a random factory network and its jobs; one tick is a minute.

    Facilities form a chain, linked by lanes; each has free machines, and robot cells with their stations in line
    from input to output, and maybe a fleet. A job visits some consecutive facilities. The same recipe gives the same
    instance on every platform.

    Parameters
    ----------
    recipe
        What to generate (default: ``Recipe()``, three facilities with 350 operations).
    changes
        Fields of the recipe to change: ``generate(jobs=10, operations=50, seed=3)``.

    Raises
    ------
    ValueError
        If the recipe has defects; the message names all of them.
    """
    recipe = replace(recipe or Recipe(), **changes)
    if defects := recipe.defects():
        raise ValueError("; ".join(defects))
    rng = np.random.default_rng(recipe.seed)
    plant = draw_plant(recipe, rng)
    instance = replace(plant, jobs=draw_jobs(recipe, plant, rng))
    return _repeated(instance, recipe.repetitions) if recipe.repetitions else instance


def _repeated(instance: Instance, repetitions: int) -> Instance:
    """Return cyclic production with these jobs as its part set."""
    jobs = tuple(replace(job, release_date=0, due_date=None) for job in instance.jobs)
    return unrolled(replace(instance, jobs=jobs, objective="cycle_time"), Cycle(repetitions))
