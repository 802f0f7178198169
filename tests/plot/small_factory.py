"""One factory and schedule computed by hand; the expected values in the tests follow from the figures here.

Job X: set up the saw 0-3, cut 3-13; robot to S1 13-17; weld 17-27; the robot takes it at 28 (unloaded at 29) and puts
it down on S2 from 31 to 32; test 32-37; robot to the output 37-41 (unloaded at 38); truck 41-51 and back 51-57;
bake 51-71. Its due date is 60, so it is 11 late. Job Y only bakes, 40-60, and is due at 70.
"""

from __future__ import annotations

from dataclasses import replace

from scheduler.domain import (
    Calendar,
    Downtime,
    Facility,
    Instance,
    Job,
    Lane,
    Machine,
    Mode,
    Move,
    Operation,
    Robot,
    RobotCell,
    Schedule,
    ScheduledOperation,
    SetupMatrix,
)
from scheduler.domain.derive import complete
from scheduler.domain.jobs import chain

PLACES = ("in", "out", "S1", "S2")
CELL = RobotCell(
    id="welding",
    facility="A",
    robots=(Robot("r", "in"),),
    input_station="in",
    output_station="out",
    travel={p: {q: 0 if p == q else 2 for q in PLACES} for p in PLACES},
    load_time=1,
    unload_time=1,
)
INSTANCE = Instance(
    name="small",
    facilities=(Facility("A"), Facility("B")),
    machines=(
        Machine("oven", "B", capacity=2),
        Machine("S1", "A", cell="welding", output_buffer=0),
        Machine("S2", "A", cell="welding", input_buffer=0, output_buffer=0),
        Machine("saw", "A", setups=SetupMatrix({"red": {"blue": 3}}, initial="red")),
    ),
    jobs=(
        Job(
            "X",
            (
                Operation("cut", (Mode("saw", 10, "blue"),)),
                Operation("weld", (Mode("S1", 10),)),
                Operation("test", (Mode("S2", 5),)),
                Operation("bake", (Mode("oven", 20),)),
            ),
            chain(("cut", "weld", "test", "bake")),
            due_date=60,
        ),
        Job("Y", (Operation("bake", (Mode("oven", 20),)),), due_date=70, deadline=75),
    ),
    cells=(CELL,),
    lanes=(Lane("truck", "A", "B", 8, return_time=6, load_time=1, unload_time=1),),
)
OPERATIONS = (
    ScheduledOperation("X", "cut", 0, "saw", 3, 13),
    ScheduledOperation("X", "weld", 0, "S1", 17, 27),
    ScheduledOperation("X", "test", 0, "S2", 32, 37),
    ScheduledOperation("X", "bake", 0, "oven", 51, 71),
    ScheduledOperation("Y", "bake", 0, "oven", 40, 60),
)
MOVES = (
    Move("X", "in", "S1", "r", "robot_move", 13, 17, "cut", "weld"),
    Move("X", "S1", "S2", "r", "robot_move", 28, 32, "weld", "test"),
    Move("X", "S2", "out", "r", "robot_move", 37, 41, "test", "bake"),
    Move("X", "A", "B", "truck#1", "transfer", 41, 51, "test", "bake"),
)
SCHEDULE = complete(INSTANCE, OPERATIONS, MOVES)


def with_downtime(machine: str, *downtimes: Downtime) -> Instance:
    """Return the factory with downtimes of one machine."""
    calendar = Calendar(downtimes)
    return replace(
        INSTANCE, machines=tuple(replace(m, calendar=calendar) if m.id == machine else m for m in INSTANCE.machines)
    )


def rescheduled(instance: Instance, **times: tuple[int, int]) -> Schedule:
    """Return the schedule with other times for operations of job X, by operation id; moves stay."""
    operations = [
        replace(o, start=times[o.operation][0], end=times[o.operation][1])
        if o.job == "X" and o.operation in times
        else o
        for o in OPERATIONS
    ]
    return complete(instance, operations, MOVES)
