"""Constraint-based production scheduler."""
