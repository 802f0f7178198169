"""The policies: how the schedule of one revised instance is found. One file each.

A policy takes a `Case`, offers it schedules, and returns when it has no more to offer or the time is up. What it
offers is checked there; the best of it is the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scheduler.rescheduling.case import Case
from scheduler.rescheduling.policies.absorb import absorb
from scheduler.rescheduling.policies.auto import automatic
from scheduler.rescheduling.policies.match_up import match_up
from scheduler.rescheduling.policies.reoptimise import reoptimise
from scheduler.rescheduling.policies.reroute import reroute
from scheduler.rescheduling.policies.right_shift import keep_orders

POLICIES: Mapping[str, Callable[[Case], None]] = {
    "auto": automatic,
    "absorb": absorb,
    "right-shift": keep_orders,
    "reroute": reroute,
    "match-up": match_up,
    "reoptimise": reoptimise,
}
"""Every policy by its name on the command line."""
