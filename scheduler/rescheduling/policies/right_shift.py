"""Right shift: all assignments and orders stay, and only what must be delayed is delayed."""

from __future__ import annotations

from scheduler.rescheduling.case import Case
from scheduler.rescheduling.policies.reoptimise import search
from scheduler.rescheduling.safety_net import offer_shift


def keep_orders(case: Case) -> None:
    """Right shift, new jobs fitted into its gaps. Where no right shift exists: reoptimise."""
    if not offer_shift(case, 0.0):
        search(case)
