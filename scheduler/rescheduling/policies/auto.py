"""Auto: the cascade of the others inside the deadline."""

from __future__ import annotations

from scheduler.rescheduling.case import Case
from scheduler.rescheduling.policies.match_up import find_match_up
from scheduler.rescheduling.policies.reoptimise import is_small, search, walks
from scheduler.rescheduling.policies.reroute import reroute_affected
from scheduler.rescheduling.safety_net import offer_shift

REROUTE_SHARE = 0.2
MATCH_UP_SHARE = 0.2
"""Shares of the time left that reroute and match-up have."""


def automatic(case: Case) -> None:
    """Absorb what moves nothing and leaves no room; otherwise right shift, reroute, match-up and reoptimise in turn.

    Each step begins with the best schedule so far and offers better ones as it finds them. Where CP-SAT soon has all of
    a small factory in hand, parts of it would only take its time.
    """
    if not case.frees and not case.why_not_absorbed() and case.shift.schedule is not None:
        case.offer(case.shift.schedule, "absorb")
        return
    if walks(case):
        # That finds sooner what reroute and match-up find, and where new jobs fit in.
        offer_shift(case, None)
    else:
        offer_shift(case)
        if not is_small(case):
            reroute_affected(case, REROUTE_SHARE * case.left)
            find_match_up(case, MATCH_UP_SHARE * case.left)
    search(case)
