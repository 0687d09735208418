"""Compares recordings: their shapes, their statuses, two sides, two versions."""
