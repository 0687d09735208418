"""What the settings may be, and what their values mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN, ApiVersion, UnknownVersionError
from pytest_hubfiles.model.policy import Kind, Severity

REPORT_FORMATS: Final = ("json", "markdown", "html", "sarif", "github")
OUTAGE: Final = "outage"
NEVER: Final = "never"
NEEDED: Final = "needed"
"""What a run fails on beside severities: on nothing, on what its tests need."""
DEVIATIONS: Final = "deviations.toml"
"""The file of the user's own deviations, beside the ini file, where no setting names another."""
FAMILIES: Final = ("allowed", "breaking", "events", "all")
"""The families of changes that a rehearsal tries."""


class RecordMode(str, Enum):
    """When requests go to the network and when they are answered from a cassette."""

    NONE = "none"
    ONCE = "once"
    NEW_EPISODES = "new_episodes"
    ALL = "all"
    REWRITE = "rewrite"
    REFRESH = "refresh"
    VERIFY = "verify"


class Sleep(str, Enum):
    """What a sleep does in a replay: it waits, or returns at once and moves the clocks on."""

    REAL = "real"
    SKIP = "skip"


class OptionError(HubfilesError):
    """A setting with a bad value; it quotes the value, names its source and lists the good ones."""

    def __init__(self, source: str, value: object, good: str) -> None:
        self.source, self.value, self.good = source, value, good
        shown = re.sub(r"://[^/\s]*@", "://…@", repr(value))  # nobody's password, nor a token in a query
        shown = re.sub(r"(://[^\s?#]*)[?#].*[^'\"]", r"\1?…", shown)
        super().__init__(f"{source}: {shown} is not possible; {good}")


class UnknownSettingError(HubfilesError):
    """An ini setting that nobody reads, though its name is like ours; ``name`` is what the ini file calls it."""

    def __init__(self, file: str, name: str, names: Iterable[str]) -> None:
        from difflib import get_close_matches

        self.file, self.name, self.names = file, name, tuple(names)
        near = get_close_matches(name, self.names, 1)
        hint = f"did you mean {near[0]}?" if near else "pytest --help lists those that are, under ini-options."
        super().__init__(f"{file} sets {name}, which is no setting; {hint}")


def nearest_first(text: str | None, names: Iterable[str]) -> list[str]:
    """Return *names*, those first that come close to *text*, if there is one."""
    from difflib import get_close_matches

    names = list(names)
    return list(dict.fromkeys([*(get_close_matches(text, names) if text else ()), *names]))


Parser = Callable[[Any], Any]


def _refuse(good: str) -> ValueError:
    return ValueError(good)


def _choice(kind: type[Enum], *extra: str) -> Parser:
    good = [*(member.value for member in kind), *extra]

    def parse(value: object) -> Any:
        if value in extra:
            return value
        try:
            return kind(value)
        except ValueError:
            raise _refuse(f"choose from {', '.join(good)}") from None

    return parse


def _version(value: object) -> str:
    try:
        return ApiVersion(value).label  # type: ignore[arg-type]  # whatever a marker holds; refused if it is no label
    except UnknownVersionError:
        raise _refuse("a version is written as in a path: v3, 2026-03 or 2026-09-beta") from None


def _url(value: object) -> str:
    if isinstance(value, str) and "://" not in value and _is_base(f"https://{value}"):
        raise _refuse(f"it lacks the scheme; give http://{value} or https://{value}")
    if not isinstance(value, str) or not _is_base(value):
        raise _refuse(f"give an http or https address without user and query, such as {CANONICAL_ORIGIN}")
    return value.rstrip("/")


def _is_base(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_place = bool(parts.hostname) and (parts.port or 0) >= 0  # to ask for a port out of range is an error
    except ValueError:
        return False
    is_plain = not (parts.query or parts.fragment or parts.username or parts.password)
    return has_place and parts.scheme in ("http", "https") and is_plain


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    words = {
        "true": True,
        "yes": True,
        "on": True,
        "1": True,
        "false": False,
        "no": False,
        "off": False,
        "0": False,
    }
    if str(value).lower() not in words:
        raise _refuse("choose from true, false")
    return words[str(value).lower()]


def _count(value: object) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,9}", str(value)):
        raise _refuse("give a whole number, 0 or more")
    return int(str(value))


def _positive(value: object) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"0*[1-9][0-9]{0,8}", str(value)):
        raise _refuse("give a whole number above 0")
    return int(str(value))


def _megabytes(value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = 0.0
    if not 0 < number < 10**6:
        raise _refuse("give a number of megabytes above 0")
    return number


def _age(value: object) -> int:
    match = re.fullmatch(r"([0-9]{1,5})([dw])", str(value))
    if match is None:
        raise _refuse("give a number of days or weeks, such as 30d or 12w")
    return int(match[1]) * {"d": 1, "w": 7}[match[2]]


def _report(value: object) -> tuple[str, str]:
    name, colon, path = str(value).partition(":")
    if name not in REPORT_FORMATS or not colon or not path:
        raise _refuse(f"give FORMAT:PATH with a format from {', '.join(REPORT_FORMATS)} and a path or - for stdout")
    return name, path


def _allowed(value: object) -> frozenset[Kind | str]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, (list, tuple, set, frozenset)):
        raise _refuse("give a list of kinds")
    parse = _choice(Kind, OUTAGE)
    return frozenset(parse(name) for name in names)


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.strip("/ "):
        raise _refuse("give the name of a cassette, without a suffix")
    return value


# Compiled when one is given, which few suites do.
_FIELD_NAME: Final = r"[A-Za-z][A-Za-z0-9_.-]{1,100}"
_HEADER_NAME: Final = r"[A-Za-z][A-Za-z0-9-]{0,100}"
_SECRET_HEADER: Final = r"(?i)auth|cookie|token|secret|signature|api-?key|hapikey"
_MOST_WAYS: Final = 1_000  # in which a pattern may try to match from one place on, before it gives up


