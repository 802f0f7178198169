"""The compiled tabu search for the disjunctive core: modes, precedences, setups, calendars."""
