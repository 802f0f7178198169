"""The compiled search for cyclic production: whole parts are put anew into a timetable that repeats itself."""