def _scrub(value: object) -> str | re.Pattern[str]:
    """Read what to scrub: the name of a field, or a regular expression between slashes."""
    text = str(value)
    if re.fullmatch(_FIELD_NAME, text):
        return text
    if len(text) < 3 or not (text.startswith("/") and text.endswith("/")):
        raise _refuse("give the name of a field, such as portalId, or a regular expression between slashes")
    try:
        pattern = re.compile(text[1:-1])
    except (re.error, RecursionError, OverflowError) as error:
        raise _refuse(f"it is no regular expression: {error}") from None
    if pattern.match(""):
        raise _refuse("it matches the empty text, and so everywhere")
    if pattern.groups > 1:
        raise _refuse("use at most one group, which is what is scrubbed, and (?:…) for others")
    _check_bounded(pattern.pattern)
    return pattern


def _check_bounded(pattern: str) -> None:
    """Refuse a *pattern* that could search for ever: its text comes from outside, and nothing can stop the search."""
    plain = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "x", pattern, flags=re.DOTALL)
    if re.search(r"\)(?:[*+]|\{)", plain):
        raise _refuse("a group must not be repeated, for that can take for ever; repeat what is in it")
    if re.search(r"[*+]|\{[0-9]*,\}", plain):
        raise _refuse("a repetition without an end can take for ever; write {1,200} in place of +, {0,200} of *")
    ways = 1 + plain.count("|")
    for least, most in re.findall(r"\{([0-9]*),([0-9]+)\}", plain):
        ways *= max(1, int(most) - int(least or 0) + 1)
    ways *= 2 ** len(re.findall(r"[^(]\?", re.sub(r"\}\?", "}", plain)))
    if ways > _MOST_WAYS:
        raise _refuse("its repetitions can match in too many ways; write fewer of them, or smaller ends")


def _header(value: object) -> str:
    text = str(value)
    if not re.fullmatch(_HEADER_NAME, text):
        raise _refuse("give the name of a header, such as X-Request-Id")
    if re.search(_SECRET_HEADER, text):
        raise _refuse("a header of this name holds a credential, which no setting puts into a file")
    return text.lower()


def _host(value: object) -> str:
    """Read a host as ``name``, ``name:port`` or ``*.name``; an IPv6 address gets its brackets."""
    text = str(value).strip()
    if text.count(":") > 1 and not text.startswith("["):
        text = f"[{text}]"
    url = f"http://{text.removeprefix('*.')}"
    if re.search(r"[\s/?#@*\\]", url[7:]) or not _is_base(url) or text in ("*", "*."):
        raise _refuse("give the name of a host, such as files.example.com, *.example.com or 192.0.2.7:8080")
    return text.lower()


def _text(value: object) -> str:
    return str(value)


def _family(value: object) -> str:
    text = str(value)
    if text not in FAMILIES and ":" not in text:
        raise _refuse(f"choose from {', '.join(FAMILIES)}, or give two versions as OLD:NEW")
    return text


def _seconds(value: object) -> float:
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)([smh])", str(value))
    if match is None:
        raise _refuse("give a time such as 90s, 10m or 1h")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]


def _change(value: object) -> str:
    if not isinstance(value, str):
        raise _refuse("give the name of a change, or a list of names; hubfiles changes lists them")
    return value


class Option(NamedTuple):
    """What a setting may be: ``parse`` reads a value of it, ``default`` is what it is where nobody sets it.

    One whose default is a tuple may be given several times.
    """

    parse: Parser
    default: Any = None

    def read(self, source: str, value: Any) -> Any:
        """Return *value*, as *source* gives it, as the plugin uses it.

        Raises:
            OptionError: if it is not one of the good ones.
        """
        if not isinstance(self.default, tuple):
            return self._parse(source, value)
        values = value if isinstance(value, (list, tuple)) else [value]
        if not values:
            raise OptionError(source, value, "give at least one")
        return tuple(dict.fromkeys(self._parse(source, item) for item in values))

    def _parse(self, source: str, value: Any) -> Any:
        try:
            return self.parse(value)
        except ValueError as error:
            raise OptionError(source, value, str(error)) from None


OPTIONS: Final[Mapping[str, Option]] = {
    "record": Option(_choice(RecordMode), RecordMode.NONE),
    "version": Option(_version, ("2026-03",)),
    "base_url": Option(_url, CANONICAL_ORIGIN),
    "cassettes": Option(Path),
    "schemas": Option(Path, ()),
    "strict": Option(_flag, False),
    "fail_on": Option(_choice(Severity, NEEDED, NEVER), Severity.BREAKING),
    "accept": Option(_flag, False),
    "candidates": Option(_flag, False),
    "report": Option(_report, ()),
    "compare": Option(_text),
    "check": Option(_flag, False),
    "min_judged": Option(_count, 0),
    "deviations": Option(Path),
    "max_age": Option(_age),
    "max_cassette_mb": Option(_megabytes, 64.0),
    "max_identical_answers": Option(_positive, 500),
    "scrub": Option(_scrub, ()),
    "hosts": Option(_host, ()),
    "keep_headers": Option(_header, ()),
    "rehearse": Option(_family),
    "rehearse_only": Option(_text, ()),
    "rehearse_budget": Option(_seconds),
    "rehearsed": Option(Path),
    "needs": Option(Path),
    "change": Option(_change, ()),
    "sleep": Option(_choice(Sleep), Sleep.REAL),
    "cassette": Option(_name),
    "allow": Option(_allowed, frozenset()),
    "judge": Option(_flag, True),
}
