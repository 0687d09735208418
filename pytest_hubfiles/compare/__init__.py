"""Compares recordings: their statuses and shapes, two sides, two versions."""
