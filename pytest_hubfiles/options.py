"""What users can set, where, and which setting wins."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.origin import CANONICAL_ORIGIN

if TYPE_CHECKING:
    from pytest_hubfiles.findings import Kind, Severity

REPORT_FORMATS: Final = ("json", "markdown", "html", "sarif", "github")
OUTAGE: Final = "outage"


class RecordMode(str, Enum):
    """When requests go to the network and when they are answered from a cassette."""

    NONE = "none"
    ONCE = "once"
    NEW_EPISODES = "new_episodes"
    ALL = "all"
    REWRITE = "rewrite"
    VERIFY = "verify"


class OptionError(HubfilesError):
    """A setting with a bad value; it quotes the value, names its source and lists the good ones."""

    def __init__(self, source: str, value: object, good: str) -> None:
        self.source, self.value, self.good = source, value, good
        shown = re.sub(r"://[^/\s]*@", "://…@", repr(value))  # nobody's password
        super().__init__(f"{source}: {shown} is not possible; {good}")


class MarkerError(HubfilesError):
    """A ``hubfiles`` marker with an argument that does not exist, or with two that contradict each other."""

    def __init__(self, given: str) -> None:
        self.given = given
        super().__init__(
            f"@pytest.mark.hubfiles does not take {given}; "
            f"it takes {', '.join(f'{name}=' for name in MARKER_ARGUMENTS)}"
        )


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
    from pytest_hubfiles.exchanges import ApiVersion, UnknownVersionError

    try:
        return ApiVersion(value).label  # type: ignore[arg-type]  # whatever a marker holds; refused if it is no label
    except UnknownVersionError:
        raise _refuse("a version is written as in a path: v3, 2026-03 or 2026-09-beta") from None


def _url(value: object) -> str:
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


def _severity(value: object) -> Severity | str:
    from pytest_hubfiles.findings import Severity

    parsed: Severity | str = _choice(Severity, "never")(value)
    return parsed


def _breaking() -> Severity:
    from pytest_hubfiles.findings import Severity

    return Severity.BREAKING


def _allowed(value: object) -> frozenset[Kind | str]:
    from pytest_hubfiles.findings import Kind

    names = [value] if isinstance(value, str) else value
    if not isinstance(names, (list, tuple, set, frozenset)):
        raise _refuse("give a list of kinds")
    parse = _choice(Kind, OUTAGE)
    return frozenset(parse(name) for name in names)


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.strip("/ "):
        raise _refuse("give the name of a cassette, without a suffix")
    return value


# Compiled when one is given: a run that uses nothing of this plugin need not wait for them.
_FIELD_NAME: Final = r"[A-Za-z][A-Za-z0-9_.-]{1,100}"
_HEADER_NAME: Final = r"[A-Za-z][A-Za-z0-9-]{0,100}"
_SECRET_HEADER: Final = r"(?i)auth|cookie|token|secret|signature|api-?key|hapikey"
_MOST_WAYS: Final = 1_000  # in which a pattern may try to match from one place on, before it gives up


def _scrub(value: object) -> str | re.Pattern[str]:
    """Read what is to be taken out: the name of a field, or a regular expression between slashes."""
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
        raise _refuse("use at most one group, which is what is taken out, and (?:…) for others")
    _check_bounded(pattern.pattern)
    return pattern


def _check_bounded(pattern: str) -> None:
    """Refuse a *pattern* that could take for ever: what it is held against is not ours, and nothing can stop it."""
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


def _text(value: object) -> str:
    return str(value)


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: the names it goes by on the command line, in a marker and in the ini file.

    ``default`` is what it is where nobody sets it, or what returns that: a run that uses nothing of this plugin
    is not to import what only a test that uses it needs.
    """

    name: str
    parse: Parser
    help: str = ""
    default: Any = None
    flag: str | None = None
    ini: str | None = None
    marker: tuple[str, ...] = ()
    metavar: str | None = None
    repeatable: bool = False

    @property
    def fallback(self) -> Any:
        """What the setting is where nobody sets it."""
        return self.default() if callable(self.default) else self.default

    def read(self, source: str, value: Any) -> Any:
        """Return *value*, as *source* gives it, as the plugin uses it.

        Raises:
            OptionError: if it is not one of the good ones.
        """
        if not self.repeatable:
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


def _option(
    name: str, parse: Parser, help: str, *, ini: bool = True, cli: bool = True, **more: Any
) -> Option:  # argparse's word
    flag = f"--hubfiles-{name.replace('_', '-')}" if cli else None
    return Option(name, parse, help, flag=flag, ini=f"hubfiles_{name}" if ini else None, **more)


