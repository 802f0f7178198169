"""The compiled tabu search for the disjunctive core and fleets: modes, precedences, setups, calendars, transports."""
