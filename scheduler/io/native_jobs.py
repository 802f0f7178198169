"""The jobs of the native instance file, from their documents and to them (rush orders in files of events too)."""

from __future__ import annotations

from typing import Any

from scheduler.domain import Job, Mode, Operation, Precedence
from scheduler.io.documents import JobDocument, OperationDocument
from scheduler.io.numbered import default_precedences
from scheduler.io.structure import unless


def job_from(document: JobDocument) -> Job:
    """Return the job of a document (the one of a rush order too)."""
    operations = tuple(operation_from(operation) for operation in document.operations)
    plans = tuple(tuple(plan) for plan in document.plans)
    if document.precedences is None:
        precedences = default_precedences(operations, plans)
    else:
        precedences = tuple(Precedence(p.predecessor, p.successor, p.min_lag, p.max_lag) for p in document.precedences)
    return Job(
        id=document.id,
        operations=operations,
        precedences=precedences,
        release_date=document.release_date,
        due_date=document.due_date,
        deadline=document.deadline,
        weight=document.weight,
        units=document.units,
        plans=plans,
        carriers=tuple(document.carriers),
        splits=document.splits,
    )


def operation_from(document: OperationDocument) -> Operation:
    """Return the operation of a document (one of a rework too)."""
    modes = tuple(
        Mode(m.machine, m.duration, m.setup_family, m.operators, m.max_dwell, m.tended) for m in document.modes
    )
    return Operation(document.id, modes, document.interruptible)


def job_document(job: Job) -> dict[str, Any]:
    """Return the JSON document of a job."""
    document: dict[str, Any] = {
        "id": job.id,
        **unless("release_date", job.release_date, 0),
        **unless("due_date", job.due_date, None),
        **unless("deadline", job.deadline, None),
        **unless("weight", job.weight, 1),
        **unless("units", job.units, 1),
        **unless("splits", job.splits, False),
        **unless("carriers", list(job.carriers), []),
        "operations": [operation_document(operation) for operation in job.operations],
    }
    if job.precedences != default_precedences(job.operations, job.plans):
        document["precedences"] = [
            {
                "predecessor": p.predecessor,
                "successor": p.successor,
                **unless("min_lag", p.min_lag, 0),
                **unless("max_lag", p.max_lag, None),
            }
            for p in job.precedences
        ]
    return document | unless("plans", [list(plan) for plan in job.plans], [])


def operation_document(operation: Operation) -> dict[str, Any]:
    """Return the JSON document of an operation."""
    modes = [
        {
            "machine": mode.machine,
            "duration": mode.duration,
            **unless("setup_family", mode.setup_family, None),
            **unless("operators", dict(mode.operators), {}),
            **unless("max_dwell", mode.max_dwell, None),
            **unless("tended", mode.tended, False),
        }
        for mode in operation.modes
    ]
    return {"id": operation.id, **unless("interruptible", operation.interruptible, False), "modes": modes}
