"""A plan for a shorter cycle, without jobs that stand in the way."""

from __future__ import annotations

import numpy as np

from scheduler.search.cyclic.drawing import Graph, draw
from scheduler.search.cyclic.facts import Facts, Ints, Plan, Uses
from scheduler.search.cyclic.timing import begin_with, push, retime
from scheduler.search.cyclic.using import forget_job
from scheduler.search.inner import entry


@entry
def shorten(
    facts: Facts, plan: Plan, uses: Uses, graph: Graph, cycle: int, shorter: int, ejected: Ints, seed: int
) -> int:
    """Retime a plan for a shorter cycle, without jobs that stand in the way; return how many, listed in `ejected`.

    Of each circuit that is too long a job is taken out, any.
    """
    np.random.seed(seed)
    num_ejected = 0
    while True:
        draw(facts, plan, uses, graph, cycle)
        begin_with(plan, graph)
        found = push(graph, shorter)
        if found < 0:
            retime(facts, plan, uses, graph, shorter)
            return num_ejected
        # Any job of the circuit.
        chosen, num, instant = -1, 0, found
        while True:
            owner = graph.owner[instant]
            if owner >= 0:
                num += 1
                if np.random.randint(num) == 0:
                    chosen = owner
            instant = graph.tail[graph.parent[instant]]
            if instant == found:
                break
        plan.placed[chosen] = 0
        forget_job(uses, chosen)
        ejected[num_ejected] = chosen
        num_ejected += 1
