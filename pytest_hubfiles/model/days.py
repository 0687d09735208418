"""Days: today's, and the last one on which something that a person accepts is accepted."""

from __future__ import annotations

import datetime as dt


def today() -> dt.date:
    """Return today's date in UTC, the same wherever a run takes place."""
    return dt.datetime.now(dt.timezone.utc).date()


def last_day(text: str) -> dt.date:
    """Return the day that somebody typed as *text*.

    Raises:
        ValueError: if it is no day, or past; it says so in words.
    """
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no date such as 2027-09-30") from None
    if day < today():
        raise ValueError(f"{day} is past")
    return day
