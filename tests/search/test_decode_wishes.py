"""The factory search decides who carries, and on which trip, where what is there first is not the best."""

from __future__ import annotations

import numpy as np
from helpers import distances, factory, job, machine, mode, op
from random_networks import Features, random_network
from test_decode import decoded, searched
from test_decode_lanes import TRUCK, shop

import scheduler
from scheduler import Status
from scheduler.domain import Fleet, Instance, Objective, Precedence, Vehicle
from scheduler.search.decode import layout
from scheduler.search.decode.carry import wish_number
from scheduler.search.decode.goal import set_goal
from scheduler.search.decode.imitation import imitations
from scheduler.search.decode.latest import guess_latest
from scheduler.search.decode.layout import MAX_LEGS, NEVER
from scheduler.search.decode.lower import lower
from scheduler.search.decode.memory import Memory
from scheduler.search.decode.solution import to_schedule
from scheduler.terms import value_terms

MAKESPAN = Objective.parse("makespan")


def test_a_job_waits_for_another_to_share_its_trip() -> None:
    """J1 could go at 1, J2 at 5. One trip less is one that J1 waits for: it departs at 5, and all is done at 9."""
    instance = shop((1, 1), (5, 1), lanes=(TRUCK,))
    terms = value_terms(instance, searched(instance, "transfer_count > makespan", iterations=2_000))
    assert (terms["transfer_count"], terms["makespan"]) == (1, 9)
    # Where nobody asks for few trips, nobody waits.
    terms = value_terms(instance, searched(instance, "flow_time", iterations=2_000))
    assert terms["transfer_count"] == 2


def branches() -> Instance:
    """A part goes from S to N, which is near, and one to M, which is far; a fast vehicle and a slow one are at S."""
    travel = distances("S N M", 2)
    travel["S"]["M"] = travel["M"]["S"] = travel["N"]["M"] = travel["M"]["N"] = 20
    fast, slow = Vehicle("fast", "S", speed=200), Vehicle("slow", "S")
    part = job(
        "J",
        op("a", mode("S", 1)),
        op("b", mode("N", 1)),
        op("c", mode("M", 1)),
        links=(Precedence("a", "b"), Precedence("a", "c")),
    )
    return factory(machine("S"), machine("N"), machine("M"), Fleet("V", "F", (fast, slow), travel), part)


def test_the_fast_vehicle_takes_the_long_way() -> None:
    """The part for N is placed first, and the fast one would bring it there at 2; then it could leave for M at 3."""
    instance = branches()
    found = searched(instance, "makespan", iterations=2_000)
    assert found.makespan == 12
    assert {m.mover for m in found.moves if m.destination == "M"} == {"fast"}
    proved = scheduler.solve(instance, time_limit=10, workers=1)
    assert proved.status is Status.OPTIMAL
    assert proved.terms["makespan"] == 12


def test_wishes_are_for_one_way() -> None:
    """A wish is heard where the carrier can go that way; one for another way is as good as none."""
    instance = branches()
    latest = guess_latest(instance)
    lowered, goal = lower(instance, latest), set_goal(instance, MAKESPAN, latest)
    assert lowered is not None
    assert goal is not None
    memory = Memory(lowered, goal)
    soonest = searched(instance, "flow_time", iterations=200)
    solution = next(imitations(lowered, soonest))
    slow = lowered.movers.index("slow")
    number = next(n for n, link in enumerate(lowered.links) if link.ends == ("a", "b"))
    wish = lowered.data[layout.FIRST_WANTED] + MAX_LEGS * number
    spots = [lowered.spot("slow", place) for place in ("S", "N", "M")]
    carried = {}
    for name, places in (("this", (0, 1)), ("other", (0, 2))):
        solution.choice[wish] = wish_number(slow, *(spots[place] for place in places))
        assert memory.decode(solution) < NEVER
        moves = to_schedule(lowered, memory.state).moves
        carried[name] = next(m.mover for m in moves if m.job and m.destination == "N")
    assert carried == {"this": "slow", "other": "fast"}


def test_a_schedule_of_others_is_imitated() -> None:
    """One of the solutions comes nearly as early as the schedule, and the best of all never later than the first."""
    ratios = []
    for seed in range(30):
        instance = random_network(seed, Features(cells=1))
        found = decoded(instance, MAKESPAN, seed)
        if found is None:
            continue
        latest = guess_latest(instance)
        lowered, goal = lower(instance, latest), set_goal(instance, MAKESPAN, latest)
        assert lowered is not None
        assert goal is not None
        memory = Memory(lowered, goal)
        values = [memory.decode(solution) for solution in imitations(lowered, found[0])]
        assert len(values) >= 1
        assert min(values) < NEVER
        ratios.append(min(values) / found[1])
    assert len(ratios) >= 20
    assert np.mean(ratios) < 1.05