OPTIONS: Final[Mapping[str, Option]] = {
    option.name: option
    for option in (
        _option(
            "record",
            _choice(RecordMode),
            f"when to record: {', '.join(mode.value for mode in RecordMode)}; default none",
            default=RecordMode.NONE,
            marker=("record",),
            metavar="MODE",
        ),
        _option(
            "version",
            _version,
            "run tests that use the fixture for this API version (repeatable); default 2026-03",
            default=("2026-03",),
            marker=("versions", "version"),
            metavar="V",
            repeatable=True,
        ),
        _option(
            "base_url",
            _url,
            f"where recording goes; default {CANONICAL_ORIGIN}",
            default=CANONICAL_ORIGIN,
            metavar="URL",
        ),
        _option("cassettes", Path, "cassette root; default: cassettes under rootdir", metavar="DIR"),
        _option(
            "schemas",
            Path,
            "more schemas, searched before the shipped ones (repeatable)",
            default=(),
            metavar="DIR",
            repeatable=True,
        ),
        _option(
            "strict",
            _flag,
            "documentation to the letter: no known deviation is excused",
            default=False,
            marker=("strict",),
        ),
        _option(
            "fail_on",
            _severity,
            "fail a test from this severity on: breaking, warning, info, never; default breaking",
            default=_breaking,
            metavar="LEVEL",
        ),
        _option("accept", _flag, "promote candidates in spite of findings", ini=False, default=False),
        _option(
            "report",
            _report,
            f"write a report, PATH or - for stdout (repeatable); formats: {', '.join(REPORT_FORMATS)}",
            ini=False,
            default=(),
            metavar="FORMAT:PATH",
            repeatable=True,
        ),
        _option(
            "compare",
            _text,
            "report what changes from version OLD to NEW, by their schemas and by all their cassettes",
            ini=False,
            metavar="OLD:NEW",
        ),
        _option(
            "check",
            _flag,
            "judge the cassettes under the cassette root, or under the paths given: each is collected as a test",
            ini=False,
            default=False,
        ),
        _option("min_judged", _count, "fail a run that judged fewer exchanges", default=0, metavar="N"),
        _option("deviations", Path, "a file of your own deviations", cli=False),
        _option("max_age", _age, "cassettes older than this (30d, 12w) are stale", cli=False),
        _option("max_cassette_mb", _megabytes, "refuse larger cassette files; default 64", cli=False, default=64.0),
        _option(
            "scrub",
            _scrub,
            "more to be taken out of recordings: names of fields, or regular expressions between slashes",
            cli=False,
            default=(),
            repeatable=True,
        ),
        _option(
            "keep_headers",
            _header,
            "more headers that recordings keep",
            cli=False,
            default=(),
            repeatable=True,
        ),
        Option("cassette", _name, marker=("cassette",)),
        Option("allow", _allowed, marker=("allow",), default=frozenset()),
        Option("judge", _flag, marker=("judge",), default=True),
    )
}

FLAGS: Final = frozenset({"accept", "check", "strict"})
MARKER_ARGUMENTS: Final = tuple(name for option in OPTIONS.values() for name in reversed(option.marker))


Lookup = Callable[[str], Any]


def decide(
    name: str,
    command_line: Lookup = lambda flag: None,
    markers: Sequence[Mapping[str, Any]] = (),
    ini: Lookup = lambda name: None,
) -> tuple[str, Any] | None:
    """Return who says what the setting *name* is, and what they say; None where nobody does.

    The command line decides, then the nearest marker, then the ini file. *command_line* and *ini* look a name
    up and return None (or nothing) where it is not set; *markers* are the arguments of the markers on a test,
    the nearest first.
    """
    option = OPTIONS[name]
    if option.flag is not None and (value := command_line(option.flag)) not in (None, [], False):
        return option.flag, value
    for arguments in markers:
        for argument in option.marker:
            if arguments.get(argument) is not None:
                return f"@pytest.mark.hubfiles({argument}=…)", arguments[argument]
    if option.ini is not None and (value := ini(option.ini)) not in (None, [], ""):
        return f"ini {option.ini}", value
    return None


def resolve(
    name: str,
    command_line: Lookup = lambda flag: None,
    markers: Sequence[Mapping[str, Any]] = (),
    ini: Lookup = lambda name: None,
) -> Any:
    """Return what the setting *name* is, as :func:`decide` finds it, or its default.

    Raises:
        OptionError: if the value that decides is bad.
    """
    decided = decide(name, command_line, markers, ini)
    return OPTIONS[name].fallback if decided is None else OPTIONS[name].read(*decided)


def check_marker(args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Refuse a marker with an argument that does not exist, or that sets one thing twice.

    Raises:
        MarkerError: it names the arguments that do.
    """
    if args:
        raise MarkerError(f"positional arguments such as {args[0]!r}")
    for name in kwargs:
        if name not in MARKER_ARGUMENTS:
            raise MarkerError(f"{name!r}")
    for option in OPTIONS.values():
        given = [argument for argument in option.marker if kwargs.get(argument) is not None]
        if len(given) > 1:
            raise MarkerError(f"{' and '.join(f'{argument}=' for argument in given)} together")
