"""What to do when something happens: from events and the schedule in force to a repaired schedule."""

from scheduler.rescheduling.policies import POLICIES
from scheduler.rescheduling.price import Price
from scheduler.rescheduling.repair import Repair, repair, repair_further, reported
from scheduler.rescheduling.report import Report
from scheduler.rescheduling.right_shift import right_shift

__all__ = ["POLICIES", "Price", "Repair", "Report", "repair", "repair_further", "reported", "right_shift"]
