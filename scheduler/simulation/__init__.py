"""A virtual shop floor: what a schedule and a policy are worth when machines fail and work takes other times."""

from scheduler.simulation.floor import Replication, replicate
from scheduler.simulation.profiles import PROFILES, Profile
from scheduler.simulation.study import PolicyFigures, Study, simulate

__all__ = ["PROFILES", "PolicyFigures", "Profile", "Replication", "Study", "replicate", "simulate"]
