"""The answer to a case: a policy within its time, and the least violating schedule where none keeps every limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Thread
from time import monotonic

from scheduler.domain import Stop
from scheduler.domain.happened import execution_of
from scheduler.portfolio.findings import Findings
from scheduler.rescheduling.case import Best, Case
from scheduler.rescheduling.concessions import conceded, without_lost
from scheduler.rescheduling.degrade import Degraded, degraded
from scheduler.rescheduling.lagging import least_lags, words_of_lag
from scheduler.rescheduling.policies import POLICIES
from scheduler.rescheduling.right_shift import shift
from scheduler.rescheduling.safety_net import has_new_jobs, offer_late
from scheduler.rescheduling.soaking import least_dwells, words

_PEEK = 0.05
"""Seconds between two looks at how long checks take."""
_HONEST_SHARE = 0.8
"""Part of the time after which no schedule that keeps every limit is awaited any more; the rest is for the other."""


def answer(
    case: Case,
    policy: str,
    stop: Stop,
    *,
    known: Degraded | None = None,
    on_degraded: Callable[[Degraded, str], None] | None = None,
) -> tuple[Degraded | None, str]:
    """Let a policy work on the case until the time is up; return the degraded schedule, if it comes to that, and whose.

    Where what has happened breaks limits for good, or no schedule that keeps all is found, the least violating one is
    looked for; then the policy works on the instance with these limits conceded, as far as this schedule needs it.

    Parameters
    ----------
    case
        `Case.best` is the schedule that keeps every limit, if there is one afterwards.
    policy
        A key of `POLICIES`; ``absorb`` never degrades.
    stop
        A wish to stop from outside.
    known
        A degraded schedule that is there already.
    on_degraded
        Told every better degraded schedule, with the policy whose it is.
    """
    if without_lost(case.instance) is not case.instance:
        case.is_lost = True
        late = [words(case.instance, *item) for item in least_dwells(case.instance).items()]
        late += [words_of_lag(case.instance, *item) for item in least_lags(case.instance).items()]
        reasons = ["limits are broken for good by what has happened", *late, case.shift.reason]
        case.reason = "; ".join(text for text in reasons if text)
    if not case.is_lost:
        with stop.calling(case.stop.request):
            follow(case, policy)
    if case.best is not None or policy == "absorb":
        return None, policy
    search = replace(case, stop=Stop(), best=None, valued=None, found=None, on_better=None, on_progress=None)
    with stop.calling(search.stop.request):
        least = degraded(search, is_searched=policy != "right-shift")
    found = [d for d in (known, least) if d is not None]
    if not found:
        return None, policy
    least = min(found, key=lambda d: d.excess)
    if least is not known and on_degraded is not None:
        on_degraded(least, "right-shift")
    fallen, whose = _improved(search, policy, stop, least, on_degraded)
    if fallen.broken:
        return fallen, whose
    # What was allowed to break limits keeps them all.
    case.best = Best(fallen.schedule, fallen.terms, case.ranking.value(fallen.terms), whose)
    return None, whose


def _improved(
    case: Case, policy: str, stop: Stop, least: Degraded, on_degraded: Callable[[Degraded, str], None] | None
) -> tuple[Degraded, str]:
    """Return the degraded schedule after the policy has worked on it, within what it breaks, and whose it is then."""
    if case.left <= 0:
        return least, "right-shift"
    instance = conceded(case.instance, least.schedule)
    best = Best(least.schedule, least.terms, case.objective.value(least.terms), "right-shift")
    shifted = shift(instance, execution_of(instance).baseline)
    again = replace(
        case, instance=instance, shift=shifted, stop=Stop(), best=best, valued=None, found=None, findings=Findings()
    )
    if on_degraded is not None:
        again.on_better = lambda better: on_degraded(Degraded.of(case.instance, better.schedule), better.policy)
    if again.left > 0:
        with stop.calling(again.stop.request):
            follow(again, policy)
    assert again.best is not None
    if again.best.schedule is least.schedule:
        return least, again.best.policy
    return Degraded.of(case.instance, again.best.schedule), again.best.policy


def follow(case: Case, policy: str) -> None:
    """Let a policy work on the case in a thread of its own until the time is up, Ctrl-C, or its end.

    An engine that is still busy then is left behind: it stops soon, and nothing that it finds counts any more. The time
    is up a moment before the answer is due, as the report takes its time too; sooner where no schedule is found at all.
    A right shift alone needs no thread: it is there, and has to be checked whatever the time is.
    """
    shifted = case.shift.schedule if policy == "right-shift" and case.best is None else None
    is_fitted = case.fits and has_new_jobs(case.instance)
    if shifted is not None and not is_fitted and case.offer(shifted, policy):
        case.close()
        return
    failures: list[BaseException] = []
    began_at = monotonic()

    def work() -> None:
        try:
            POLICIES[policy](case)
        except BaseException as failure:  # raised again below, in the thread of the caller
            failures.append(failure)

    thread = Thread(target=work, name=policy, daemon=True)
    thread.start()
    try:
        while thread.is_alive() and (seconds := _until(case, began_at) - monotonic()) > 0:
            thread.join(min(seconds, _PEEK))
    except KeyboardInterrupt:
        case.stop.request()
        thread.join(1.0)
    if case.best is None and policy != "absorb":
        offer_late(case)
    case.close()
    if failures:
        raise failures[0]


def _until(case: Case, began_at: float) -> float:
    """Return until when a policy is waited for."""
    if case.best is not None or case.shift.schedule is not None:
        return case.due_at
    return began_at + _HONEST_SHARE * (case.due_at - began_at)
