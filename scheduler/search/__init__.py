"""The construction heuristic: a schedule that keeps every rule, within a second."""
