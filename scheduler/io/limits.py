"""How much of everything an instance may hold: far above any factory, far below what breaks a 64-bit sum."""

from __future__ import annotations

from typing import Final

MAX_TICK: Final = 2**40
"""Largest single time in an instance."""
MAX_COUNT: Final = 1_000_000
"""Largest capacity, weight, number of units or operators."""
MAX_VEHICLES: Final = 1_000
"""Most vehicles of one lane."""
MAX_SPEED: Final = 10_000
"""Highest speed of a robot or vehicle, in percent of the usual one."""
MAX_MACHINES: Final = 100_000
MAX_JOBS: Final = 1_000_000
MAX_REPETITIONS: Final = 100
"""Most copies of a part set in one schedule."""
MAX_OPERATIONS: Final = 1_000_000
MAX_MODES: Final = 10_000_000
"""Most modes of all operations together."""
MAX_PLACES: Final = 1_000
"""Most places of one robot cell."""
MAX_SHIFTS: Final = 10_000_000
"""Most shifts of one resource within the longest time a schedule may take."""
MAX_DEPARTURES: Final = 100_000
"""Most departures of a timetable until it repeats together with the calendar of its lane."""
MAX_LOADS: Final = 100
"""Most loads of a job on a lane."""
MAX_WEIGHTED_TIME: Final = 2**53
"""Largest sum of weighted completion times; up to here a double holds every integer."""
MAX_CHARGE: Final = 2**56
"""Most units of charge, or parts of a tick, in the longest time a schedule may take."""
MAX_ID_LENGTH: Final = 100
MAX_DEFECTS: Final = 1_000
"""Most defects reported of one file."""
