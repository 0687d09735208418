"""TOML parsed by the standard library; on Python 3.10, which has no parser, by tomli."""

import datetime as dt
import sys
from contextlib import suppress

if sys.version_info >= (3, 11):
    from tomllib import loads
else:
    from tomli import loads

__all__ = ["last_day", "loads", "tables"]


def tables(text: str, name: str) -> list[object]:
    """Return the ``[[name]]`` tables of *text*, which may hold nothing else.

    Raises:
        ValueError: if it is not TOML, or holds something else; it says so.
    """
    try:
        document = loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not TOML: {error}") from None
    entries = document.get(name, [])
    unknown = sorted(set(document) - {name})
    if unknown or not isinstance(entries, list):
        raise ValueError(f"it holds {', '.join(unknown) or 'one table'}; entries are [[{name}]] tables")
    return entries


def last_day(value: object) -> dt.date:
    """Return the date that an entry gives as ``until``.

    Raises:
        ValueError: if it is none; it says so.
    """
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):  # a datetime cannot be compared with a date
        return value
    if isinstance(value, str):
        with suppress(ValueError):
            return dt.date.fromisoformat(value)
    raise ValueError(f"until must be a date such as 2027-09-30, not {str(value)!r}")
