"""Judges exchanges by their contracts, by the order of task states, and by known deviations."""
