"""The text formats, each on a file small enough to see what has to come out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain import Instance, Mode, Precedence
from scheduler.errors import FormatError, InstanceError
from scheduler.io import fjsplib, jobshop, operation_graph, prata, singer_pinedo, taillard
from scheduler.io.formats import FORMATS, read_instance
from scheduler.io.validate import defects

JOB_SHOP = """
# two jobs, three machines
2 3
0 4 1 2 2 3
1 5 0 2 2 1   # machine 1 first
"""
FLEXIBLE = "2 3 1.5\n2 2 1 4 2 5 1 3 2\n\n2 1 2 6 2 3 1 1 8\n"


def modes(instance: Instance) -> list[list[list[tuple[str, int]]]]:
    """Machine and duration, by job, operation and mode."""
    return [[[(m.machine, m.duration) for m in o.modes] for o in job.operations] for job in instance.jobs]


def refusal(read: object, text: str) -> tuple[str, str, str]:
    with pytest.raises(FormatError) as caught:
        read(text, "x.txt")  # type: ignore[operator]
    (defect,) = caught.value.defects
    return defect.code, defect.where, defect.cause


def test_job_shop() -> None:
    instance = jobshop.read(JOB_SHOP, "folder/tiny.txt")
    assert instance.name == "tiny"
    assert [machine.id for machine in instance.machines] == ["M1", "M2", "M3"]
    assert [job.id for job in instance.jobs] == ["J1", "J2"]
    assert modes(instance) == [
        [[("M1", 4)], [("M2", 2)], [("M3", 3)]],
        [[("M2", 5)], [("M1", 2)], [("M3", 1)]],
    ]
    assert instance.jobs[0].precedences == (Precedence("1", "2"), Precedence("2", "3"))
    assert jobshop.read(jobshop.write(instance), "folder/tiny.txt") == instance


def test_flexible_job_shop() -> None:
    instance = fjsplib.read(FLEXIBLE, "tiny.fjs")
    assert modes(instance) == [[[("M1", 4), ("M2", 5)], [("M3", 2)]], [[("M2", 6)], [("M3", 1), ("M1", 8)]]]
    assert fjsplib.write(instance) == "2 3 1.50\n2 2 1 4 2 5 1 3 2\n2 1 2 6 2 3 1 1 8\n"
    assert fjsplib.read(FLEXIBLE.replace("2 3 1.5", "2 3"), "tiny.fjs") == instance


def test_flexible_job_shop_with_machines_from_zero() -> None:
    # Machine 0 is there, machine 3 is not: the three machines are 0, 1 and 2.
    text = "2 3 1.5\n2 2 0 4 1 5 1 2 2\n2 1 1 6 2 2 1 0 8\n"
    assert modes(fjsplib.read(text, "tiny.fjs")) == modes(fjsplib.read(FLEXIBLE, "tiny.fjs"))
    # Both 0 and 3 are there: one of them is a mistake.
    assert refusal(fjsplib.read, text.replace("1 2 2\n", "1 3 2\n")) == (
        "E123",
        "line 2",
        "the machine of operation 1 is 0",
    )


def test_setups_between_jobs() -> None:
    text = FLEXIBLE + "0 10\n20 0\n" + "0 30\n40 0\n" + "0 0\n0 0\n"
    instance = fjsplib.read(text, "tiny.fjs")
    families = [[{m.setup_family for m in o.modes} for o in job.operations] for job in instance.jobs]
    assert families == [[{"J1"}, {"J1"}], [{"J2"}, {"J2"}]]
    setups = [machine.setups and machine.setups.times for machine in instance.machines]
    assert setups == [{"J1": {"J2": 10}, "J2": {"J1": 20}}, {"J1": {"J2": 30}, "J2": {"J1": 40}}, None]
    assert defects(instance) == ()


def test_setups_between_operations_leave_out_what_can_not_happen() -> None:
    # Machine 1 can do J1.1 and J2.2, machine 2 J1.1 and J2.1, machine 3 J1.2 and J2.2. All else, and the diagonal, is
    # filled with a huge number that must not become a setup time.
    huge = 10**6
    matrices = [[[huge] * 4 for _ in range(4)] for _ in range(3)]
    matrices[0][0][3], matrices[0][3][0] = 5, 6
    matrices[1][0][2], matrices[1][2][0] = 7, 0
    matrices[2][1][3], matrices[2][3][1] = 8, 9
    text = FLEXIBLE + "\n".join(" ".join(map(str, row)) for matrix in matrices for row in matrix)
    instance = fjsplib.read(text, "tiny.fjs")
    assert [machine.setups and machine.setups.times for machine in instance.machines] == [
        {"J1.1": {"J2.2": 5}, "J2.2": {"J1.1": 6}},
        {"J1.1": {"J2.1": 7}, "J2.1": {}},
        {"J1.2": {"J2.2": 8}, "J2.2": {"J1.2": 9}},
    ]
    assert instance.jobs[1].operations[1].modes == (Mode("M3", 1, "J2.2"), Mode("M1", 8, "J2.2"))
    assert defects(instance) == ()


def test_process_plans() -> None:
    # Operations 0, 1, 2; plans 0-2, 0-1-2 and, once more, 0-2.
    instance = fjsplib.read("1 2 1\n3 3 1 1 4 1 2 5 1 1 6\n2 0 2\n3 0 1 2\n2 0 2\n", "tiny.fjs")
    (job,) = instance.jobs
    assert job.plans == (("1", "3"), ("1", "2", "3"))
    assert job.precedences == (Precedence("1", "3"), Precedence("1", "2"), Precedence("2", "3"))
    assert defects(instance) == ()


def test_workers() -> None:
    # One job, two machines, two workers. Operation 1: machine 1 with worker 1 in 5 or worker 2 in 6; operation 2:
    # machine 1 with worker 2 in 3, or machine 2 with worker 1 in 4.
    instance = fjsplib.read("1 2 2\n2 1 1 2 1 5 2 6 2 1 1 2 3 2 1 1 4\n", "tiny.fjs")
    assert [[(m.machine, m.duration, m.operators) for m in o.modes] for o in instance.jobs[0].operations] == [
        [("M1", 5, {"W1": 1}), ("M1", 6, {"W2": 1})],
        [("M1", 3, {"W2": 1}), ("M2", 4, {"W1": 1})],
    ]
    assert [(pool.id, pool.capacity) for pool in instance.operators] == [("W1", 1), ("W2", 1)]


def test_two_blocks() -> None:
    blocks = "Times\n4 2 3\n5 2 1\nMachines\n1 2 3\n2 1 3\n"
    expected = modes(jobshop.read(JOB_SHOP, "tiny.txt"))
    assert modes(taillard.read("2 3 840612802 398197754 11 9\n" + blocks, "tiny.txt")) == expected
    headed = "Nb of jobs, Nb of Machines, Time seed, Machine seed\n2 3 840612802 398197754\n" + blocks
    assert modes(taillard.read(headed, "tiny.txt")) == expected


def test_weighted_tardiness() -> None:
    instance = singer_pinedo.read("2 3 100\n0 9 4.0 3 1 4 2 2 3 3\n5 12 1 3 2 5 1 2 3 1\n", "tiny.txt")
    assert modes(instance) == modes(jobshop.read(JOB_SHOP, "tiny.txt"))
    assert [(job.release_date, job.due_date, job.weight) for job in instance.jobs] == [(0, 9, 4), (5, 12, 1)]
    assert instance.objective == "weighted_tardiness"


def test_total_tardiness() -> None:
    # Times stand by machine: the second job has 2 on machine 1 and 5 on machine 2, which it visits first.
    text = "3\t2\nProcessing times:\n4\t2\t3\n2\t5\t1\nRoutes of jobs:\n1\t2\t3\n2\t1\t3\nDue dates:\n9\n12\n"
    instance = prata.read(text, "tiny.txt")
    assert modes(instance) == modes(jobshop.read(JOB_SHOP, "tiny.txt"))
    assert [job.due_date for job in instance.jobs] == [9, 12]
    assert instance.objective == "total_tardiness"
    assert prata.read(text.replace("2\t1\t3\nDue", "2\t1\t3\t47\t79\nDue"), "tiny.txt") == instance
    assert refusal(prata.read, text.replace("2\t1\t3\nDue", "2\t1\t2\t47\nDue"))[:2] == ("E124", "line 7")
    assert refusal(prata.read, text.replace("Due dates", "Dates")) == (
        "E125",
        "line 8",
        "the heading 'Due dates' is expected",
    )


def test_graph_of_operations() -> None:
    # Operations 0 and 2 come before 3: a job; operation 1 is a job of its own.
    instance = operation_graph.read("4 2 2\n0 3\n2 3\n1 0 5\n2 0 6 1 7\n1 1 8\n1 0 9\n", "tiny.txt")
    assert modes(instance) == [[[("M1", 5)], [("M2", 8)], [("M1", 9)]], [[("M1", 6), ("M2", 7)]]]
    assert instance.jobs[0].precedences == (Precedence("1", "3"), Precedence("2", "3"))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (JOB_SHOP, "job shop"),
        (FLEXIBLE, "FJSPLIB"),
        ("1 2 2 1.5\n1 1 1 2 1 5 2 6\n", "FJSPLIB"),
        ("2 2 9 9 9 9\nTimes\n1 2\n3 4\nMachines\n1 2\n2 1\n", "job shop in two blocks"),
        ("1 2 100\n0 9 4.0 2 1 4 2 2\n", "weighted tardiness job shop"),
        ("2 1\nProcessing times: \n1 2\nRoutes of jobs: \n1 2\nDue dates: \n5\n", "total tardiness job shop"),
        ("2 1 2\n0 1\n1 0 5\n1 1 6\n", "graph of operations"),
    ],
)
def test_the_content_decides(text: str, name: str) -> None:
    (format,) = (format for format in FORMATS if format.name == name)
    assert read_instance(text, "x.txt") == format.read(text, "x.txt")
    assert read_instance(text, "x") == format.read(text, "x")


@pytest.mark.parametrize(
    ("text", "code", "where", "cause"),
    [
        ("2 3\n0 4 1 2 2 3\n1 5 0 2 3 1\n", "E123", "line 3", "the machine of operation 3 is 3"),
        ("2 3\n0 4 1 2 2 3\n1 5 0 2 2\n", "E122", "line 3", "the line ends where the time of operation 3 is expected"),
        ("2 3\n0 4 1 2 2 3\n", "E122", "line 2", "the file ends where job 2 is expected"),
        ("1 2\n0 4 1 2\n0 5 1 3\n", "E124", "line 3", "the file should end before this line"),
        ("1 2\n0 4 1 2.5\n", "E121", "line 2", "'2.5' (the time of operation 2) is not a whole number"),
        ("1 2\n0 4 1 -2\n", "E123", "line 2", "the time of operation 2 is -2"),
        ("1 200000000\n0 4\n", "E123", "line 1", "the number of machines is 200000000"),
        ("1 2\n0 4 1 99999999999999999999999999\n", "E121", "line 2", None),
        ("1 2\n0 4 1 ５\n", "E121", "line 2", None),
    ],
)
def test_defects_of_a_job_shop(text: str, code: str, where: str, cause: str | None) -> None:
    found = refusal(jobshop.read, text)
    assert found[:2] == (code, where)
    assert cause is None or found[2] == cause


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("2 3 1.5\n2 2 1 4 2 5 1 3\n2 1 2 6 2 3 1 1 8\n", "E122", "line 2"),
        ("2 3 1.5\n2 2 1 4 2 5 1 3 2 9\n2 1 2 6 2 3 1 1 8\n", "E124", "line 2"),
        ("2 3 1.5\n2 2 1 4 2 5 1 3 2\n2 1 2 6 2 0 1 1 8\n", "E123", "line 3"),
        (FLEXIBLE + "1 2 3\n", "E124", "line 4"),
        (FLEXIBLE + "0 1\n1 0\n" * 2 + "0 1\n1\n", "E122", "line 10"),
        ("2 3 1.5 7 8\n2 2 1 4\n", "E124", "line 1"),
        ("1 2 1\n1 3 1 1 4 1 2 5 1 1 6\n2 0 3\n", "E123", "line 3"),
    ],
)
def test_defects_of_a_flexible_job_shop(text: str, code: str, where: str) -> None:
    assert refusal(fjsplib.read, text)[:2] == (code, where)


NUMBERS = st.lists(
    st.lists(st.integers(-1, 4).map(str) | st.sampled_from(["", "x", "1.5", "#"]), max_size=8), max_size=6
)


@given(NUMBERS)
def test_any_numbers_are_read_or_refused(rows: list[list[str]]) -> None:
    text = "\n".join(" ".join(row) for row in rows)
    for format in FORMATS:
        try:
            instance = format.read(text, "x")
        except (FormatError, InstanceError) as error:
            assert error.defects
        else:
            assert instance.jobs


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises((FormatError, InstanceError)) as caught:
        read_instance(text, "x")
    assert caught.value.defects
