"""The compiled search for whole factories: orders of units, decoded into schedules that keep every rule."""
