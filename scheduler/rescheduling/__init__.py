"""What to do when something happens: from events and the schedule in force to a repaired schedule."""
