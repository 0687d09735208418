"""Answers the usual clients in a replay without vcrpy."""
