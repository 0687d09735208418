"""Cassettes as vcrpy, cassetter and this package write them, read without a YAML library (0.2 of PyYAML's time).

What YAML's emitters write is a small part of YAML, in which each line can mean only one thing. What follows anything
else in a file is left to a YAML library. The time is linear for any file.
"""

from pytest_hubfiles.cassettes.by_line.reader import interactions_in

__all__ = ["interactions_in"]
