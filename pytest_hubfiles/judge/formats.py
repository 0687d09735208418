"""Whether texts have the formats that jsonschema leaves unchecked, or checks loosely."""

from __future__ import annotations

import calendar
import datetime as dt
import ipaddress
import re
from typing import Final

from rfc3339_validator import validate_rfc3339

_LEAP: Final = re.compile(r"(.*T[0-9]{2}:[0-9]{2}):60(.*)", re.DOTALL)


def is_date_time(text: str) -> bool:
    """Return whether *text* is a date-time of RFC 3339; a leap second ends a month, in UTC."""
    text = text.upper()
    if not text.isascii() or text.endswith("\n"):
        return False
    leap = _LEAP.fullmatch(text)
    if leap is None:
        return bool(validate_rfc3339(text))
    before = f"{leap[1]}:59{leap[2]}"
    if not validate_rfc3339(before):
        return False
    try:
        moment = dt.datetime.fromisoformat(f"{before[:19]}{re.sub('Z$', '+00:00', before[19:].lstrip('.0123456789'))}")
        moment = moment.astimezone(dt.timezone.utc)
    except (OverflowError, ValueError):
        return False
    ends = calendar.monthrange(moment.year, moment.month)[1]
    return (moment.day, moment.hour, moment.minute) == (ends, 23, 59)


def is_time(text: str) -> bool:
    """Return whether *text* is a full-time of RFC 3339; a leap second is the last of a day, in UTC."""
    # In UTC this is the last day of a month, or the day before or after it, whatever the offset is.
    return any(is_date_time(f"{day}T{text}") for day in ("1998-12-31", "1998-12-30", "1999-01-01"))


# RFC 5321, 4.1.2: a dot-string or a quoted string, then a domain or an address in brackets.
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAILBOX: Final = re.compile(
    rf"(?P<local>{_ATOM}(?:\.{_ATOM})*|\"(?:[ !#-\[\]-~]|\\[ -~])*\")@"
    rf"(?:(?P<domain>{_LABEL}(?:\.{_LABEL})*)|\[(?P<literal>[!-Z^-~]+)\])"
)


def is_email(text: str) -> bool:
    """Return whether *text* is a mailbox of RFC 5321, which format ``email`` stands for."""
    if len(text) > 320:  # characters: 64, an @, 255
        return False
    match = _MAILBOX.fullmatch(text)
    if match is None or len(match["local"]) > 64 or len(match["domain"] or "") > 255:
        return False
    return match["literal"] is None or _is_address(match["literal"])


def _is_address(literal: str) -> bool:
    try:
        if literal[:5].upper() == "IPV6:":
            return "%" not in literal and bool(ipaddress.IPv6Address(literal[5:]))
        return bool(ipaddress.IPv4Address(literal))
    except ValueError:
        return False
