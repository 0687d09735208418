"""TOML parsed by the standard library; on Python 3.10, which has no parser, by tomli."""

import sys

if sys.version_info >= (3, 11):
    from tomllib import loads
else:
    from tomli import loads

__all__ = ["loads"]
