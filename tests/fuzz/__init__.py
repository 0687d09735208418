"""Fuzzing led by coverage: the targets, and what runs them."""
